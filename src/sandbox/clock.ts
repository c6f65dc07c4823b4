// The clock of a sandbox: all that its systems stamp, compare and date goes by it, so that a test or a rehearsal can let
// hours pass, or set it back, without waiting.
// What must hold: several sandboxes of one process have a clock each; whatever a request sets to work goes by the clock
// of the sandbox that it was sent to.

import { AsyncLocalStorage } from "node:async_hooks";
import { z } from "zod";
import { now as readClock } from "../core/clock.ts";
import { usageFailure } from "../core/errors.ts";
import { readText } from "./request-body.ts";
import { json, type Route } from "./routes.ts";

const present = new AsyncLocalStorage<SandboxClock>();

/** The time of the sandbox that is at work. */
export function now(): Date {
  return new Date(readClock().getTime() + (present.getStore()?.advancedMs ?? 0));
}

export class SandboxClock {
  /** How far it is ahead of the machine's clock; below 0, behind it. */
  advancedMs = 0;

  /** Whatever this does, and what it leaves running, goes by this clock. */
  run<Result>(work: () => Result): Result {
    return present.run(this, work);
  }
}

const request = z.strictObject({ advance_ms: z.int() });

export function clockRoute(clock: SandboxClock): Route {
  return {
    method: "POST",
    template: "/__sandbox/clock",
    async answer({ body }) {
      const parsed = request.safeParse(parseJson(await readText(body)));
      if (!parsed.success) throw usageFailure(`this moves no clock: ${z.prettifyError(parsed.error)}`);
      clock.advancedMs += parsed.data.advance_ms;
      return json(200, { now: now().toISOString() });
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw usageFailure("the body is not JSON");
  }
}
