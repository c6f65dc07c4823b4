// What a plan's load will take: batches as they are cut, or, where a dry run cut none, as its counts would be.

import type { StreamRecord } from "../checkpoint/ledger.ts";
import type { StreamCounts } from "../core/model.ts";
import type { Stream } from "../job/job.ts";
import type { Target } from "../load/target.ts";
import type { LoadForecast } from "../report/forecast.ts";
import { type RunContext, targetOf } from "./context.ts";
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
    const counts = planned.find(({ name }) => name === stream.name)?.counts ?? undefined;
    const batches = counts === undefined ? [] : batchRows(context, stream, target, counts);
    const before = forecasts.get(connection) ?? { connection, calls: 0, jobs: 0 };
    forecasts.set(connection, {
      ...before,
      calls: batches.reduce((sum, rows) => sum + target.forecastCalls(rows), before.calls),
      jobs: before.jobs + batches.length,
      allowance: target.allowance ?? null,
    });
  }
  return [...forecasts.values()];
}

/** Rows of each batch. */
function batchRows({ run, ledger }: RunContext, stream: Stream, target: Target, counts: StreamCounts): number[] {
  if (run.command === "run") return ledger.batches(run.id, stream.name).map(({ rows }) => rows);
  const { rows: most } = limitsOf(stream.target.batch, target.capabilities);
  return [counts.creates, counts.updates, counts.deletes + counts.mirrorDeletes].flatMap((rows) =>
    Array.from({ length: Math.ceil(rows / most) }, (_, index) => Math.min(most, rows - index * most)),
  );
}
