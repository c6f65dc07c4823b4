// The one door to stdout and stderr. In: text. Out: the same, without credentials. Results go to stdout, progress, logs
// and failures to stderr. What must hold: colours and moving lines only where a person looks at a terminal; with `--log
// json` stderr has lines of JSON and nothing else, with `--quiet` failures and nothing else.

import { now } from "../core/clock.ts";
import { exitCodeOf, explain, Failure, usageFailure } from "../core/errors.ts";
import { withGivenFlags } from "../core/next-command.ts";
import { remember } from "../core/process-memory.ts";
import { redactSecrets } from "../core/secret.ts";
import type { LogEvent } from "./events.ts";
import { annotationOf, annotationsOf, isGithub } from "./github.ts";
import type { Look } from "./lines.ts";
import { visible } from "./visible-text.ts";

/** What stderr has. */
export interface Log {
  /** Lines of JSON. */
  isJson: boolean;
  /** Failures only. */
  isQuiet: boolean;
}

const log = remember<Log>(() => ({ isJson: false, isQuiet: false }));

export function chooseLog(chosen: Partial<Log>): void {
  log.value = { ...log.value, ...chosen };
}

export function chosenLog(): Readonly<Log> {
  return log.value;
}

/** Results. */
export function printOut(text: string): void {
  process.stdout.write(`${redactSecrets(text)}\n`);
}

/** A piece of a long result; done once there is room for the next. */
export async function writeOut(piece: string): Promise<void> {
  if (process.stdout.write(redactSecrets(piece))) return;
  await new Promise((resolve) => process.stdout.once("drain", resolve));
}

/** A failure in words. */
export function printError(text: string): void {
  if (log.value.isJson) printEvent({ type: "failure", message: text }, null);
  else {
    writeError(text);
    if (isGithub()) writeError(annotationOf({}, text));
  }
}

export interface FailureTold {
  /** The run that failed, if there is one. */
  run?: string | null;
  /** With the stack trace. */
  verbose?: boolean;
}

/** A failure as people read it, or as an event with its parts. */
export function printFailure(error: unknown, { run = null, verbose = false }: FailureTold = {}): void {
  const stack = verbose && error instanceof Error ? { stack: error.stack ?? error.message } : {};
  if (!log.value.isJson) {
    // Nothing of it is cut: the places, paths and commands in it are copied.
    writeError(explain(error).split("\n").map(visible).join("\n"));
    if (isGithub()) for (const annotation of annotationsOf(error)) writeError(visible(annotation));
    if (stack.stack !== undefined) writeError(stack.stack);
    return;
  }
  const code = exitCodeOf(error);
  if (!(error instanceof Failure)) {
    printEvent({ type: "failure", message: explain(error), exitCode: code, ...stack }, run);
    return;
  }
  const { message, why, where, next } = error;
  printEvent(
    {
      type: "failure",
      message,
      ...where,
      ...(why === undefined ? {} : { why }),
      ...(next === undefined ? {} : { next: withGivenFlags(next) }),
      exitCode: code,
      ...stack,
    },
    run,
  );
}

/** What somebody should know and is no failure of the command: it is not for `--quiet`. */
export function printNotice(text: string): void {
  if (log.value.isQuiet) return;
  if (log.value.isJson) printEvent({ type: "notice", message: text }, null);
  else writeError(text);
}

/** What did not come about beside a run that has ended as it was to end: a message, a file. */
export function printWarning(text: string, run: string | null = null): void {
  if (log.value.isJson) printEvent({ type: "warning", message: text }, run);
  else writeError(`warning: ${text}`);
}

/** A line of JSON. */
export function printEvent(event: LogEvent, run: string | null): void {
  writeError(JSON.stringify({ time: now().toISOString(), run, ...event }));
}

function writeError(text: string): void {
  process.stderr.write(`${redactSecrets(text)}\n`);
}

const paging = remember(() => false);

/** While a pager is open, Ctrl-C is for it. */
export function isPaging(): boolean {
  return paging.value;
}

export function setPaging(open: boolean): void {
  paging.value = open;
}

/** A stream that may be a terminal. */
export type Screen = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

const widthElsewhere = 100;
/** Below this nothing can be laid out: a narrower terminal wraps. */
const widthMin = 40;

/** Whether a person looks at stdout. */
export function isOutScreen(): boolean {
  return process.stdout.isTTY === true;
}

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

/** Whether a person can be asked: both what is shown and what is typed are of a terminal, and stderr is for people. */
export function canAsk(): boolean {
  return !log.value.isJson && process.stdin.isTTY === true && process.stderr.isTTY === true;
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
