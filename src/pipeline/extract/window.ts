// What a stream takes of the records of an object, and up to where it has taken them once it is settled.
// What must hold: a window is in the ledger before a record of it is read, and a resumed run keeps it; the watermark
// moves with the settling of the stream, in one transaction; a record that was not settled well is asked for again.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PartRecord, Watermark, WatermarkKey, WindowRecord } from "../../checkpoint/ledger.ts";
import type { RecordCatalog } from "../../contract/records.ts";
import type { Source, Window } from "../../contract/source.ts";
import { contentOf } from "../../core/columns.ts";
import { Failure, usageFailure } from "../../core/errors.ts";
import { hasRecords, pendingLocator } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { ObjectSource, Stream } from "../../job/job.ts";
import { readJob } from "../../job/read-job.ts";
import { scanCsv, scanCsvFiles } from "../../stage/csv-scan.ts";
import { defineSource, tellDifference } from "../compile/source-definition.ts";
import { rejectsPath } from "../rows/rejects.ts";
import { stayedPath } from "../rows/stayed-rows.ts";
import { otherOrgFailure, type RunContext, sourceOf, subfolder } from "../run/context.ts";
import { fetchKept, keepFile, keptFolder } from "../run/kept-file.ts";
import { memoryOwner, placeOfJob } from "../run/memory-owner.ts";
import { beganAfterPlan } from "../run/plan-age.ts";
import { verifyRunFile } from "../run/run-files.ts";
import { tellChangedMap } from "./changed-map.ts";
import { keepKnown, listOutdatedKnown } from "./known-records.ts";
import { copyParts, findPending, noPending } from "./pending-now.ts";
import { isCounted, readCount, refuseChosenCount } from "./positions.ts";
import { deletedFrom, isBeforeMark, isDue, isWhole, reachBack, shift, tellClock } from "./window-times.ts";

export interface OpenWindow {
  record: WindowRecord;
  /** Undefined: everything. */
  window?: Window;
  /** Records that the run before took in what both windows cover: a table function with id and version. */
  seen?: string;
  /** Where the window before ended, if it goes on from one. */
  mark?: Watermark;
}

/** The window of this run: the one it began with, or from the watermark to the server's time. */
export async function openWindow(context: RunContext, stream: Stream, catalog: RecordCatalog): Promise<OpenWindow> {
  const { ledger, run } = context;
  const { source } = stream;
  if (source.kind !== "object") throw new Error("only records have a window");
  const { mark, told } = findMark(context, stream);
  const known = ledger.window(run.id, stream.name);
  const record = known ?? (await beginWindow(context, stream, source, catalog, mark));
  if (known === undefined) ledger.saveWindow(record);
  if (known === undefined && told !== undefined) context.emit({ type: "warning", message: told });
  const { incremental } = source;
  if (record.to === null || incremental === undefined) return { record };
  const counted = isCounted(incremental, catalog);
  const goesOn = mark !== undefined && record.from === reachBack(mark.to, incremental, catalog);
  if (known === undefined && goesOn) tellMap(context, stream, mark);
  const isChosen = run.options.from !== undefined || run.options.to !== undefined;
  const isRefreshed = !isChosen && mark !== undefined && isWhole(record, incremental);
  const { pending, ended } = mark === undefined ? noPending : await findPending(context, stream, mark);
  const window: Window = {
    ...(record.from === null ? {} : { from: record.from }),
    // By the clock a window ends now, with the second that has begun, and the next one too, for a clock that is told to
    // the second may be late by one. What these seconds still bring is in the next window.
    to: run.options.to ?? (counted ? record.to : shift(record.to, 2000)),
    pending,
    ...(isRefreshed && mark !== undefined ? { deletedFrom: deletedFrom(record.to, mark, incremental, catalog) } : {}),
  };
  // What is taken again is wanted for what its version does not tell.
  const seen = isChosen || isRefreshed ? undefined : await fetchSeen(context, { ...stream, source }, mark, ended);
  return { record, window, ...(seen === undefined ? {} : { seen }), ...(mark === undefined ? {} : { mark }) };
}

function tellMap(context: RunContext, stream: Stream, mark: Watermark): void {
  const before = fetchKeptStream(context, stream, keyOf(context, stream), mark.run);
  const message = before === undefined ? undefined : tellChangedMap(before, stream);
  if (message !== undefined) context.emit({ type: "warning", message });
}

async function beginWindow(
  context: RunContext,
  stream: Stream,
  source: ObjectSource,
  catalog: RecordCatalog,
  mark: Watermark | undefined,
): Promise<WindowRecord> {
  const { run } = context;
  const { from, to, limit, keys, streams } = run.options;
  const whole = {
    run: run.id,
    stream: stream.name,
    sourceOrg: sourceOf(context, source.connection).orgId,
    handle: null,
  };
  if (source.incremental === undefined) {
    if (from === undefined && to === undefined) return { ...whole, from: null, to: null, moves: false };
    throw usageFailure(`stream ${stream.name} is not incremental: it has no window to choose`, {
      where: source.place,
      next: "add source.incremental, or leave out --from and --to",
    });
  }
  const isChosen = from !== undefined || to !== undefined;
  const isPart = limit !== undefined || keys !== undefined || streams !== undefined;
  const moves = !isChosen && !isPart && run.command === "run";
  if (isCounted(source.incremental, catalog)) {
    if (isChosen) refuseChosenCount(stream, source);
    return { ...whole, ...(await readCount(context, stream, source, catalog, mark)), moves };
  }
  const clock = (await catalog.readClock()).toISOString();
  const isBehind = mark !== undefined && !isChosen && isBeforeMark(clock, mark, source.incremental, catalog);
  if (isBehind) context.emit({ type: "warning", message: tellClock(stream, clock, mark) });
  const isFresh = mark !== undefined && (isChosen || !(isBehind || isDue(mark, source.incremental, clock)));
  const reached = isFresh ? reachBack(mark.to, source.incremental, catalog) : source.incremental.since;
  return {
    ...whole,
    from: from ?? reached ?? null,
    to: to ?? clock,
    moves,
  };
}

/**
 * The window of a plan, of the run that writes the plan. The watermark moves with it only where it still stands where the
 * plan began: what another run has taken since is not taken back.
 */
export function adoptWindow(context: RunContext, stream: Stream, planned: WindowRecord): WindowRecord {
  const { run } = context;
  const { from, to, limit, keys, streams } = run.options;
  const { source } = stream;
  const { records } = sourceOf(context, source.connection);
  const adopted = { ...planned, run: run.id, handle: null, moves: false };
  const isPart = [from, to, limit, keys, streams].some((one) => one !== undefined);
  if (source.kind !== "object" || source.incremental === undefined || records === undefined || isPart) return adopted;
  const { mark } = findMark(context, stream);
  const began =
    mark === undefined ? (source.incremental.since ?? null) : reachBack(mark.to, source.incremental, records);
  const isLater = mark !== undefined && beganAfterPlan(context, mark.run);
  return { ...adopted, moves: planned.from === began && !isLater };
}

function keyOf(context: RunContext, stream: Stream): WatermarkKey {
  return {
    ...memoryOwner(context, stream),
    sourceOrg: sourceOf(context, stream.source.connection).orgId,
    source: defineSource(stream),
  };
}

/** The watermark of this very source, if there is one; `told`: that there is another one, which does not count. */
function findMark(context: RunContext, stream: Stream): { mark: Watermark | undefined; told?: string } {
  if (stream.source.kind !== "object" || stream.source.incremental === undefined) return { mark: undefined };
  const key = keyOf(context, stream);
  const { jobFile, source, ...owner } = key;
  const marks = context.ledger.watermarks(owner);
  const own = marks.find((mark) => mark.jobFile === jobFile && mark.source === source);
  if (own !== undefined) return { mark: own };
  const undefinedMark = marks.find((mark) => mark.source === "");
  if (undefinedMark !== undefined && isOfRun(context, stream, key, undefinedMark.run)) return { mark: undefinedMark };
  const newest = marks.toSorted((left, right) => right.to.localeCompare(left.to));
  const other =
    newest.find((mark) => mark.source === source) ?? newest.find((mark) => mark.jobFile === jobFile) ?? newest[0];
  return { mark: undefined, ...(other === undefined ? {} : { told: tellOther(stream, key, other) }) };
}

function tellOther(stream: Stream, { jobFile, source }: WatermarkKey, other: Watermark): string {
  const why =
    other.source === ""
      ? "what it is the watermark of was not written down, and the job of its run is not there any more or another"
      : other.source === source
        ? `the job was ${other.jobFile}, is ${jobFile}`
        : tellDifference(other.source, source);
  return `${stream.name}: starts anew, for the watermark ${other.to} is of another source (${why})`;
}

/** An older loadline did not write down what a watermark is of: the job that its run has kept says it. */
function isOfRun(context: RunContext, stream: Stream, key: WatermarkKey, run: string): boolean {
  const before = fetchKeptStream(context, stream, key, run);
  return before !== undefined && before.source.kind === "object" && defineSource(before) === key.source;
}

/** The stream as it was in a run of this very job, where its folder is still there. */
function fetchKeptStream(
  context: RunContext,
  stream: Stream,
  { jobFile }: WatermarkKey,
  run: string,
): Stream | undefined {
  const kept = join(dirname(context.folder), run, "job.yaml");
  const record = context.ledger.run(run);
  if (record === undefined || placeOfJob(context, record.jobFile) !== jobFile || !existsSync(kept)) return undefined;
  try {
    return readJob(kept, dirname(record.jobFile)).streams.find(({ name }) => name === stream.name);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Records that the run before took: what the overlap need not bring again, and what was ended since. */
async function fetchSeen(
  context: RunContext,
  stream: Stream & { source: ObjectSource },
  mark: Watermark | undefined,
  ended: readonly string[],
): Promise<string | undefined> {
  const kept = await fetchKeptSeen(context, stream, mark);
  if (mark === undefined || ended.length === 0) return kept;
  const parts = await copyParts(context, stream, mark.run);
  const versions = parts.map((part) => selectVersions(part, stream.source)).join(" UNION ALL ");
  if (versions === "") return kept;
  const isEnded = `id IN (SELECT unnest([${ended.map(literal).join(", ")}]))`;
  const both = [`SELECT id, version, content FROM (${versions}) WHERE ${isEnded}`];
  if (kept !== undefined) both.push(`SELECT id, version, content FROM ${kept}`);
  return `(${both.join(" UNION ALL ")})`;
}

/** The seen records, where the engine may read them. Without them nothing is lost: records come twice, and it is said. */
async function fetchKeptSeen(
  context: RunContext,
  stream: Stream,
  mark: Watermark | undefined,
): Promise<string | undefined> {
  if (mark === undefined || mark.seenFile === null) return undefined;
  const kept = join(keptFolder(context, "seen"), mark.seenFile);
  // It goes with the stage when the stream is planned; a run that goes on before that fetches it again.
  const path = join(subfolder(context, "stage"), `seen-${stream.name}.parquet`);
  const lost = await fetchKept(context.engine, { path: kept, sha256: mark.seenSha256 }, path);
  if (lost !== undefined) {
    const message = `${kept} is ${lost}: records of the overlap that were taken before come a second time`;
    context.emit({ type: "warning", message: `${stream.name}: ${message}` });
    return undefined;
  }
  const columns = await context.engine.all(`DESCRIBE SELECT * FROM read_parquet(${literal(path)})`);
  // An older loadline did not write down what the records held: they come a second time.
  const hasContent = columns.some((column) => column["column_name"] === "content");
  return hasContent ? `read_parquet(${literal(path)})` : undefined;
}

/** Where the watermark stands once the stream is settled, and the file that is needed no more then. */
export async function moveWatermark(
  context: RunContext,
  stream: Stream,
): Promise<{ watermark: Watermark; outdated: string[] } | undefined> {
  const { ledger, run } = context;
  const { source } = stream;
  const record = ledger.window(run.id, stream.name);
  if (record === undefined || !record.moves || record.to === null) return undefined;
  const key = keyOf(context, stream);
  const before = findMark(context, stream).mark;
  const isFull = source.kind === "object" && source.incremental !== undefined && isWhole(record, source.incremental);
  // A clock that was set back a little must not make a watermark go back; after more than that all was taken.
  const to = before !== undefined && before.to > record.to && !isFull ? before.to : record.to;
  const pending = await readUnsettledIds(context, stream);
  const seen = await keepSeen(context, stream, to, pending);
  const known = await keepKnown(
    context,
    stream,
    before,
    await readUnsettledIds(context, stream, ["rejects", "conflicts"]),
  );
  const seenFile = seen?.file ?? null;
  const old = before?.seenFile ?? null;
  const full = isFull ? record.to : (before?.full ?? null);
  return {
    watermark: {
      ...{ ...key, to, run: run.id, seenFile, seenSha256: seen?.sha256 ?? null, pending, full },
      ...{ knownFile: known?.file ?? null, knownSha256: known?.sha256 ?? null },
    },
    outdated: [
      ...(old === null || old === seenFile ? [] : [join(keptFolder(context, "seen"), old)]),
      ...listOutdatedKnown(context, before, known?.file),
    ],
  };
}

/** The records that were not settled well: rejected, refused by the target, in conflict, or without a match. */
async function readUnsettledIds(
  context: RunContext,
  stream: Stream,
  kinds: readonly ("rejects" | "conflicts" | "unmatched")[] = ["rejects", "conflicts", "unmatched"],
): Promise<string[]> {
  const files = kinds
    .map((kind) => (kind === "rejects" ? rejectsPath(context, stream.name) : stayedPath(context, kind, stream.name)))
    .filter(existsSync);
  if (files.length === 0) return [];
  const ids = files.map(selectIds).join(" UNION ");
  const rows = await context.engine.all(`SELECT DISTINCT id FROM (${ids}) ORDER BY id`);
  return rows.map((row) => String(row["id"]));
}

/** Every row of records begins with its id. */
function selectIds(path: string): string {
  const columns = headerOf(path);
  return `SELECT ${identifier(columns[0] ?? "")} AS id FROM ${scanCsvFiles([path], columns)}`;
}

/**
 * Rows of a stream's files that were taken because they were not settled well before: they are known, and stop no run
 * a second time.
 */
export async function countTakenAgain(
  context: RunContext,
  stream: Stream,
): Promise<{ rejected: number; conflicts: number }> {
  const { engine, ledger, run } = context;
  const pending = ledger.parts(run.id, stream.name).find(({ locator }) => locator === pendingLocator);
  const none = { rejected: 0, conflicts: 0 };
  if (pending === undefined || stream.source.kind !== "object") return none;
  await verifyRunFile({ run: run.id, what: pending.label, path: pending.path, sha256: pending.sha256 });
  const known = `SELECT ${identifier(pending.columns[0] ?? "")} FROM ${scanCsv(pending, stream.source.format)}`;
  const countIn = async (path: string): Promise<number> => {
    if (!existsSync(path)) return 0;
    const { rows } = await engine.one(`SELECT count(*) AS rows FROM (${selectIds(path)}) WHERE id IN (${known})`);
    return Number(rows);
  };
  return {
    rejected: await countIn(rejectsPath(context, stream.name)),
    conflicts: await countIn(stayedPath(context, "conflicts", stream.name)),
  };
}

/** Writes down which records lie where the next window will reach back to. */
async function keepSeen(
  context: RunContext,
  stream: Stream,
  to: string,
  pending: string[],
): Promise<{ file: string; sha256: string } | undefined> {
  const { engine, ledger, run } = context;
  const { source } = stream;
  const { records } = sourceOf(context, source.connection);
  if (source.kind !== "object" || source.incremental === undefined || records === undefined) return undefined;
  const from = reachBack(to, source.incremental, records);
  // A window of times may begin with its second.
  const since = isCounted(source.incremental, records) ? from : from.slice(0, "2026-01-31T12:00:00".length);
  const parts = ledger.parts(run.id, stream.name).filter(hasRecords);
  for (const { label, path, sha256 } of parts) await verifyRunFile({ run: run.id, what: label, path, sha256 });
  const rows = parts.map((part) => selectVersions(part, source));
  if (rows.length === 0) return undefined;
  const rejected = pending.length === 0 ? "" : `AND id NOT IN (SELECT unnest([${pending.map(literal).join(", ")}]))`;
  const file = `${run.id}-${stream.name}.parquet`;
  const path = join(context.folder, file);
  // A record that changes once more within the second of its version has the same version: what it held tells it.
  const isKnown = `version >= ${literal(since)}`;
  const versions = `SELECT DISTINCT id, version, content FROM (${rows.join(" UNION ALL ")}) WHERE ${isKnown} ${rejected}`;
  await engine.run(`COPY (${versions}) TO ${literal(path)} (FORMAT parquet)`);
  return { file, sha256: await keepFile(path, keptFolder(context, "seen")) };
}

/** Every part begins with the id and the version. */
function selectVersions(part: PartRecord, source: ObjectSource): string {
  const [id = "", version = ""] = part.columns;
  const content = contentOf(part.columns.map(identifier));
  return `SELECT ${identifier(id)} AS id, ${identifier(version)} AS version, ${content} AS content FROM ${scanCsv(part, source.format)}`;
}

/** What the watermark was and is, for the summary: null for sources without. */
export function tellWindow(record: WindowRecord | undefined): { from: string | null; to: string } | null {
  return record === undefined || record.to === null ? null : { from: record.from, to: record.to };
}

export function refuseOtherSource(context: RunContext, stream: Stream, source: Source): void {
  const known = context.ledger.window(context.run.id, stream.name);
  if (known === undefined || known.sourceOrg === source.orgId) return;
  throw otherOrgFailure(context.run.id, `from org ${known.sourceOrg}`, stream.source.connection, source.orgId);
}
