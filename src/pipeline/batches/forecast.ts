// What a plan's load will take: batches as they are cut, or, where a dry run cut none, as its counts would be.

import type { StreamRecord } from "../../checkpoint/ledger.ts";
import type { Target } from "../../contract/target.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import type { BatchSize } from "../../contract/ways.ts";
import type { StreamCounts } from "../../core/model.ts";
import type { MappedField, Stream } from "../../job/job.ts";
import type { LoadForecast } from "../../report/forecast.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { isLookedAtAgain, operationOf, rowsByAction } from "./ways.ts";
import { limitsOf } from "./write-batches.ts";

/** One entry a connection, in the order of the streams. */
export function forecastLoad(
  context: RunContext,
  streams: readonly Stream[],
  planned: readonly StreamRecord[],
): LoadForecast[] {
  const forecasts = new Map<string, LoadForecast>();
  for (const stream of streams) {
    const { connection } = stream.target;
    const target = targetOf(context, connection);
    if (takesWholeFiles(target)) continue;
    const counts = planned.find(({ name }) => name === stream.name)?.counts ?? undefined;
    const batches = counts === undefined ? [] : listBatches(context, stream, counts);
    const before = forecasts.get(connection) ?? { connection, calls: 0, jobs: 0 };
    forecasts.set(connection, {
      ...before,
      calls: batches.reduce((sum, batch) => sum + callsOf(target, stream, batch), before.calls),
      jobs: before.jobs + batches.filter(({ via }) => via === "bulk").length,
      allowance: target.allowance ?? null,
    });
  }
  return [...forecasts.values()];
}

function callsOf(target: Target, stream: Stream, batch: BatchSize): number {
  if (!isLookedAtAgain(stream, batch)) return target.forecastCalls(batch);
  const reads = target.forecastReads(batch.rows);
  // By the key, and by what a record is adopted by.
  const isTwice = batch.operation === "upsert" && stream.target.adoptBy !== undefined;
  return target.forecastCalls(batch) + reads * (isTwice ? 2 : 1);
}

/** What a target's forecast wants to know of a batch. */
export function sizeOf(stream: Stream, { via, rows, operation }: Omit<BatchSize, "parents" | "replaced">): BatchSize {
  const isParent = ({ target, parent }: MappedField) => parent !== undefined || target.includes(".");
  const parents = stream.fields.filter(isParent);
  // A new record has nothing that could be replaced.
  const replaced = operation === "update" ? parents.filter(({ replaces }) => replaces !== undefined).length : 0;
  return { via, rows, operation, parents: parents.length, replaced };
}

/** The batches of a stream: as they were cut, or, of a dry run, as they would be. */
function listBatches({ run, ledger, ways }: RunContext, stream: Stream, counts: StreamCounts): BatchSize[] {
  if (run.command !== "plan") return ledger.batches(run.id, stream.name).map((batch) => sizeOf(stream, batch));
  const rows = rowsByAction(counts);
  return [...(ways.get(stream.name) ?? [])].flatMap(([action, choice]) => {
    const most = limitsOf(stream.target.batch, choice).rows;
    const size = (index: number) => Math.min(most, rows[action] - index * most);
    const operation = operationOf(action, stream.target);
    return Array.from({ length: Math.ceil(rows[action] / most) }, (_, index) =>
      sizeOf(stream, { via: choice.via, rows: size(index), operation }),
    );
  });
}
