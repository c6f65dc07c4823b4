// Staging: one pass over a part that maps, renders and validates its rows into a Parquet file of the run folder.
// In: a part, and the SQL that transform/ and validate/ wrote. Out: a view `stage_<n>` over all parts of a stream.
// What must hold: every record of the part is a row of the stage (good, rejected or filtered) or a broken record with
// its line; the row's position in its file is its position in the part, so that a reject can be traced back.

import { renameSync, rmSync } from "node:fs";
import { identifier, literal } from "../core/sql.ts";
import { type Engine, EngineError, orWhereDataFails } from "./engine.ts";
import { readParquet, writeParquet } from "./parquet.ts";

export const rowState = { good: 0, rejected: 1, filtered: 2 } as const;

export interface StagePass {
  /** SELECT that yields `r:`, `s:` and typed columns, `_line_` and `_kept_`. */
  mapped: string;
  /** VARCHAR[]: NULL for a good row. */
  problems: string;
  /** The same for a row without any. */
  warnings: string;
  /** Quoted names: [rendered column, name in the stage]. */
  fields: [string, string][];
  /** Rendered columns that are compared with what a target has, in its order. */
  hashed: string[];
  /** Quoted source columns to keep of a rejected row, in the part's order. */
  sources: string[];
  /** Of a text file: SQL over them that counts the lines of cells that are very long (long-cells.ts). */
  breaks?: string;
  /** SQL that counts the values of a row that were rounded. */
  rounded?: string;
  /** Columns of `mapped` to keep as they are. */
  kept: string[];
  /** Where the Parquet goes. */
  file: string;
}

export async function stagePart(engine: Engine, pass: StagePass): Promise<void> {
  const checked = `SELECT *, ${pass.problems} AS _problems_, ${pass.warnings} AS _warnings_ FROM (${pass.mapped})`;
  const rows = `SELECT
      CAST(CASE WHEN NOT _kept_ THEN ${rowState.filtered} WHEN _problems_ IS NOT NULL THEN ${rowState.rejected}
        ELSE ${rowState.good} END AS UTINYINT) AS _state_,
      CASE WHEN _kept_ THEN _problems_ END AS _problems_,
      CASE WHEN _kept_ AND _problems_ IS NULL THEN _warnings_ END AS _warnings_,
      CASE WHEN _kept_ AND _problems_ IS NOT NULL THEN [${pass.sources.join(", ")}] END AS _source_,
      ${pass.breaks ?? "CAST(NULL AS BIGINT)"} AS _breaks_,${
        pass.rounded === undefined
          ? ""
          : `
      CASE WHEN _kept_ THEN ${pass.rounded} END AS _rounded_,`
      }
      ${["_line_", ...pass.kept].join(", ")}, hash(${pass.hashed.join(", ")}) AS _hash_,
      ${pass.fields.map(([column, name]) => `${column} AS ${name}`).join(", ")}
    FROM (${checked})`;
  await writeParquet(engine, rows, pass.file, "disposable");
}

/** A part that was staged together with others. */
export interface Member {
  ordinal: number;
  path: string;
}

/**
 * Numbers the rows of a file that several parts were staged into, by the path in `_file_`: for each its part, its place
 * there, and its place in the file. False where the engine did not read one part after the other.
 */
export async function numberRows(engine: Engine, path: string, members: readonly Member[]): Promise<boolean> {
  const ordinals = new Map(members.map((member) => [member.path, member.ordinal]));
  const found = await engine.all(`SELECT _file_ AS file, count(*) AS rows, min(file_row_number) AS first,
    max(file_row_number) AS last FROM ${readParquet(path)} GROUP BY ALL ORDER BY first`);
  const inOrder = found.map(({ file }) => ordinals.get(String(file)) ?? 0);
  if (inOrder.some((ordinal, index) => ordinal <= (inOrder[index - 1] ?? 0))) return false;
  if (found.some(({ rows, first, last }) => Number(last) - Number(first) + 1 !== rows)) return false;
  const firstOf = new Map(found.map(({ file, first }) => [file, first]));
  // A part without rows has no first one.
  const parts = members.map(({ path, ordinal }) => `(${literal(path)}, ${firstOf.get(path) ?? 0}, ${ordinal})`);
  const numbered = `SELECT s.* EXCLUDE (_file_, file_row_number), file_row_number AS _at_,
      file_row_number - first AS _position_, CAST(part AS USMALLINT) AS _part_
    FROM ${readParquet(path)} s JOIN (VALUES ${parts.join(", ")}) p(file, first, part) ON file = _file_`;
  await writeParquet(engine, numbered, `${path}.numbered`, "disposable");
  renameSync(`${path}.numbered`, path);
  return true;
}

/** Parquet of a part, or of several: then `numberRows` has said which row is of which. */
export interface StagedFile {
  path: string;
  ordinals: readonly number[];
  /** Each row has its own place, as where several parts are in the file: it may stand anywhere. */
  isNumbered?: true;
}

/** A view over the staged parts of a stream with `_row_` (0-based over all parts) and `_part_`. Gives the row counts. */
export async function createStageView(
  engine: Engine,
  view: string,
  files: readonly StagedFile[],
): Promise<Map<number, number>> {
  const rows = new Map<number, number>();
  const selects: PlacedFile[] = [];
  let offset = 0;
  for (const file of files) {
    selects.push({ path: file.path, select: selectRows(file, offset) });
    // Of one part the file itself says how many rows it has: nothing is read for it.
    const [part, by] = isNumbered(file) ? ["_part_", "GROUP BY _part_"] : [file.ordinals[0], ""];
    const counts = `SELECT ${part} AS part, count(*) AS count FROM ${readParquet(file.path)} ${by}`;
    for (const found of await engine.all(counts)) {
      rows.set(Number(found["part"]), Number(found["count"]));
      offset += Number(found["count"]);
    }
  }
  const select = selects.length <= unionFilesMax ? unite(selects) : await mergeFiles(engine, selects);
  await engine.run(`CREATE OR REPLACE VIEW ${identifier(view)} AS ${select}`);
  return rows;
}

function isNumbered(file: StagedFile): boolean {
  return file.isNumbered === true || file.ordinals.length > 1;
}

interface PlacedFile {
  path: string;
  /** Its rows with their place among all. */
  select: string;
}

/** Beyond, each of the many passes over the view would open so many files: 2,000 took minutes (measured). */
const unionFilesMax = 16;

/** `offset`: rows of the files before it. */
function selectRows(file: StagedFile, offset: number): string {
  const { path, ordinals } = file;
  if (isNumbered(file)) {
    return `SELECT * EXCLUDE (_at_, _position_, _part_), _at_ + ${offset} AS _row_, _position_, _part_
      FROM read_parquet(${literal(path)})`;
  }
  return `SELECT * EXCLUDE (file_row_number), file_row_number + ${offset} AS _row_,
    file_row_number AS _position_, CAST(${ordinals[0]} AS USMALLINT) AS _part_ FROM ${readParquet(path)}`;
}

function unite(files: readonly PlacedFile[]): string {
  return files.map(({ select }) => select).join(" UNION ALL ");
}

/** Many small files as a few. */
async function mergeFiles(engine: Engine, files: readonly PlacedFile[]): Promise<string> {
  const size = Math.ceil(files.length / unionFilesMax);
  const selects: string[] = [];
  for (let from = 0; from < files.length; from += size) {
    const group = files.slice(from, from + size);
    const path = `${group[0]?.path}.merged`;
    await writeParquet(engine, unite(group), path, "disposable");
    for (const file of group) rmSync(file.path);
    selects.push(`SELECT * FROM read_parquet(${literal(path)})`);
  }
  return selects.join(" UNION ALL ");
}

/** Reads strictly. False where the engine refused a record, or could not read the data. */
export async function readsAll(engine: Engine, read: () => Promise<void>): Promise<boolean> {
  const isRead = await orWhereDataFails(
    async () => {
      await read();
      return true;
    },
    () => false,
  );
  const refused = await countRefusedRecords(engine);
  return isRead && refused === 0;
}

/** Whether strict reading refuses records of a scan, which are counted then as those of a pass are. */
export async function refusesRecords(engine: Engine, scan: string): Promise<boolean> {
  await engine.all(`SELECT count(COLUMNS(*)) FROM ${scan}`);
  return (await refusedRecords(engine)) > 0;
}

/** What strict reading refused in the last pass: 0 means that every record became a row. */
export async function countRefusedRecords(engine: Engine): Promise<number> {
  const refused = await refusedRecords(engine);
  if (refused > 0) await forgetRefusedRecords(engine);
  return refused;
}

async function refusedRecords(engine: Engine): Promise<number> {
  // Asked of the table itself, which a pass without a CSV file does not make: to look for it among all tables takes longer.
  const counted = await engine.one("SELECT count(*) AS refused FROM reject_errors").catch((error: unknown) => {
    if (error instanceof EngineError && error.said.startsWith("Catalog Error")) return undefined;
    throw error;
  });
  return Number(counted?.["refused"] ?? 0);
}

/** Before a pass of which the refused records are counted. */
export async function forgetRefusedRecords(engine: Engine): Promise<void> {
  await engine.run("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans");
}
