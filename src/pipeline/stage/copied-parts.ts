// Parts of a stream that looks something up. What is asked for must be known before the rows are mapped, so the columns that
// keys come from are copied first; then keys are gathered from the copies and looked up, and the parts staged, or, where a
// lookup has many keys, copied whole, each row with its place, since a join loses the order of its rows. In: what reads
// parts. Out: staged parts. Must hold: keys are those of the very rows that are staged.

import { renameSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { askedName, lookupKeyName, sourceName } from "../../core/columns.ts";
import type { Part } from "../../core/model.ts";
import { triedOver, withNestedCalls } from "../../core/nested-rows.ts";
import { identifier, literal } from "../../core/sql.ts";
import { fileColumn } from "../../stage/csv-scan.ts";
import { orWhereDataFails } from "../../stage/engine.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { lineColumn } from "../../stage/record-copy.ts";
import { countRefusedRecords, numberRows } from "../../stage/stage.ts";
import { isAbsent, mapRows } from "../../transform/mapping.ts";
import type { CompiledLookup } from "../compile/compiled-lookup.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { computedOfSource } from "./computed-parts.ts";
import { joinFound, keyLookups, lookupColumns, lookupsOf } from "./join-lookups.ts";
import { type FoundTable, listFound } from "./listed-lookups.ts";
import {
  absentColumns,
  type PartInput,
  type Scan,
  type StagedPartFile,
  scanPart,
  stageStrictly,
  stageWithFallback,
  type WritePart,
} from "./stage-part.ts";

/**
 * What is looked up, once a run. `wanted`: a table with `key`, `rows` (how many have it) and what to ask for, `asked_0`, …
 * Gives a SELECT of `key`, `value`, `hits` and `candidates`, a row for each key that is found. `again`: the rows were read
 * otherwise before, so that what was found for them does not count.
 */
export type ResolveLookup = (lookup: CompiledLookup, wanted: string, again: boolean) => Promise<string>;

/** Parts that one pass has read, in their order: one, or several small ones of the same columns. */
export interface ReadParts {
  /** The file that the pass has written. */
  path: string;
  parts: readonly Part[];
  /** Of each part. */
  staged: readonly StagedPartFile[];
}

export interface LookedUpParts {
  read: ReadParts[];
  /** Each row has its own place: it may stand anywhere. */
  isNumbered: boolean;
}

export interface LookUpInput extends PartInput {
  tables: Map<number, FoundTable>;
  resolveLookup: ResolveLookup;
  /** Reads all parts of the stream and writes their rows. */
  readParts(write: WritePart): Promise<ReadParts[]>;
}

/** Name of the table of the keys that rows have of a lookup, once they are staged: key, rows, asked_0, … */
export function wantedKeys(lookup: number): string {
  return identifier(`wanted:${lookup}`);
}

/** Stages parts whose rows look something up. */
export async function stageLookingUp(input: LookUpInput): Promise<LookedUpParts> {
  const { compiled, tables } = input;
  const keys = await input.readParts((_, part, scan, path) =>
    copyColumns(input, scan, columnsOfKeys(compiled, part), path),
  );
  const copiedKeys = keys.map((read) => describeCopy(read, (part) => columnsOfKeys(compiled, part)));
  await findAll(input, copiedKeys, false);
  const isListed = [...tables.values()].every(({ listed }) => listed !== undefined);
  if (isListed && (await stageRead(input, keys))) return { read: keys, isNumbered: false };
  const whole = await input.readParts((_, part, scan, path) => copyColumns(input, scan, part.columns, path));
  const copies = whole.map((read) => describeCopy(read, (part) => part.columns));
  // With all of its columns a part may turn out to need care, and has other rows then.
  if (!isDeepStrictEqual(howRead(whole), howRead(keys))) await findAll(input, copies, true);
  for (const copy of copies) {
    const staged = `${copy.path}.staged`;
    await stageWithFallback(input, copy.part, scanCopy(copy), staged);
    renameSync(staged, copy.path);
  }
  return { read: whole, isNumbered: true };
}

/** Stages parts as they were read before. False where one of them can't be read so with all of its columns. */
async function stageRead(input: PartInput, read: readonly ReadParts[]): Promise<boolean> {
  const { engine } = input;
  for (const { path, parts, staged } of read) {
    const [part] = parts;
    const [file] = staged;
    if (part === undefined || file === undefined) continue;
    await countRefusedRecords(engine);
    const written = `${path}.staged`;
    if (!(await stageStrictly({ ...input, write: stageWithFallback }, part, file.scan, written))) return false;
    if (parts.length > 1 && !(await numberRows(engine, written, parts))) return false;
    renameSync(written, path);
  }
  return true;
}

function howRead(read: readonly ReadParts[]) {
  return read.map(({ parts, staged }) => parts.map(({ ordinal }, index) => [ordinal, staged[index]?.scan.hasLines]));
}

interface CopiedPart {
  path: string;
  /** Or the first of several, which have the same columns. */
  part: Part;
  /** Those that were copied. */
  columns: readonly string[];
  hasLines: boolean;
  /** Of several parts, whose rows are numbered already. */
  isGathered: boolean;
}

function describeCopy({ path, parts, staged }: ReadParts, columnsOf: (part: Part) => readonly string[]): CopiedPart {
  const [part] = parts;
  if (part === undefined) throw new Error("nothing was copied");
  const hasLines = staged[0]?.scan.hasLines === true;
  return { path, part, columns: columnsOf(part), hasLines, isGathered: parts.length > 1 };
}

/** Columns as they came, and what tells where a row is from. */
async function copyColumns({ engine }: PartInput, scan: Scan, names: readonly string[], path: string): Promise<void> {
  const columns = names.map((name) => `${identifier(name)} AS ${sourceName(name)}`);
  if (scan.hasLines) columns.push(`${identifier(lineColumn)} AS _line_`);
  if (scan.hasFiles === true) columns.push(`${identifier(fileColumn)} AS _file_`);
  await writeParquet(engine, `SELECT ${columns.join(", ")} FROM ${scan.scan}`, path, "disposable");
}

/** What decides which keys a row has, or whether it is taken. */
function columnsOfKeys({ lookups, fields, keepColumns }: CompiledStream, part: Part): string[] {
  const names = lookups.flatMap(({ of, columns }) => {
    if (of === "field") return [...columns.keys()];
    return fields.filter(({ field }) => columns.has(field.target)).flatMap((field) => field.columns);
  });
  const used = new Set([...names, ...keepColumns].map((name) => name.toLowerCase()));
  const found = part.columns.filter((name) => used.has(name.toLowerCase()));
  return found.length > 0 ? found : part.columns.slice(0, 1);
}

async function findAll(input: LookUpInput, copies: readonly CopiedPart[], again: boolean): Promise<void> {
  for (const lookup of input.compiled.lookups) {
    const wanted = wantedKeys(lookup.index);
    await gatherKeys(input, lookup, copies, wanted);
    const found = await input.resolveLookup(lookup, wanted, again);
    input.tables.set(lookup.index, await listFound(input.engine, lookup.index, found));
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

function scanCopy({ path, part, columns: copied, hasLines, isGathered }: CopiedPart): Scan {
  const columns = copied.map((name) => `${sourceName(name)} AS ${identifier(name)}`);
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
  const { scan } = scanPart(compiled, { ...copy.part, columns: [...copy.columns] }, scanCopy(copy));
  const lookups = lookupsOf(compiled, absent);
  const { keep } = compiled;
  const own = { lookups: [lookup], careful, absent: lookups.absent };
  if (lookup.of === "field") {
    const computed = computedOfSource(compiled, [], { ...lookups, ofFields: [lookup] });
    const source = withNestedCalls(scan, computed, careful);
    if (keep === undefined) return keyLookups({ ...own, scan: source });
    const isKept = careful ? `coalesce(${triedOver(keep)}, true)` : `coalesce((${keep.sql}\n), false)`;
    return keyLookups({ ...own, scan: `(SELECT * FROM ${source} WHERE ${isKept})` });
  }
  // The copy has no other columns than those.
  const fields = compiled.fields.filter(({ field }) => lookup.columns.has(field.target));
  const present = fields.filter(({ columns }) => !isAbsent(columns, absent));
  const source = withNestedCalls(scan, computedOfSource(compiled, present, lookups), careful);
  const keyed = keyLookups({ scan: source, lookups: lookups.ofFields, careful, absent: lookups.absent });
  const mapped = mapRows({
    scan: joinFound(keyed, lookups.ofFields, tables),
    handed: lookupColumns(lookups.ofFields, careful),
    fields,
    absent,
    ...(keep === undefined ? {} : { keep }),
    ...(careful ? { careful: await findCertain() } : {}),
  });
  const kept = `(SELECT * FROM (${mapped}) WHERE _kept_)`;
  return keyLookups({ ...own, scan: withNestedCalls(kept, lookup.from, careful) });
}
