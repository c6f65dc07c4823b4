// Records that several values of the key name: a contact with a second address. In: the target's present records, and the
// same once more by their other names. Out: each record under the one name by which the source calls it.
// What must hold: rows that call one record by two names are left behind, as rows that share a key are.

import { problemStart } from "../../core/problem.ts";
import { identifier, literal } from "../../core/sql.ts";
import { foldKey, type KeyField, keysTable, leftBehindTable } from "../../diff/keys.ts";
import type { Engine } from "../../stage/engine.ts";

export interface AliasInput {
  engine: Engine;
  stage: string;
  key: readonly KeyField[];
  idColumn: string;
  /** Table functions with the same columns. */
  scan: string;
  aliases: string;
  isKeyHidden: boolean;
}

/** Gives what stands for the scan from now on. */
export async function nameByAliases(input: AliasInput): Promise<string> {
  const { engine, stage, key, idColumn, scan, aliases, isKeyHidden } = input;
  const id = identifier(idColumn);
  const named = `SELECT ${foldKey(key)} FROM ${identifier(stage)}`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE aliases AS SELECT DISTINCT ON (${id}, ${foldKey(key)}) * FROM ${aliases}
    WHERE ${foldKey(key)} IN (${named})`);
  const { count } = await engine.one("SELECT count(*) AS count FROM aliases");
  if (Number(count) === 0) return scan;
  const names = key.map(({ name }) => name).join(", ");
  await engine.run(`INSERT INTO ${leftBehindTable} SELECT _row_, ${literal(`${problemStart(names, "unique_key")}the key `)} || ${isKeyHidden ? "''" : `'"' || shown || '" '`} ||
      'and ' || (rows - 1) || ' other of this run name one record, ' || id || ': only one row may'
    FROM (SELECT k._row_, k._shown_ AS shown, p.id, count(*) OVER (PARTITION BY p.id) AS rows
      FROM (SELECT ${id} AS id, ${foldKey(key)} AS key FROM (SELECT * FROM ${scan} UNION ALL SELECT * FROM aliases)
        WHERE ${id} IN (SELECT ${id} FROM aliases)) p JOIN ${keysTable} k ON k._key_ = p.key) WHERE rows > 1`);
  return `(SELECT * FROM ${scan} WHERE ${id} NOT IN (SELECT ${id} FROM aliases)
    UNION ALL SELECT DISTINCT ON (${id}) * FROM aliases ORDER BY ALL)`;
}
