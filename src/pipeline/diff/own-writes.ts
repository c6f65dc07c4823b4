// What this project itself wrote into an object lately. In: values that are kept, and the target's clock. Out: whether an
// index that is behind may not know of a write of ours yet. What must hold: rows that come once, and turn back what an
// earlier run wrote, are never taken for unchanged by it.

import type { StreamRecord } from "../../checkpoint/ledger.ts";
import type { PresentRecord } from "../../checkpoint/present-values.ts";
import { now } from "../../core/clock.ts";
import { countOf } from "../../report/numbers.ts";
import type { RunContext } from "../run/context.ts";

const minuteMs = 60_000;

/** Undefined where an index knows of all that was written. `clock`: the target's own, ms. */
export function explainOwnWrites(
  { ledger, run }: Pick<RunContext, "ledger" | "run">,
  { org, object, run: keptBy, asOf }: PresentRecord,
  { clock, lagMs }: { clock: number; lagMs: number },
): string | undefined {
  const keeper = ledger.run(keptBy);
  const since = Date.parse(keeper?.started ?? "");
  for (const { id, started, finished, command } of ledger.runs()) {
    const isUnderWay = finished === null || id === run.id;
    const ended = isUnderWay ? now().getTime() : Date.parse(finished);
    if (command === "plan" || (!Number.isNaN(since) && ended < since)) continue;
    const isOf = (stream: StreamRecord) => stream.org === org && stream.object === object;
    if (!ledger.streams(id).some((stream) => isOf(stream) && mayHaveWritten(stream))) continue;
    if (isUnderWay) return `run ${id} may have written ${object} and has not ended: the index may not tell it yet`;
    // What the run that kept the values wrote came after them, and took no longer than the run.
    const byTarget = id === keptBy ? clock - Date.parse(asOf) - (ended - Date.parse(started)) : 0;
    const agoMs = Math.max(now().getTime() - ended, byTarget);
    if (agoMs < lagMs)
      return `this project wrote ${object} ${countOf(Math.max(Math.ceil(agoMs / minuteMs), 1), "minute")} ago, and the index may not tell it yet`;
  }
  return undefined;
}

function mayHaveWritten({ state, counts }: StreamRecord): boolean {
  const planned = counts === null ? 1 : counts.creates + counts.updates + counts.deletes + counts.mirrorDeletes;
  return (state === "loading" || state === "settled") && planned > 0;
}
