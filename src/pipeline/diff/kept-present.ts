// Present values that are kept from run to run, so that a night reads what changed and not what is there. In: what all
// records held when they were read last, a file beside the ledger; what the target says has changed since. Out: what they
// hold now, kept in turn. What must hold: the ledger names a file only once it is whole on the disk, and by its hash; what
// is brought up to date agrees with the target's own count; where anything is in doubt, all is read anew, and it is said.

import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { PresentKey, PresentRecord } from "../../checkpoint/present-values.ts";
import type {
  Changes,
  ChangesRequest,
  PresentChanges,
  Snapshot,
  SnapshotRequest,
  Untold,
} from "../../contract/present.ts";
import { failpoint } from "../../core/failpoint.ts";
import { linkFile, sizeOf } from "../../core/files.ts";
import { identifier, literal } from "../../core/sql.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf, showCount, showTime } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { writeParquet } from "../../stage/parquet.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { fetchKept, keepFile, keptFolder } from "../run/kept-file.ts";
import { bringUpToDate, type CurrentRecords, holdsTwice, type Unagreed } from "./bring-up-to-date.ts";
import type { FoundKept, KeptPresent } from "./diff-input.ts";
import { explainOwnWrites } from "./own-writes.ts";
import { refuseUnreadSnapshot } from "./unread-records.ts";

/** Of the file: another one is read anew. */
const form = 2;
/** Records that are read by their ids; more, and all are read. */
const rereadMax = 5000;
const maxAgeMs = 7 * 24 * 60 * 60 * 1000;

interface Keeping {
  context: RunContext;
  compiled: CompiledStream;
  changes: PresentChanges;
  key: PresentKey;
  request: SnapshotRequest;
}

/** Undefined where none are kept: the job does not want it, the target can't tell what changed, or records may go. */
export function openKeptPresent(context: RunContext, compiled: CompiledStream): KeptPresent | undefined {
  const { target } = compiled.stream;
  const { changes } = targetOf(context, target.connection);
  const { rollback, reconcile } = context.run.options;
  const isOther = rollback !== undefined || reconcile !== undefined || context.job.twin !== undefined;
  const isKept = target.present !== "read" && (target.mode === "upsert" || target.mode === "update");
  if (changes === undefined || isOther || !isKept) return undefined;
  // Rows that come once would not come again to be put right.
  const { source } = compiled.stream;
  if (changes.lagMs !== undefined && source.kind === "object" && source.incremental !== undefined) return undefined;
  const keeping = async (request: SnapshotRequest): Promise<Keeping> => {
    return { context, compiled, changes, request, key: await keyOf(context, compiled, request) };
  };
  return {
    find: async (request, keyBytes) => {
      const found = await find(await keeping(request), keyBytes);
      if (found.present !== undefined || found.way !== undefined) return found;
      return { ...found, mayKeep: async () => (await changes.explainUntold(request)) === undefined };
    },
    async widen(request) {
      const more = (await changes.alsoReads?.(request)) ?? [];
      return more.length === 0 ? request : { ...request, fields: [...request.fields, ...more] };
    },
    readClock: async () => (await changes.readClock()).toISOString(),
    async identify(request) {
      const untold = await changes.explainUntold(request);
      return untold === undefined ? identify({ changes, request }) : { why: untold };
    },
    keep: async (request, snapshot, known) => keep(await keeping(request), snapshot, known),
  };
}

/** Other fields, other forms of them, and another filter are other values. */
async function keyOf(
  context: RunContext,
  { stream }: CompiledStream,
  { object, fields, key }: SnapshotRequest,
): Promise<PresentKey> {
  const target = targetOf(context, stream.target.connection);
  const schema = await target.describe(object);
  const known: unknown[] = [];
  for (const name of fields.toSorted())
    known.push([name, schema.fields.get(name) ?? (await target.resolveField(schema, name)) ?? null]);
  const told = JSON.stringify({ form, key: key[0] ?? null, fields: known });
  return { org: target.orgId, object, fieldsHash: createHash("sha256").update(told).digest("hex") };
}

function columnsOf({ context, compiled, request }: Keeping): { id: string; all: string[] } {
  const { idColumn, versionColumn } = targetOf(context, compiled.stream.target.connection).capabilities;
  return { id: idColumn, all: [idColumn, versionColumn, ...request.fields] };
}

async function find(keeping: Keeping, keyBytes: () => Promise<number>): Promise<FoundKept> {
  const { context, compiled, changes, request, key } = keeping;
  const record = context.ledger.present.get(key);
  if (record === undefined) return {};
  if (context.run.options.fresh === true) return { why: "--fresh" };
  // Of what an earlier version kept it is known before anything is asked whether it may be used.
  const early = record.fields.length === request.fields.length ? await matchFields(keeping, record) : undefined;
  if (early !== undefined && "why" in early) return early;
  const clock = (await changes.readClock()).getTime();
  const outdated = explainOutdated(keeping, record, clock);
  if (outdated !== undefined) return { why: outdated };
  const keys = request.keys === undefined ? undefined : { count: request.keys.count, bytes: await keyBytes() };
  const ask = { ...(keys === undefined ? {} : { keys }), all: record.rows };
  // Where naming a few keys is cheaper even if nothing has changed, it is not asked what has.
  if (chooseWay(changes, { ...ask, changed: 0 }) === "named") return { way: "named" };
  const target = targetOf(context, compiled.stream.target.connection);
  const callsBefore = target.apiCalls;
  const { lagMs } = changes;
  const untold =
    (await changes.explainUntold(request)) ??
    (lagMs === undefined ? undefined : explainOwnWrites(context, record, { clock, lagMs }));
  if (untold !== undefined) return { why: untold };
  const since = new Date(Date.parse(record.asOf) - changes.overlapMs).toISOString();
  const expected = await changes.countChanges(request, since);
  if (typeof expected !== "number") return expected;
  // A set that was empty tells nothing of how many there are.
  const way = chooseWay(changes, { ...ask, changed: expected, all: Math.max(record.rows, expected) });
  if (way !== "changed") return { way };
  const fields = early ?? (await matchFields(keeping, record));
  if ("why" in fields) return fields;
  const copy = join(request.folder, `${request.name}-kept.parquet`);
  const lost = await fetchKept(context.engine, { path: pathOf(context, record), sha256: record.sha256 }, copy);
  if (lost !== undefined) return { why: `their file is ${lost}` };
  await context.engine.prepareFor(sizeOf([copy]));
  const path = join(request.folder, `${request.name}-present.parquet`);
  const allCalls = changes.forecast({ changed: expected, all: record.rows }).all.calls;
  const update = () => readUpdate(keeping, { copy, path, since, expected, allCalls });
  const first = await update();
  // What changes between the reading and the count is in one of them only.
  const current = "disagrees" in first ? await update() : first;
  if ("why" in current) return { why: current.why };
  const { rows, changed, deleted, asOf } = current;
  await remember(keeping, { path, fields, rows, asOf, readAt: record.readAt });
  const calls = target.apiCalls - callsBefore;
  const how = `kept of ${showTime(record.asOf)}, ${showCount(changed)} changed, ${showCount(deleted)} deleted since; ${countOf(calls, "call")}`;
  const late = lagMs === undefined ? {} : { isLate: true as const };
  return {
    present: {
      scan: scanOf(path, columnsOf(keeping).all),
      how,
      isNamed: false,
      told: { how: "changed", asOf },
      ...late,
    },
  };
}

/** The fields as they are kept: by their names, and by what tells them from others of these names. */
async function identify({ changes, request }: Pick<Keeping, "changes" | "request">): Promise<string[] | Untold> {
  const ids = (await changes.identifyFields?.(request)) ?? [];
  return "why" in ids ? ids : [...request.fields.toSorted(), ...ids];
}

/** The fields, where they are those of the record. An earlier version kept them in the job's order, and what tells them not. */
async function matchFields(keeping: Keeping, { fields: kept }: PresentRecord): Promise<string[] | Untold> {
  const fields = await identify(keeping);
  if ("why" in fields || fields.toSorted().join() === kept.toSorted().join()) return fields;
  const isTold = kept.length > keeping.request.fields.length;
  return {
    why: isTold ? "a field was made anew" : "kept by an earlier version, that could not tell a field made anew",
  };
}

interface Update extends Pick<ChangesRequest, "since" | "expected" | "allCalls"> {
  copy: string;
  path: string;
}

async function readUpdate(
  keeping: Keeping,
  { copy, path, ...asked }: Update,
): Promise<(CurrentRecords & { asOf: string }) | Unagreed> {
  const { context, changes, request } = keeping;
  const told = await changes.readChanges({ ...request, ...asked });
  if ("why" in told) return told;
  const emptied = await readEmptied(keeping, told, copy);
  if ("why" in emptied) return emptied;
  const isLate = changes.lagMs !== undefined;
  const input = { ...columnsOf(keeping), key: request.key[0], copy, told, isLate, reread: emptied.files, path };
  const current = await bringUpToDate(context.engine, input);
  return "why" in current ? current : { ...current, asOf: told.asOf };
}

/** Records that named what went, read by their ids: whether their version moves by that nobody vouches for. */
async function readEmptied(
  keeping: Keeping,
  { emptied = [] }: Pick<Changes, "emptied">,
  copy: string,
): Promise<{ files: string[] } | Unagreed> {
  const { context, compiled, request } = keeping;
  const { engine } = context;
  const { id, all } = columnsOf(keeping);
  const gone = ({ path }: { path: string }) => `SELECT ${foldId(identifier(id))} FROM ${scanCsvFiles([path], [id])}`;
  const held = emptied.map((one) => `${foldId(identifier(one.field))} IN (${gone(one)})`);
  if (held.length === 0) return { files: [] };
  const ids = `SELECT DISTINCT ${identifier(id)} AS id FROM read_parquet(${literal(copy)}) WHERE ${held.join(" OR ")}`;
  const { count } = await engine.one(`SELECT count(*) AS count FROM (${ids})`);
  if (Number(count) === 0) return { files: [] };
  if (Number(count) > rereadMax) return { why: `what ${countOf(Number(count), "record")} named is gone` };
  const keys = { count: Number(count), read: () => engine.texts(`${ids} ORDER BY 1`, "id"), isChosen: true as const };
  const target = targetOf(context, compiled.stream.target.connection);
  const found = await target.snapshot({
    ...request,
    fields: all.slice(2),
    key: [id],
    keys,
    name: `${request.name}-emptied`,
  });
  return { files: found.files };
}

function explainOutdated({ compiled }: Keeping, record: PresentRecord, clock: number): string | undefined {
  if (clock < Date.parse(record.asOf)) return "the target's clock was set back";
  const { present } = compiled.stream.target;
  const ageMax = (typeof present === "object" ? present.maxAgeMs : undefined) ?? maxAgeMs;
  if (clock - Date.parse(record.readAt) > ageMax) return `all were read last at ${showTime(record.readAt)}`;
  return undefined;
}

type Ask = Parameters<PresentChanges["forecast"]>[0];

/** A call weighs as much as a second. */
function chooseWay(changes: PresentChanges, ask: Ask): "named" | "changed" | "all" {
  const { named, ...others } = changes.forecast(ask);
  const ways = Object.entries({ ...others, ...(named === undefined ? {} : { named }) });
  const [cheapest] = ways.toSorted(([, left], [, right]) => weigh(left) - weigh(right));
  return cheapest?.[0] as "named" | "changed" | "all";
}

function weigh({ calls, seconds }: { calls: number; seconds: number }): number {
  return calls + seconds;
}

/** What was read of all records takes the place of what was kept. Why not, where not. */
async function keep(
  keeping: Keeping,
  snapshot: Snapshot,
  { asOf, fields }: { asOf: string; fields: string[] },
): ReturnType<KeptPresent["keep"]> {
  const { context, compiled, request } = keeping;
  const { id, all } = columnsOf(keeping);
  await context.engine.prepareFor(sizeOf(snapshot.files));
  const path = join(request.folder, `${request.name}-present.parquet`);
  const [key] = request.key;
  const hasKey = key === undefined || !request.fields.includes(key) ? "" : ` WHERE ${identifier(key)} <> ''`;
  const rows = await writeParquet(context.engine, `SELECT * FROM ${scanCsvFiles(snapshot.files, all)}${hasKey}`, path);
  await refuseUnreadSnapshot(context.engine, compiled.stream.name);
  if (await holdsTwice(context.engine, path, id)) return { why: "a record was told twice" };
  await remember(keeping, { path, fields, rows, asOf, readAt: asOf });
  return { scan: scanOf(path, all) };
}

function scanOf(path: string, columns: readonly string[]): string {
  return `(SELECT ${columns.map(identifier).join(", ")} FROM read_parquet(${literal(path)}))`;
}

function pathOf(context: RunContext, { file }: Pick<PresentRecord, "file">): string {
  return join(keptFolder(context, "present"), file);
}

/** The file is on the disk before the ledger names it, and the one before it goes when nothing names it any more. */
async function remember(
  { context, key, request, compiled }: Keeping,
  { path, ...told }: Pick<PresentRecord, "fields" | "rows" | "asOf" | "readAt"> & { path: string },
): Promise<void> {
  const { ledger, run } = context;
  const before = ledger.present.get(key);
  const file = `${run.id}-${compiled.stream.name}.parquet`;
  const linked = join(request.folder, file);
  rmSync(linked, { force: true });
  await linkFile(path, linked);
  const sha256 = await keepFile(linked, keptFolder(context, "present"));
  failpoint("present-kept");
  ledger.present.save({ ...key, ...told, file, sha256, run: run.id });
  failpoint("present-recorded");
  if (before !== undefined && before.file !== file) rmSync(pathOf(context, before), { force: true });
}
