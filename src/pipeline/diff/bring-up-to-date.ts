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

const toldIds = "SELECT _folded_ FROM told_changes UNION ALL SELECT _folded_ FROM told_gone";

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
  const kept = `read_parquet(${literal(copy)}, file_row_number = true)`;
  const scan = (paths: readonly string[]) =>
    `SELECT *, ${folded} AS _folded_ FROM ${scanCsvFiles(paths, [...all, goneColumn])}`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE told_changes AS ${scan(told.files)}`);
  if (told.later !== undefined) await takeLater(engine, scan(told.later));
  const present = `SELECT *, 'false' AS ${identifier(goneColumn)}, ${folded} AS _folded_ FROM ${scanCsvFiles(reread, all)}`;
  if (reread.length > 0) await takeLater(engine, present);
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE told_gone AS SELECT ${folded} AS _folded_ FROM ${scanCsvFiles([told.gone], [id])}`,
  );
  if ((await countRefusedRecords(engine)) > 0) return { why: "what changed can't be read" };
  // Of all that is kept only the ids are looked at, and once: by then a record is known by its place.
  await engine.run(`CREATE OR REPLACE TEMP TABLE told_kept AS SELECT * FROM
    (SELECT file_row_number AS place, ${folded} AS _folded_, ${version} AS version FROM ${kept})
    WHERE _folded_ IN (${toldIds})`);
  if (isLate) await engine.run(leaveOld(version));
  const isThere = `${identifier(goneColumn)} <> 'true'`;
  const hasKey = key === undefined ? "true" : `${identifier(key)} <> ''`;
  const there = `SELECT _folded_, ${columns} FROM told_changes WHERE ${isThere} AND ${hasKey}`;
  const replaced = `SELECT * FROM told_kept WHERE _folded_ IN (${toldIds})`;
  const others = `SELECT ${columns} FROM ${kept} WHERE file_row_number NOT IN (SELECT place FROM (${replaced}))`;
  const rows = await writeParquet(
    engine,
    `SELECT ${columns} FROM (${others} UNION ALL SELECT ${columns} FROM (${there}))`,
    path,
  );
  if (rows !== told.count)
    return {
      why: `the target counts ${countOf(told.count, "record")}, and they came to ${showCount(rows)}`,
      disagrees: true,
    };
  // What was kept has each record once, and nothing of it that is told.
  const counted = await engine.one(`SELECT
    (SELECT count(*) - count(DISTINCT _folded_) FROM (${there})) AS twice,
    (SELECT count(*) FROM (${there}) t ANTI JOIN told_kept k ON k._folded_ = t._folded_ AND k.version = t.${version}) AS changed,
    (SELECT count(*) FROM (${replaced}) k ANTI JOIN (${there}) n USING (_folded_)) AS deleted`);
  if (Number(counted["twice"]) > 0) return { why: "a record was told twice" };
  return { rows, changed: Number(counted["changed"]), deleted: Number(counted["deleted"]) };
}

/** What was read later of a record takes the place of what was read before. */
async function takeLater(engine: Engine, select: string): Promise<void> {
  await engine.run(`CREATE OR REPLACE TEMP TABLE told_later AS ${select}`);
  await engine.run("DELETE FROM told_changes WHERE _folded_ IN (SELECT _folded_ FROM told_later)");
  await engine.run("INSERT INTO told_changes SELECT DISTINCT ON (_folded_) * FROM told_later");
}

/** Whether a record is in a file twice. Of what is brought up to date it needs not be asked: it was not to begin with. */
export async function holdsTwice(engine: Engine, path: string, id: string): Promise<boolean> {
  const { twice } = await engine.one(
    `SELECT count(*) > count(DISTINCT ${foldId(identifier(id))}) AS twice FROM read_parquet(${literal(path)})`,
  );
  return twice === true;
}

/** An index that is behind tells of a record what it held before that was kept. */
function leaveOld(version: string): string {
  const at = (sql: string) => `try_cast(${sql} AS TIMESTAMPTZ)`;
  return `DELETE FROM told_changes t USING told_kept k
    WHERE k._folded_ = t._folded_ AND ${at("k.version")} > ${at(`t.${version}`)} AND t.${identifier(goneColumn)} <> 'true'`;
}
