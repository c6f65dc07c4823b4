// Every failure that a person can meet is a Failure: what happened, where, why, and what to run next.
// Anything else that is thrown is a defect of loadline and is reported as one.

import { isAbsolute, relative } from "node:path";
import { type ExitCode, exitCode } from "./exit-code.ts";
import { quoteForShell, withGivenFlags } from "./next-command.ts";

/** Where a failure lies: a place in a job file, in a source file, or a remote id. */
export interface Place {
  file?: string;
  line?: number;
  column?: number;
  remote?: string;
}

export interface FailureDetails {
  /** Where it happened. Rendered in front of the message. */
  where?: Place;
  /** The cause, in the words of whoever reported it (vendor, operating system). */
  why?: string;
  /** What the person should run or do next. */
  next?: string;
  /** Where the message tells several things: each by itself. */
  problems?: readonly Problem[];
  cause?: unknown;
}

export interface Problem {
  where: Place;
  what: string;
}

export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly where: Place | undefined;
  readonly why: string | undefined;
  readonly next: string | undefined;
  readonly problems: readonly Problem[];

  constructor(code: ExitCode, what: string, details: FailureDetails = {}) {
    super(what, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Failure";
    this.exitCode = code;
    this.where = details.where;
    this.why = details.why;
    this.next = details.next;
    this.problems = details.problems ?? [];
  }
}

/** A run that its guards and limits stopped before anything was written. */
export class StoppedByGuard extends Failure {
  /** What they object to, a sentence each. */
  readonly stops: readonly string[];

  constructor(stops: readonly string[], details: FailureDetails) {
    super(exitCode.guard, `stopped before anything was written: ${stops.join("; ")}`, details);
    this.stops = stops;
  }
}

/** The wrong usage or job file: exit code 2. */
export function usageFailure(what: string, details?: FailureDetails): Failure {
  return new Failure(exitCode.usage, what, details);
}

export function placeOf(where: Place): string {
  if (where.remote !== undefined) return where.remote;
  const file = where.file === undefined ? undefined : showPath(where.file);
  return [file, where.line, where.column].filter((part) => part !== undefined).join(":");
}

/** A path as a person would type it: relative to the working folder where it lies inside. */
export function showPath(path: string): string {
  const short = relative(process.cwd(), path);
  return !isAbsolute(path) || short.startsWith("..") || short === "" ? path : short;
}

/** The same within a command, which can be pasted into a shell. */
export function pathInCommand(path: string): string {
  return quoteForShell(showPath(path));
}

/** A failure as the lines that a person reads. Holds no stack trace; a defect is named as such. */
export function explain(error: unknown): string {
  if (!(error instanceof Failure)) {
    const text = error instanceof Error ? error.message : String(error);
    const system = explainSystemError(text);
    if (system !== undefined) return system;
    return `internal error: ${text}\n  This is a defect of loadline. Run again with --verbose for the details to report.`;
  }
  const place = error.where === undefined ? "" : `${placeOf(error.where)}: `;
  const lines = [`${place}${error.message}`];
  if (error.why !== undefined) lines.push(`  why:  ${error.why}`);
  if (error.next !== undefined) lines.push(`  next: ${withGivenFlags(error.next)}`);
  return lines.join("\n");
}

/** Errors of the machine, in whoever's words they come (Node, DuckDB, SQLite): no defect of ours. */
const systemErrors: [RegExp, string, string][] = [
  [
    /ENOSPC|EDQUOT|No space left on device|database or disk is full|failed to offload data block/i,
    "the disk is full",
    "free some space, then run loadline resume: what is in the ledger is safe",
  ],
  [
    /EACCES|EPERM|Permission denied/,
    "no permission: a file or folder may not be read or written by this user",
    "run as the user whose it is, or correct its permissions, and run again",
  ],
  [
    /EROFS|attempt to write a readonly database/,
    "the file system is read-only",
    "use a project folder that can be written",
  ],
  [
    /ENOTDIR|EISDIR|EEXIST|ELOOP|unable to open database file/,
    "a file or folder can't be opened",
    "see whether a file stands where a folder belongs, or a folder where a file does: move it away and run again",
  ],
  [/EMFILE|ENFILE/, "too many files are open", "raise the limit (ulimit -n) and run loadline resume"],
  [
    /Out of Memory Error/,
    "the staging engine needs more memory than it may use",
    "load less in one run: fewer columns, or part of the files",
  ],
  [/EIO|disk I\/O error/, "the disk reports an input/output error", "check the disk, then run loadline resume"],
];

function explainSystemError(text: string): string | undefined {
  const known = systemErrors.find(([pattern]) => pattern.test(text));
  if (known === undefined) return undefined;
  const [, what, next] = known;
  return `${what}\n  why:  ${text.split("\n")[0]}\n  next: ${next}`;
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof Failure ? error.exitCode : exitCode.failed;
}
