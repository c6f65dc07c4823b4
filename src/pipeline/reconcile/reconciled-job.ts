// A job as a truth pass goes by it: all of each source, whatever earlier runs have taken, and what the target has beside it.
// In: the job. Out: the same job, taking nothing away from its sources. Must hold: a stream that can't be compared is
// refused by name, or told and left out.

import { usageFailure } from "../../core/errors.ts";
import type { FileSource, Job, ObjectSource, Stream, StreamSource } from "../../job/job.ts";

/** What a truth pass can say nothing of. */
export interface LeftOutStream {
  name: string;
  why: string;
}

export function reconciledJob(job: Job): Job {
  return { ...job, tests: [], streams: job.streams.filter(isCompared).map(reconciledStream) };
}

/** Streams that are not compared, of those that are wanted. Throws a Failure (2) where nothing is left. */
export function listLeftOut(
  { name, streams, file, twin }: Job,
  wanted: readonly string[] | undefined,
): LeftOutStream[] {
  if (twin !== undefined) {
    throw usageFailure(`job ${name} has a twin, and a pass goes one way: what differs may be either side's change`, {
      where: twin.place,
      next: "run both jobs: each record that differs is decided by what the two last agreed on",
    });
  }
  const asked = streams.filter((stream) => wanted?.includes(stream.name) ?? stream.madeFor === undefined);
  const left = asked.filter((stream) => !isCompared(stream));
  const told = left.map((stream) => ({ name: stream.name, why: sayWhy(stream) }));
  if (left.length < asked.length) return told;
  throw usageFailure(`job ${name} has nothing to compare: ${told.map((one) => `${one.name}: ${one.why}`).join("; ")}`, {
    where: { file },
    next: "reconcile takes streams in mode upsert, update, insert, mirror or history",
  });
}

function isCompared({ target: { mode, key } }: Stream): boolean {
  return mode !== "delete" && mode !== "replace" && mode !== "delta" && key.length > 0;
}

function sayWhy({ target: { mode, isTable } }: Stream): string {
  if (mode === "delete") return "mode delete names records that are to go, and says nothing of those that stay";
  if (mode === "delta") return "mode delta gives what changed, and no file holds all of it";
  if (mode === "replace")
    return isTable === true
      ? "mode replace writes the whole table at each run, so that a run is the repair"
      : "a file is written anew at each run, and may be taken away by whoever it is for";
  return "without target.key no row can be told from another";
}

function reconciledStream(stream: Stream): Stream {
  const { source, target } = stream;
  const reconciled = { ...stream, source: wholeSource(source) };
  // Of files that came one after the other, each record counts as the newest one has it.
  const isSeries = source.kind === "files" && source.once && stream.dedupe === undefined;
  return isSeries
    ? { ...reconciled, dedupe: { by: [...target.key], keep: "last", places: { merged: {} } } }
    : reconciled;
}

function wholeSource(source: StreamSource): StreamSource {
  return source.kind === "files" ? allFiles(source) : allRecords(source);
}

/** As they lie there, and left as they are. */
function allFiles({ rejectsFolder: _rejects, ...source }: FileSource): FileSource {
  return { ...source, once: false, after: { kind: "leave" } };
}

/** Without its window. What is gone by now is no record of it. */
function allRecords({ incremental: _incremental, ...source }: ObjectSource): ObjectSource {
  return { ...source, deletes: source.deletes === "compare" ? "ignore" : source.deletes };
}
