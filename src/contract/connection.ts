// What a connector is to the rest of the program: an open connection, with a side that gives records and one that takes
// them. In: a connection as connections.yaml names it, what opening one needs. Out: Source and Target. Must hold: no
// system's name is in here.

import type { Environment } from "../job/job.ts";
import type { Source } from "./source.ts";
import type { Target } from "./target.ts";

/** Both sides of a system. */
export interface OpenConnection {
  source: Source;
  target: Target;
}

export interface ConnectionContext {
  environment: Environment;
  /** Where runs that share an account share its pace too; without one, nothing is written. */
  stateFolder?: string;
  onRetry(text: string): void;
  /** Ends whatever the system is waited for. */
  signal: AbortSignal;
}
