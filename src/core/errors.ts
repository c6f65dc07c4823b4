// Every failure that a person can meet is a Failure: what happened, where, why, and what to run next.
// Anything else that is thrown is a defect of loadline and is reported as one.

import { type ExitCode, exitCode } from "./exit-code.ts";

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
  cause?: unknown;
}

export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly where: Place | undefined;
  readonly why: string | undefined;
  readonly next: string | undefined;

  constructor(code: ExitCode, what: string, details: FailureDetails = {}) {
    super(what, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "Failure";
    this.exitCode = code;
    this.where = details.where;
    this.why = details.why;
    this.next = details.next;
  }
}

/** The wrong usage or job file: exit code 2. */
export function usageFailure(what: string, details?: FailureDetails): Failure {
  return new Failure(exitCode.usage, what, details);
}

/** A key or flag of the design that this version does not carry: refused, never ignored. */
export function notSupportedYet(what: string, details?: FailureDetails): Failure {
  return new Failure(exitCode.usage, `${what} is not supported yet`, details);
}

export function placeOf(where: Place): string {
  if (where.remote !== undefined) return where.remote;
  return [where.file, where.line, where.column].filter((part) => part !== undefined).join(":");
}

/** A failure as the lines that a person reads. Holds no stack trace; a defect is named as such. */
export function explain(error: unknown): string {
  if (!(error instanceof Failure)) {
    const text = error instanceof Error ? error.message : String(error);
    return `internal error: ${text}\n  This is a defect of loadline. Run again with --verbose for the details to report.`;
  }
  const place = error.where === undefined ? "" : `${placeOf(error.where)}: `;
  const lines = [`${place}${error.message}`];
  if (error.why !== undefined) lines.push(`  why:  ${error.why}`);
  if (error.next !== undefined) lines.push(`  next: ${error.next}`);
  return lines.join("\n");
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof Failure ? error.exitCode : exitCode.failed;
}
