// What every command is given. In: options of the program, and doors to the outside that cli.ts opens. Out: what it
// prints, and an exit code. Must hold: a command reads no argv and ends no process.

import type { ExitCode } from "../core/exit-code.ts";

export interface Globals {
  json: boolean;
  verbose: boolean;
  color: boolean;
  /** `--dir`, absolute. */
  dir?: string;
  /** `--env`. */
  env?: string;
  /** `--metrics` of this command, absolute. */
  metrics?: string;
  /** Every change of a plan is listed. */
  all?: boolean;
  /** Stdout has a plan in a form of its own, and nothing beside it. */
  isFormPrinted?: boolean;
  /** Aborted with a Failure (130 or 143) when a person or the system asks to stop. */
  signal: AbortSignal;
}

export type CommandResult = Promise<ExitCode>;
