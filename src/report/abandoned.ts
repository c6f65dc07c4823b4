// A run that is given up, in words and as an object. In: what became of its rows. Out: text for people, JSON.

import { countOf, showCount } from "./numbers.ts";

export interface AbandonedStream {
  name: string;
  connection: string;
  object: string;
  /** Rows that the target has taken, refused, may have taken, and was not sent. */
  landed: number;
  failed: number;
  inDoubt: number;
  notSent: number;
  /** The batches that rows in doubt are in. */
  doubtful: { number: number; path: string; handle: string | null }[];
}

export interface AbandonedRun {
  run: string;
  job: string;
  isDone: boolean;
  streams: readonly AbandonedStream[];
  next: string;
}

const batchesShownMax = 10;

export function renderAbandoned({ run, isDone, streams, next }: AbandonedRun): string {
  const lines = [isDone ? `given up: ${run}` : `run ${run}, not given up yet`];
  if (streams.length === 0) lines.push("  nothing was planned, nothing was sent");
  for (const { name, connection, object, landed, failed, inDoubt, notSent, doubtful } of streams) {
    const counts = [
      `${countOf(landed, "row")} landed`,
      `${showCount(inDoubt)} in doubt`,
      `${showCount(failed)} refused`,
    ];
    lines.push(`  ${name} → ${connection} ${object}: ${[...counts, `${showCount(notSent)} not sent`].join(", ")}`);
    for (const { number, path, handle } of doubtful.slice(0, batchesShownMax))
      lines.push(`    in doubt: batch ${number}${handle === null ? "" : ` (${handle})`}, ${path}`);
    if (doubtful.length > batchesShownMax)
      lines.push(`    and ${countOf(doubtful.length - batchesShownMax, "more batch", "more batches")}`);
  }
  return [...lines, `Next: ${next}`].join("\n");
}

export function abandonedJson({ run, job, isDone, streams, next }: AbandonedRun, exitCode: number): string {
  const counts = streams.map(({ name, landed, failed, inDoubt, notSent }) => [
    name,
    { landed, failed, inDoubt, notSent },
  ]);
  const status = isDone ? "abandoned" : "unfinished";
  return JSON.stringify({ run, job, status, streams: Object.fromEntries(counts), exitCode, next });
}
