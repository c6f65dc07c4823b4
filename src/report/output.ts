// The one door to stdout and stderr. In: text. Out: the same, without credentials. Results go to stdout, progress, logs
// and failures to stderr. What must hold: colours and moving lines only where a person looks at a terminal.

import { usageFailure } from "../core/errors.ts";
import { redactSecrets } from "../core/secret.ts";
import type { Look } from "./lines.ts";

/** Results. */
export function printOut(text: string): void {
  process.stdout.write(`${redactSecrets(text)}\n`);
}

/** Progress, logs and failures. */
export function printError(text: string): void {
  process.stderr.write(`${redactSecrets(text)}\n`);
}

/** A stream that may be a terminal. */
export type Screen = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

const widthElsewhere = 100;
/** Below this nothing can be laid out: a narrower terminal wraps. */
const widthMin = 40;

/** How to lay text out for stdout; `color` is false after --no-color. */
export function lookOfOut(color: boolean): Look {
  return lookOf(process.stdout, color);
}

/** How to lay text out for a stream. https://no-color.org: NO_COLOR counts when it is not empty. */
export function lookOf(screen: Screen, color: boolean, environment: NodeJS.ProcessEnv = process.env): Look {
  const width = Math.max(widthMin, screen.columns ?? widthElsewhere);
  return { width, color: color && canMove(screen, environment) && (environment["NO_COLOR"] ?? "") === "" };
}

/** Whether a stream is a terminal whose lines can be drawn again. */
export function canMove(screen: Screen, environment: NodeJS.ProcessEnv = process.env): boolean {
  return screen.isTTY === true && environment["TERM"] !== "dumb";
}

/** stderr itself, for the progress bars, which write to it on their own. */
export function errorScreen(): Screen {
  return process.stderr;
}

/** Whether a person can be asked: both what is shown and what is typed are of a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** One line of what a person types. Throws a Failure (2) at the end of what is typed, and what ends the command. */
export async function askPerson(question: string, signal: AbortSignal): Promise<string> {
  const { createInterface } = await import("node:readline");
  signal.throwIfAborted();
  // Left to the terminal to edit, so that Ctrl-C stays a signal.
  const lines = createInterface({ input: process.stdin, terminal: false });
  process.stderr.write(question);
  try {
    return await new Promise((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => reject(usageFailure("no answer: nothing was written")));
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  } finally {
    lines.close();
  }
}
