// How much of its source a stream takes, for guards of later runs, and what the last runs took. In: a run, the ledger.
// Out: a measure, and earlier runs with theirs. What must hold: a run of chosen rows is compared with none, and none with
// it; runs of another job file, or of another definition of the source, are of something else.

import type { StreamMeasure } from "../../checkpoint/ledger.ts";
import { sha256Of } from "../../core/files.ts";
import { type EarlierRun, runsLookedAt } from "../../diff/history-guards.ts";
import type { Stream } from "../../job/job.ts";
import { defineSource, foldBlanks } from "../compile/source-definition.ts";
import { isPartial, type RunContext } from "../run/context.ts";
import { memoryOwner } from "../run/memory-owner.ts";

/** Undefined where the run is not to be compared. */
export function measureStream(context: RunContext, stream: Stream, extracted: number): StreamMeasure | undefined {
  const { ledger, run } = context;
  // What is made for rows is as much as they name.
  if (stream.madeFor !== undefined) return undefined;
  if (isPartial(context) || run.options.from !== undefined || run.options.to !== undefined) return undefined;
  const isIncremental = stream.source.kind === "object" && stream.source.incremental !== undefined;
  // Nothing changed since the last time: that says nothing of a time when something does.
  if (isIncremental && extracted === 0) return undefined;
  const files = ledger.takes(run.id, stream.name).filter(({ ordinal }) => ordinal > 0);
  const taken = files.filter(({ takenBy }) => takenBy === null);
  const partial = ledger.streams(run.id).find(({ name }) => name === stream.name)?.partial ?? null;
  const isWhole = !isIncremental && taken.length === files.length && partial === null;
  const { from, to } = ledger.window(run.id, stream.name) ?? { from: null, to: null };
  return {
    of: identify(context, stream),
    rows: isWhole ? extracted : null,
    files: taken.length,
    spanMs: !isIncremental || from === null || to === null ? null : Date.parse(to) - Date.parse(from),
  };
}

function identify(context: RunContext, stream: Stream): string {
  const { job, jobFile } = memoryOwner(context, stream);
  const { source, keep } = stream;
  const definition =
    source.kind === "object" ? defineSource(stream) : [source.files, keep === undefined ? null : foldBlanks(keep.sql)];
  return sha256Of(Buffer.from(JSON.stringify([job, jobFile, source.connection, definition])));
}

/** Those that it may be compared with, settled, the newest first. */
export function earlierRuns(context: RunContext, stream: Stream, { of }: StreamMeasure): EarlierRun[] {
  const { targetOrg: org, object } = memoryOwner(context, stream);
  const settled = context.ledger.measured(of, { name: stream.name, org, object }, runsLookedAt);
  return settled.flatMap(({ run, counts, measured }) =>
    counts === null || measured === null ? [] : [{ run, counts, ...measured }],
  );
}
