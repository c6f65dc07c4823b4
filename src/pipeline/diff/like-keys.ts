// Keys that are not equal, and that the target may take for one all the same: "Straße" and "STRASSE", a full-width letter
// and a plain one. In: the rows that go on, the target's present records, what matched. Out: rows left behind, with both
// keys.
// What must hold: a row whose key a record has exactly goes on; of the others none is created that may be there already.

import { join } from "node:path";
import { problemStart } from "../../core/problem.ts";
import { writeRecordFile } from "../../core/record-file.ts";
import { literal } from "../../core/sql.ts";
import { keysTable, leftBehindTable } from "../../diff/keys.ts";
import { type CompareInput, recordKeys, unusualName } from "../../diff/match.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import type { Engine } from "../../stage/engine.ts";
import { isPlainSql, likeness } from "../../values/fold.ts";

/** Rows left behind, and how many of them may stand for a record that is there. */
export interface LikeKeys {
  rows: number;
  ofRecords: number;
}

/**
 * Leaves behind the rows whose key is like another one; `matches` is a scan of what `matchKeys` gave. Nearly always no
 * key has a letter for which that matters, and only narrow columns are read to know it.
 */
export async function refuseLikeKeys(
  engine: Engine,
  compare: CompareInput,
  { matches, folder, isKeyHidden }: { matches: string; folder: string; isKeyHidden: boolean },
): Promise<LikeKeys> {
  const { key } = compare;
  const target = compare.snapshot === undefined ? "SELECT CAST(NULL AS VARCHAR) AS key LIMIT 0" : recordKeys(compare);
  // Folding leaves a key plain, or not.
  await engine.run(`CREATE OR REPLACE TEMP TABLE unusual_keys AS
    SELECT _key_ AS key FROM ${keysTable} WHERE NOT ${isPlainSql("_shown_")}
    UNION SELECT ${unusualName} FROM ${matches} WHERE ${unusualName} IS NOT NULL`);
  const { count } = await engine.one("SELECT count(*) AS count FROM unusual_keys");
  if (Number(count) === 0) return { rows: 0, ofRecords: 0 };
  const path = join(folder, "likeness.csv");
  const caseSensitive = key.every((field) => field.caseSensitive);
  await writeRecordFile(path, ["key", "likeness"], likenessOf(engine, caseSensitive));
  const likened = scanCsvFiles([path], ["key", "likeness"]);
  await engine.run(`CREATE OR REPLACE TEMP TABLE like_keys AS SELECT key, likeness FROM ${likened}`);
  // A plain key is like itself.
  const all = (keys: string) => `SELECT key, likeness FROM (${keys}) JOIN like_keys USING (key)
    UNION SELECT key, key FROM (${keys}) WHERE ${isPlainSql("key")} AND key IN (SELECT likeness FROM like_keys)`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE target_keys AS ${all(target)}`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE source_keys AS ${all(`SELECT _key_ AS key FROM ${keysTable}`)}`);
  const others = "SELECT key, likeness FROM target_keys UNION SELECT key, likeness FROM source_keys";
  const names = key.map(({ name }) => name).join(", ");
  const both = isKeyHidden
    ? "'the key may be that of another row or record"
    : `'the key "' || k._shown_ || '" may be the same as "' || replace(r.other, chr(31), ', ') || '"`;
  const before = await countLeftBehind(engine);
  await engine.run(`INSERT INTO ${leftBehindTable} SELECT k._row_, ${literal(problemStart(names, "likeness"))} ||
      ${both} to the target, or not: they differ only in how letters are written'
    FROM ${keysTable} k JOIN (SELECT a.key, min(b.key) AS other FROM source_keys a JOIN (${others}) b ON a.likeness = b.likeness AND a.key <> b.key
      WHERE a.key NOT IN (SELECT key FROM target_keys) GROUP BY 1) r ON r.key = k._key_`);
  const rows = (await countLeftBehind(engine)) - before;
  if (rows === 0) return { rows, ofRecords: 0 };
  const { records } = await engine.one(`SELECT count(*) AS records FROM source_keys
    WHERE key NOT IN (SELECT key FROM target_keys) AND likeness IN (SELECT likeness FROM target_keys)`);
  return { rows, ofRecords: Number(records) };
}

async function countLeftBehind(engine: Engine): Promise<number> {
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${leftBehindTable}`);
  return Number(rows);
}

async function* likenessOf(engine: Engine, caseSensitive: boolean): AsyncGenerator<string[]> {
  for await (const key of engine.texts("SELECT key FROM unusual_keys ORDER BY key", "key")) {
    yield [key, likeness(key, caseSensitive)];
  }
}
