// What the ledger knows of a stream before anything of it is planned. In: a stream. Out: its record. Must hold: nothing of an
// earlier run is in it.

import type { StreamRecord } from "../../checkpoint/ledger.ts";
import type { Stream } from "../../job/job.ts";
import { type RunContext, targetOf } from "./context.ts";

export function newStreamRecord(context: RunContext, { name, target }: Stream): StreamRecord {
  const { connection, object, mode } = target;
  return {
    run: context.run.id,
    name,
    connection,
    org: targetOf(context, connection).orgId,
    object,
    mode,
    state: "extracting",
    planSha256: null,
    plan: null,
    counts: null,
    how: null,
    writes: null,
    rejectsBytes: 0,
    partial: null,
    notes: [],
    stops: [],
    aggregates: [],
    shape: null,
    measured: null,
    found: null,
  };
}
