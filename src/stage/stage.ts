// Staging: one pass over a part that maps, renders and validates its rows into a Parquet file of the run folder.
// In: a part, and the SQL that transform/ and validate/ wrote. Out: a view `stage_<n>` over all parts of a stream.
// What must hold: every record of the part is a row of the stage (good, rejected or filtered) or a broken record with
// its line; the row's position in its file is its position in the part, so that a reject can be traced back.

import { rmSync } from "node:fs";
import { identifier, literal } from "../core/sql.ts";
import type { Engine } from "./engine.ts";
import { readParquet, writeParquet } from "./parquet.ts";

export const rowState = { good: 0, rejected: 1, filtered: 2 } as const;

export interface StagePass {
  /** SELECT that yields `r:`, `s:` and typed columns, `_line_` and `_kept_`. */
  mapped: string;
  problem: string;
  warning: string;
  /** Quoted names: [rendered column, name in the stage]. */
  fields: [string, string][];
  /** Quoted source columns to keep of a rejected row, in the part's order. */
  sources: string[];
  /** Columns of `mapped` to keep as they are. */
  kept: string[];
  /** Where the Parquet goes. */
  file: string;
}

export async function stagePart(engine: Engine, pass: StagePass): Promise<void> {
  const rendered = pass.fields.map(([column]) => column).join(", ");
  const checked = `SELECT *, ${pass.problem} AS _problem_, ${pass.warning} AS _warning_ FROM (${pass.mapped})`;
  const rows = `SELECT
      CAST(CASE WHEN NOT _kept_ THEN ${rowState.filtered} WHEN _problem_ IS NOT NULL THEN ${rowState.rejected}
        ELSE ${rowState.good} END AS UTINYINT) AS _state_,
      CASE WHEN _kept_ THEN _problem_ END AS _problem_,
      CASE WHEN _kept_ THEN _warning_ END AS _warning_,
      CASE WHEN _kept_ AND _problem_ IS NOT NULL THEN [${pass.sources.join(", ")}] END AS _source_,
      ${["_line_", ...pass.kept].join(", ")}, hash(${rendered}) AS _hash_,
      ${pass.fields.map(([column, name]) => `${column} AS ${name}`).join(", ")}
    FROM (${checked})`;
  await writeParquet(engine, rows, pass.file, "disposable");
}

/** A view over the staged parts of a stream with `_row_` (0-based over all parts) and `_part_`. Gives the row counts. */
export async function createStageView(
  engine: Engine,
  view: string,
  files: readonly { ordinal: number; path: string }[],
): Promise<Map<number, number>> {
  const rows = new Map<number, number>();
  const parts: StagedFile[] = [];
  let offset = 0;
  for (const { ordinal, path } of files) {
    const { count } = await engine.one(`SELECT count(*) AS count FROM ${readParquet(path)}`);
    rows.set(ordinal, Number(count));
    parts.push({ ordinal, path, offset });
    offset += Number(count);
  }
  const select = parts.length <= unionPartsMax ? uniteParts(parts) : await mergeParts(engine, parts);
  await engine.run(`CREATE OR REPLACE VIEW ${identifier(view)} AS ${select}`);
  return rows;
}

interface StagedFile {
  ordinal: number;
  path: string;
  /** Rows of the parts before it. */
  offset: number;
}

/** Beyond, each of the many passes over the view would open so many files: 2,000 took minutes (measured). */
const unionPartsMax = 16;

function uniteParts(parts: readonly StagedFile[]): string {
  const selects = parts.map(
    ({ ordinal, path, offset }) => `SELECT * EXCLUDE (file_row_number), file_row_number + ${offset} AS _row_,
      file_row_number AS _position_, CAST(${ordinal} AS USMALLINT) AS _part_ FROM ${readParquet(path)}`,
  );
  return selects.join(" UNION ALL ");
}

/** Many small parts as a few files. */
async function mergeParts(engine: Engine, parts: readonly StagedFile[]): Promise<string> {
  const size = Math.ceil(parts.length / unionPartsMax);
  const selects: string[] = [];
  for (let from = 0; from < parts.length; from += size) {
    const group = parts.slice(from, from + size);
    const path = `${group[0]?.path}.merged`;
    await writeParquet(engine, uniteParts(group), path, "disposable");
    for (const part of group) rmSync(part.path);
    selects.push(`SELECT * FROM read_parquet(${literal(path)})`);
  }
  return selects.join(" UNION ALL ");
}

/** What strict reading refused in the last pass: 0 means that every record became a row. */
export async function countRefusedRecords(engine: Engine): Promise<number> {
  const { tables } = await engine.one(
    "SELECT count(*) AS tables FROM duckdb_tables() WHERE table_name = 'reject_errors'",
  );
  if (Number(tables) === 0) return 0;
  const { refused } = await engine.one("SELECT count(*) AS refused FROM reject_errors");
  await engine.run("DROP TABLE reject_errors");
  await engine.run("DROP TABLE IF EXISTS reject_scans");
  return Number(refused);
}
