// Records that a stream has taken, so that those that are gone can be told (`deletes: compare`). In: the keys of all records
// of a source, and those that were known before. Out: a part of the rows of deleted records, as a source that tells
// deletions gives them; after the load, what is known from then on. Must hold: a record counts as deleted only where the
// source was read in full and has it no more, whatever its `where`; one whose deletion did not arrive stays known, and
// what is known moves with the watermark.

import { statSync } from "node:fs";
import { join } from "node:path";
import type { PartRecord, Watermark } from "../../checkpoint/ledger.ts";
import type { RecordSchema } from "../../contract/records.ts";
import { countOf } from "../../core/counted.ts";
import { usageFailure } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import { hashFile, syncFile } from "../../core/files.ts";
import { hasRecords, keysColumns, keysLocator } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import { copiedCsv } from "../../formats/format.ts";
import type { Stream } from "../../job/job.ts";
import { scanCsv } from "../../stage/csv-scan.ts";
import { writeParquet } from "../../stage/parquet.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { fetchKept, keepFile, keptFolder } from "../run/kept-file.ts";
import { verifyRunFile } from "../run/run-files.ts";

/** The locator of the part that is made here. */
const deletedLocator = "deleted";

const [idName, withinName] = keysColumns;

/**
 * The columns that a deleted record's row has beside its id: those that name it in the target, and those that `keep` asks.
 * Undefined where deletions are not told by comparison.
 */
export function comparedColumns(
  { stream, fields, keepColumns }: CompiledStream,
  schema: RecordSchema,
): string[] | undefined {
  const { source, target } = stream;
  if (source.kind !== "object" || source.deletes !== "compare") return undefined;
  if (schema.comparesKeys !== true) {
    throw usageFailure(`stream ${stream.name}: this system does not compare keys (source.deletes)`, {
      where: source.place,
      next: "mode mirror without incremental deletes what the source no longer has",
    });
  }
  const own = new Set([schema.idColumn, schema.versionColumn, ...schema.deletionColumns]);
  const naming = fields.filter(({ field }) => target.key.includes(field.target)).flatMap(({ columns }) => columns);
  return [...new Set([...naming, ...keepColumns])].filter((name) => !own.has(name));
}

/** The parts that have rows, with one of the records that are gone where there are any. In the ledger before it is read. */
export async function addDeleted(
  context: RunContext,
  stream: Stream,
  parts: readonly PartRecord[],
  { schema, mark }: { schema: RecordSchema; mark: Watermark | undefined },
): Promise<PartRecord[]> {
  const rest = parts.filter(hasRecords);
  const keys = parts.find(({ locator }) => locator === keysLocator);
  if (keys === undefined || rest.some(({ locator }) => locator === deletedLocator)) return rest;
  await refuseShared(context, stream, keys);
  const known = await fetchKnown(context, stream, mark);
  if (known === undefined) return rest;
  const { engine, ledger, run } = context;
  const path = join(subfolder(context, "extract", stream.name), "deleted.csv");
  const asked = keys.columns.slice(keysColumns.length).filter((name) => known.columns.includes(name));
  const cells = [
    `${idOf} AS ${identifier(schema.idColumn)}`,
    `NULL AS ${identifier(schema.versionColumn)}`,
    ...schema.deletionColumns.map((name) => `'true' AS ${identifier(name)}`),
    ...asked.map((name) => `${cellOf(name)} AS ${identifier(name)}`),
  ];
  // What a query gives may name several rows alike, and what an earlier version kept may have no name: it is found nowhere.
  const named = `(SELECT * FROM ${known.scan} WHERE ${idOf} IS NOT NULL)`;
  const gone = `(SELECT DISTINCT ON (${idOf}) * FROM ${named} ANTI JOIN ${idsThere(keys)} USING (${idOf}))`;
  await engine.run(`COPY (SELECT ${cells.join(", ")} FROM ${gone} ORDER BY ${idOf})
    TO ${literal(path)} (FORMAT csv, HEADER true, FORCE_QUOTE *, NULLSTR '')`);
  const columns = [schema.idColumn, schema.versionColumn, ...schema.deletionColumns, ...asked];
  const part = { ...emptyPart, path, columns, compressed: false };
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${scanCsv(part, copiedCsv)}`);
  if (Number(rows) === 0) return rest;
  syncFile(path);
  const deleted: PartRecord = {
    ...part,
    ordinal: Math.max(...parts.map(({ ordinal }) => ordinal)) + 1,
    label: `${schema.object}, deleted`,
    bytes: statSync(path).size,
    sha256: await hashFile(path),
    rows: Number(rows),
  };
  ledger.addParts(run.id, stream.name, [deleted]);
  failpoint("deleted-told");
  context.emit({
    type: "part-extracted",
    stream: stream.name,
    label: deleted.label,
    bytes: deleted.bytes,
    sha256: deleted.sha256,
  });
  return [...rest, deleted];
}

/** Throws a Failure (2) where several records have one key: while one of them is there, none would count as gone. */
async function refuseShared({ engine }: RunContext, { name, source }: Stream, keys: PartRecord): Promise<void> {
  const shared = `SELECT ${idOf}, count(*) AS rows FROM ${idsThere(keys)} WHERE ${idOf} IS NOT NULL GROUP BY ${idOf} HAVING count(*) > 1`;
  const { id, rows, more } = await engine.one(
    `SELECT min(${idOf}) AS id, arg_min(rows, ${idOf}) AS rows, sum(rows) - count(*) AS more FROM (${shared})`,
  );
  if (id === null) return;
  throw usageFailure(`stream ${name}: ${countOf(Number(more), "record")} more than there are keys: several share one`, {
    where: source.place,
    why: `deletes: compare tells by its key that a record is gone, and ${rows} have the key ${String(id)}`,
    next: "source.key: all columns that tell records apart, none of them NULL in several; in a query each record once",
  });
}

const emptyPart = { locator: deletedLocator, suspect: false, careful: false };

/**
 * What is known once the stream is settled: what it takes and is there, what it took before and is there still, and
 * what is gone and whose deletion did not arrive (`unsettled`, ids).
 */
export async function keepKnown(
  context: RunContext,
  stream: Stream,
  mark: Watermark | undefined,
  unsettled: readonly string[],
): Promise<{ file: string; sha256: string } | undefined> {
  const { engine, ledger, run } = context;
  const keys = ledger.parts(run.id, stream.name).find(({ locator }) => locator === keysLocator);
  if (keys === undefined) return undefined;
  await verifyRunFile({ run: run.id, what: keys.label, path: keys.path, sha256: keys.sha256 });
  const known = await fetchKnown(context, stream, mark);
  const names = keys.columns.slice(keysColumns.length);
  const there = `SELECT ${identifier(idName)} AS ${idOf}, ${identifier(withinName)} = 'true' AS within_,
    ${names.map((name) => `${identifier(name)} AS ${cellOf(name)}, `).join("")} FROM ${scanCsv(keys, copiedCsv)}`;
  const cells = names.map(cellOf);
  const own = [idOf, ...cells].join(", ");
  const rows =
    known === undefined
      ? [`SELECT ${own} FROM (${there}) WHERE within_`]
      : [
          `SELECT ${own} FROM (${there}) WHERE within_`,
          `SELECT ${own} FROM (${there}) SEMI JOIN (SELECT ${idOf} FROM ${known.scan}) USING (${idOf}) WHERE NOT within_`,
          `SELECT ${[idOf, ...names.map((name) => (known.columns.includes(name) ? cellOf(name) : `NULL AS ${cellOf(name)}`))].join(", ")}
            FROM ${known.scan} ANTI JOIN ${idsThere(keys)} USING (${idOf})
            WHERE ${idOf} IN (SELECT unnest(CAST([${unsettled.map(literal).join(", ")}] AS VARCHAR[])))`,
        ];
  const file = `${run.id}-${stream.name}.parquet`;
  const path = join(subfolder(context, "stage"), file);
  await writeParquet(engine, rows.join(" UNION ALL "), path);
  return { file, sha256: await keepFile(path, keptFolder(context, "known")) };
}

export function listOutdatedKnown(
  context: RunContext,
  mark: Watermark | undefined,
  file: string | undefined,
): string[] {
  const old = mark?.knownFile ?? null;
  return old === null || old === file ? [] : [join(keptFolder(context, "known"), old)];
}

const idOf = "_id_";

function idsThere(keys: PartRecord): string {
  return `(SELECT ${identifier(idName)} AS ${idOf} FROM ${scanCsv(keys, copiedCsv)})`;
}

/** Of a source's column, whatever its name. */
function cellOf(name: string): string {
  return identifier(`c:${name}`);
}

/** Where the engine may read it. Undefined before the first run; where the file is lost, deletions are, and it is said. */
async function fetchKnown(
  context: RunContext,
  stream: Stream,
  mark: Watermark | undefined,
): Promise<{ scan: string; columns: string[] } | undefined> {
  const file = mark?.knownFile ?? null;
  if (mark === undefined || file === null) return undefined;
  const kept = join(keptFolder(context, "known"), file);
  const path = join(subfolder(context, "stage"), `known-${stream.name}.parquet`);
  const lost = await fetchKept(context.engine, { path: kept, sha256: mark.knownSha256 }, path);
  if (lost !== undefined) {
    const message = `${kept} is ${lost}: records that were deleted since ${mark.to} are not told; mode mirror without incremental finds them`;
    context.emit({ type: "warning", message: `${stream.name}: ${message}` });
    return undefined;
  }
  const scan = `read_parquet(${literal(path)})`;
  const columns = await context.engine.all(`SELECT column_name AS name FROM (DESCRIBE SELECT * FROM ${scan})`);
  return {
    scan,
    columns: columns.map(({ name }) => String(name)).flatMap((name) => (name.startsWith("c:") ? [name.slice(2)] : [])),
  };
}
