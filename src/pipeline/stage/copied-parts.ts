// Parts of a stream that looks something up. A join loses the order of its rows, and what is asked for must be known before
// the rows are mapped, so a part is first copied as it is read, each row with its place; then keys are gathered from the
// copies, looked up, and the copies staged. In: copies. Out: staged parts in their place. Must hold: a part is read once.

import { renameSync } from "node:fs";
import { askedName, lookupKeyName, sourceName } from "../../core/columns.ts";
import type { Part } from "../../core/model.ts";
import { identifier, literal, tried } from "../../core/sql.ts";
import { fileColumn } from "../../stage/csv-scan.ts";
import { orWhereDataFails } from "../../stage/engine.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { lineColumn } from "../../stage/record-copy.ts";
import { mapRows } from "../../transform/mapping.ts";
import type { CompiledLookup } from "../compile/compiled-lookup.ts";
import { joinFound, keyLookups, lookupColumns } from "./join-lookups.ts";
import { absentColumns, lookupsOf, type PartInput, type Scan, scanPart, stageWithFallback } from "./stage-part.ts";

/**
 * What is looked up, once a run. `wanted`: a table with `key`, `rows` (how many have it) and what to ask for, `asked_0`, …
 * Gives a SELECT of `key`, `value`, `hits` and `candidates`, a row for each key that is found.
 */
export type ResolveLookup = (lookup: CompiledLookup, wanted: string) => Promise<string>;

export interface CopiedPart {
  path: string;
  /** Or the first of several, which have the same columns. */
  part: Part;
  hasLines: boolean;
  /** Of several parts, whose rows are numbered already. */
  isGathered: boolean;
}

/** Name of the table of the keys that rows have of a lookup, once they are staged: key, rows, asked_0, … */
export function wantedKeys(lookup: number): string {
  return identifier(`wanted:${lookup}`);
}

/** Its columns as they came. */
export async function copyPart({ engine }: PartInput, part: Part, scan: Scan, path: string): Promise<void> {
  const columns = part.columns.map((name) => `${identifier(name)} AS ${sourceName(name)}`);
  if (scan.hasLines) columns.push(`${identifier(lineColumn)} AS _line_`);
  if (scan.hasFiles === true) columns.push(`${identifier(fileColumn)} AS _file_`);
  await writeParquet(engine, `SELECT ${columns.join(", ")} FROM ${scan.scan}`, path, "disposable");
}

/** Puts the staged part in the place of each copy. */
export async function stageCopies(
  input: PartInput & { tables: Map<number, string>; resolveLookup: ResolveLookup },
  copies: readonly CopiedPart[],
): Promise<void> {
  const { compiled, tables } = input;
  for (const lookup of compiled.lookups) {
    const wanted = wantedKeys(lookup.index);
    await gatherKeys(input, lookup, copies, wanted);
    tables.set(lookup.index, await input.resolveLookup(lookup, wanted));
  }
  for (const copy of copies) {
    const staged = `${copy.path}.staged`;
    await stageWithFallback(input, copy.part, scanCopy(copy), staged);
    renameSync(staged, copy.path);
  }
}

/** Plainly first, for trying each row takes several times as long; where an expression fails on some row, with care. */
async function gatherKeys(
  input: PartInput,
  lookup: CompiledLookup,
  copies: readonly CopiedPart[],
  wanted: string,
): Promise<void> {
  const gather = async (careful: boolean) => {
    const keys = await selectWanted(input, lookup, copies, careful);
    await input.engine.run(`CREATE OR REPLACE TEMP TABLE ${wanted} AS ${keys}`);
  };
  await orWhereDataFails(
    () => gather(false),
    () => gather(true),
  );
}

function scanCopy({ path, part, hasLines, isGathered }: CopiedPart): Scan {
  const columns = part.columns.map((name) => `${sourceName(name)} AS ${identifier(name)}`);
  if (hasLines) columns.push(`_line_ AS ${identifier(lineColumn)}`);
  const places = isGathered
    ? ["_at_", "_position_", "_part_"]
    : ["file_row_number", "file_row_number", `CAST(${part.ordinal} AS USMALLINT)`];
  columns.push(...["l:at", "l:position", "l:part"].map((name, index) => `${places[index]} AS ${identifier(name)}`));
  const file = isGathered ? `read_parquet(${literal(path)})` : readParquet(path);
  return { scan: `(SELECT ${columns.join(", ")} FROM ${file})`, hasLines, isPlaced: true };
}

/** SELECT of the keys that rows have, those of rows that `keep` leaves out aside. */
async function selectWanted(
  input: PartInput,
  lookup: CompiledLookup,
  copies: readonly CopiedPart[],
  careful: boolean,
): Promise<string> {
  const key = lookupKeyName(lookup.index);
  // Only a system is asked by its own rendering of the key.
  const parts = lookup.table.kind === "object" ? lookup.keys : [];
  const asked = parts.map((_, part) => [askedName(lookup.index, part), `asked_${part}`] as const);
  const selects: string[] = [];
  for (const copy of copies) {
    const columns = [key, ...asked.map(([name]) => name)].join(", ");
    selects.push(`SELECT ${columns} FROM ${await keyedRows(input, lookup, copy, careful)} WHERE ${key} IS NOT NULL`);
  }
  const rows = selects.length === 0 ? nothing(key, asked) : selects.join(" UNION ALL ");
  const columns = [`${key} AS key`, "count(*) AS rows", ...asked.map(([name, as]) => `min(${name}) AS ${as}`)];
  return `SELECT ${columns.join(", ")} FROM (${rows}) GROUP BY 1`;
}

function nothing(key: string, asked: readonly (readonly [string, string])[]): string {
  const nulls = [key, ...asked.map(([name]) => name)].map((name) => `CAST(NULL AS VARCHAR) AS ${name}`);
  return `SELECT ${nulls.join(", ")} LIMIT 0`;
}

/** Rows that are kept, with the key of a lookup. What fails has none. */
async function keyedRows(
  { compiled, tables, findCertain }: PartInput,
  lookup: CompiledLookup,
  copy: CopiedPart,
  careful: boolean,
): Promise<string> {
  const absent = absentColumns(compiled, copy.part);
  const { scan } = scanPart(compiled, copy.part, scanCopy(copy));
  const lookups = lookupsOf(compiled, absent);
  const keep = compiled.stream.keep?.sql;
  const own = { lookups: [lookup], careful, absent: lookups.absent };
  if (lookup.of === "field") {
    const sql = `(${keep}\n)`;
    const isKept = careful ? `coalesce(${tried(sql)}, true)` : `coalesce(${sql}, false)`;
    const kept = keep === undefined ? scan : `(SELECT * FROM ${scan} WHERE ${isKept})`;
    return keyLookups({ ...own, scan: kept });
  }
  const keyed = keyLookups({ scan, lookups: lookups.ofFields, careful, absent: lookups.absent });
  const mapped = mapRows({
    scan: joinFound(keyed, lookups.ofFields, tables),
    handed: lookupColumns(lookups.ofFields, careful),
    fields: compiled.fields.filter(({ field }) => lookup.columns.has(field.target)),
    absent,
    ...(keep === undefined ? {} : { keep }),
    ...(careful ? { careful: await findCertain() } : {}),
  });
  return keyLookups({ ...own, scan: `(SELECT * FROM (${mapped}) WHERE _kept_)` });
}
