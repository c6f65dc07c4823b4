// What records held before, brought up to what they hold now. In: the kept values, and what changed since. Out: all records
// that have the key, as a file. What must hold: each record is in it once, and they are as many as the target says.

import { type Changes, goneColumn } from "../../contract/present.ts";
import { identifier, literal } from "../../core/sql.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf, showCount } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import type { Engine } from "../../stage/engine.ts";
import { writeParquet } from "../../stage/parquet.ts";
import { countRefusedRecords } from "../../stage/stage.ts";

export interface KeptInput {
  id: string;
  /** Id, version, then the fields. */
  all: readonly string[];
  /** The field that all records in it have. */
  key: string | undefined;
  /** What was kept: Parquet. */
  copy: string;
  told: Changes;
  /** What is told may be older than what was kept. */
  isLate: boolean;
  /** Files of records that were read after that, as in a snapshot. */
  reread: readonly string[];
  /** What is written: Parquet. */
  path: string;
}

export interface CurrentRecords {
  rows: number;
  /** Records that are others than they were, or new. */
  changed: number;
  deleted: number;
}

export interface Unagreed {
  why: string;
  /** The counts do, which another reading may mend. */
  disagrees?: true;
}

/** Or why what was told can't be right. */
export async function bringUpToDate(
  engine: Engine,
  { id, all, key, copy, told, isLate, reread, path }: KeptInput,
): Promise<CurrentRecords | Unagreed> {
  const columns = all.map(identifier).join(", ");
  const folded = foldId(identifier(id));
  const version = identifier(all[1] ?? id);
  const kept = `(SELECT ${folded} AS folded, ${columns} FROM read_parquet(${literal(copy)}))`;
  const scan = (paths: readonly string[]) =>
    `SELECT *, ${folded} AS folded FROM ${scanCsvFiles(paths, [...all, goneColumn])}`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE told_changes AS ${scan(told.files)}`);
  if (told.later !== undefined) await takeLater(engine, scan(told.later));
  const present = `SELECT *, 'false' AS ${identifier(goneColumn)}, ${folded} AS folded FROM ${scanCsvFiles(reread, all)}`;
  if (reread.length > 0) await takeLater(engine, present);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE told_gone AS SELECT ${folded} AS folded FROM ${scanCsvFiles([told.gone], [id])}`,
  );
  if ((await countRefusedRecords(engine)) > 0) return { why: "what changed can't be read" };
  if (isLate) await engine.run(leaveOld(kept, version));
  const isThere = `${identifier(goneColumn)} <> 'true'`;
  const hasKey = key === undefined ? "true" : `${identifier(key)} <> ''`;
  const there = `SELECT folded, ${columns} FROM told_changes WHERE ${isThere} AND ${hasKey}`;
  const others = `SELECT folded, ${columns} FROM ${kept}
    WHERE folded NOT IN (SELECT folded FROM told_changes) AND folded NOT IN (SELECT folded FROM told_gone)`;
  const rows = await writeParquet(engine, `SELECT ${columns} FROM (${others} UNION ALL ${there})`, path);
  if (rows !== told.count)
    return {
      why: `the target counts ${countOf(told.count, "record")}, and they came to ${showCount(rows)}`,
      disagrees: true,
    };
  const counted = await engine.one(`SELECT
    (SELECT count(*) - count(DISTINCT ${folded}) FROM read_parquet(${literal(path)})) AS twice,
    (SELECT count(*) FROM (${there}) t ANTI JOIN ${kept} k ON k.folded = t.folded AND k.${version} = t.${version}) AS changed,
    (SELECT count(*) FROM ${kept} k ANTI JOIN (${there} UNION ALL ${others}) n USING (folded)) AS deleted`);
  if (Number(counted["twice"]) > 0) return { why: "a record was told twice" };
  return { rows, changed: Number(counted["changed"]), deleted: Number(counted["deleted"]) };
}

/** What was read later of a record takes the place of what was read before. */
async function takeLater(engine: Engine, select: string): Promise<void> {
  await engine.run(`CREATE OR REPLACE TEMP TABLE told_later AS ${select}`);
  await engine.run("DELETE FROM told_changes WHERE folded IN (SELECT folded FROM told_later)");
  await engine.run("INSERT INTO told_changes SELECT DISTINCT ON (folded) * FROM told_later");
}

/** An index that is behind tells of a record what it held before that was kept. */
function leaveOld(kept: string, version: string): string {
  const at = (of: string) => `try_cast(${of}.${version} AS TIMESTAMPTZ)`;
  return `DELETE FROM told_changes t USING ${kept} k
    WHERE k.folded = t.folded AND ${at("k")} > ${at("t")} AND t.${identifier(goneColumn)} <> 'true'`;
}
