// Where `--trace` writes calls to other systems: a line of JSON each, in a file for its owner alone. In: a call that has
// ended. Out: a line. Must hold: no body, no header, no credential and no value of a record is in it; that it can't be
// written changes nothing of the run.

import { appendFileSync, chmodSync, closeSync, openSync, readSync, statSync } from "node:fs";
import { now } from "./clock.ts";
import { usageFailure } from "./errors.ts";
import { remember } from "./process-memory.ts";
import { redactSecrets } from "./secret.ts";

export interface TracedCall {
  method: string;
  /** With the port, where it is not the usual one. */
  host: string;
  /** With the query, without values. */
  path: string;
  /** Null where no answer came. */
  status: number | null;
  /** From sending to the answer's last byte. */
  ms: number;
  /** Bytes of the request's body; null where it was not sent whole. */
  sent: number | null;
  /** Bytes of the answer's body, as they came. */
  received: number;
  /** Which try of the call, from 1. */
  attempt: number;
  /** Why no whole answer came. */
  error?: string;
}

const trace = remember<{ path: string | undefined; problem: string | undefined }>(() => ({
  path: undefined,
  problem: undefined,
}));

/** Every line begins so: what begins otherwise is somebody's file. */
const lineStart = '{"time":"';

/** From now on calls are written there, behind those that are there already. Throws a Failure (2). */
export function traceTo(path: string): void {
  const fail = (what: string, why?: string) => {
    throw usageFailure(`--trace: ${what}`, { where: { file: path }, ...(why === undefined ? {} : { why }) });
  };
  try {
    appendFileSync(path, "", { mode: 0o600 });
    if (!statSync(path).isFile()) fail("this is no file");
    if (!isTrace(path)) fail("there is a file that is no trace: name another one");
    chmodSync(path, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    fail("the file can't be written", (error as Error).message);
  }
  trace.value = { path, problem: undefined };
}

function isTrace(path: string): boolean {
  const start = Buffer.alloc(lineStart.length);
  const file = openSync(path, "r");
  try {
    return readSync(file, start) === 0 || start.toString() === lineStart;
  } finally {
    closeSync(file);
  }
}

export function isTracing(): boolean {
  return trace.value.path !== undefined;
}

/** Why calls are not written any more, where that is so. */
export function traceProblem(): string | undefined {
  return trace.value.problem;
}

export function traceCall(call: TracedCall): void {
  const { path } = trace.value;
  if (path === undefined) return;
  const line = JSON.stringify({ time: now().toISOString(), ...call });
  try {
    appendFileSync(path, `${redactSecrets(line)}\n`);
  } catch (error) {
    trace.value = { path: undefined, problem: error instanceof Error ? error.message : String(error) };
  }
}
