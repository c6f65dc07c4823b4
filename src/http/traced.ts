// A call as `--trace` tells it. In: a request and its answer. Out: a line (core/call-trace.ts) once the answer has ended.
// Must hold: the answer's bytes pass as they are.

import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage } from "node:http";
import { pipeline, type Readable, Transform } from "node:stream";
import { isTracing, traceCall } from "../core/call-trace.ts";
import { monotonicMs } from "../core/clock.ts";
import { remember } from "../core/process-memory.ts";

const attempts = remember(() => new AsyncLocalStorage<number>());

/** Runs the n-th try of a call. */
export function asAttempt<T>(attempt: number, act: () => Promise<T>): Promise<T> {
  return isTracing() ? attempts.value.run(attempt, act) : act();
}

export interface Tracing {
  /** The answer, whose end is the end of the call. */
  follow(answer: IncomingMessage, isSent: () => boolean): Readable;
  /** No answer came. */
  fail(error: unknown): void;
}

/** Undefined where nobody wants to know. */
export function beginTracing(method: string, url: URL, bytes: number): Tracing | undefined {
  if (!isTracing()) return undefined;
  const startedMs = monotonicMs();
  const attempt = attempts.value.getStore() ?? 1;
  let isTold = false;
  const tell = (end: { status: number | null; sent: number | null; received: number; error?: string }) => {
    if (isTold) return;
    isTold = true;
    const ms = Math.round((monotonicMs() - startedMs) * 10) / 10;
    const { status, sent, received, error } = end;
    const call = { method, host: url.host, path: showPath(url), status, ms, sent, received, attempt };
    traceCall({ ...call, ...(error === undefined ? {} : { error }) });
  };
  return {
    follow(answer, isSent) {
      const status = answer.statusCode ?? null;
      let received = 0;
      const end = (error?: string) =>
        tell({ status, sent: isSent() ? bytes : null, received, ...(error === undefined ? {} : { error }) });
      const counted = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          received += chunk.length;
          done(null, chunk);
        },
        flush(done) {
          end();
          done();
        },
        destroy(error, done) {
          end(error === null ? "not read to its end" : error.message);
          done(error);
        },
      });
      return pipeline(answer, counted, () => undefined);
    },
    fail: (error) => tell({ status: null, sent: null, received: 0, error: messageOf(error) }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const hidden = "…";
const secretName = /token|secret|passw|key|sig|code|assertion|credential|auth/i;
/** Ids, numbers, times, names of fields, cursors: what a page is asked for by. */
const plainValue = /^[\w.,:+/=|-]*$/;

/** The path, and the names of the query with what holds no value of a record: of a statement its literals are hidden. */
export function showPath(url: URL): string {
  const query = [...url.searchParams].map(([name, value]) => `${name}=${showValue(name, value)}`);
  return query.length === 0 ? url.pathname : `${url.pathname}?${query.join("&")}`;
}

function showValue(name: string, value: string): string {
  if (secretName.test(name)) return hidden;
  if (/^\s*SELECT\s/i.test(value)) return hideLiterals(value);
  return plainValue.test(value) ? value : hidden;
}

/** Of SOQL and SQL: texts in quotes, and whatever is compared with. */
function hideLiterals(statement: string): string {
  return statement
    .replaceAll(/'(?:[^'\\]|\\.)*'/g, hidden)
    .replaceAll(/\b(IN|INCLUDES|EXCLUDES)\s*\((?!\s*SELECT\b)[^)]*\)/gi, `$1 (${hidden})`)
    .replaceAll(/([=<>]+|\bLIKE\b)\s*[^\s()]+/gi, `$1 ${hidden}`);
}
