// What a truth pass has found of a stream, in its run folder. In: counts and first lines, with the plan. Out: the same for whoever
// tells of the run, in another process too. Must hold: it is on the disk before the plan counts.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DriftLine, StreamDrift } from "../../core/drift.ts";
import { makePrivateFolder, writeDurably } from "../../core/files.ts";
import type { StreamCounts } from "../../core/model.ts";

export interface FoundDrift extends Omit<StreamDrift, "left" | "rejected"> {
  /** Keys of `duplicates` that go with their records, where these are deleted. */
  goneDuplicates: number;
  /** A few of each kind, hidden as they are in the file. */
  first: DriftLine[];
}

export function driftPath(folder: string, stream: string): string {
  makePrivateFolder(join(folder, "drift"));
  return join(folder, "drift", `${stream}.csv`);
}

export function keepFoundDrift(folder: string, stream: string, found: FoundDrift): void {
  writeDurably(countsPath(folder, stream), JSON.stringify(found));
}

function countsPath(folder: string, stream: string): string {
  return join(folder, "drift", `${stream}.json`);
}

function readFoundDrift(folder: string, stream: string): FoundDrift | undefined {
  const path = countsPath(folder, stream);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as FoundDrift) : undefined;
}

/** What was found of a stream, and what of it is left; undefined where it was no truth pass. */
export function tellDrift(folder: string, stream: string, counts: StreamCounts): StreamDrift | undefined {
  const found = readFoundDrift(folder, stream);
  if (found === undefined) return undefined;
  const { goneDuplicates, first: _first, ...drift } = found;
  const { onlySource, onlyTarget, different, duplicates, orphans } = drift;
  // Records that are deleted are no two any more.
  const gone = counts.mirrorDeletes > 0 && counts.loaded > 0 ? goneDuplicates : 0;
  const all = onlySource + (onlyTarget ?? 0) + different + duplicates + orphans - gone;
  return { ...drift, rejected: counts.rejected, left: Math.max(0, all - counts.loaded) };
}

export function readFirstDrift(folder: string, stream: string): DriftLine[] {
  return readFoundDrift(folder, stream)?.first ?? [];
}
