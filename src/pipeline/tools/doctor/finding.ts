// What a look at the machine, the state or a system has found: one line, and what to do where something is amiss.

import { explain, Failure } from "../../../core/errors.ts";

export interface Finding {
  /** What was looked at: `node`, `disk`, `connection salesforce`. */
  check: string;
  state: "ok" | "warning" | "wrong";
  what: string;
  /** What to do. */
  next?: string;
}

export function ok(check: string, what: string): Finding {
  return { check, state: "ok", what };
}

export function warning(check: string, what: string, next: string): Finding {
  return { check, state: "warning", what, next };
}

export function wrong(check: string, what: string, next: string): Finding {
  return { check, state: "wrong", what, next };
}

/** What kept a look from being had. */
export function wrongBy(check: string, error: unknown, usual: string): Finding {
  if (!(error instanceof Failure)) return wrong(check, explain(error).split("\n")[0] ?? "", usual);
  const { message, why, next } = error;
  return wrong(check, why === undefined ? message : `${message} (${why})`, next ?? usual);
}
