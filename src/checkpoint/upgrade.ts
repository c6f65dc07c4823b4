// A ledger that an older loadline wrote, made one of this version. What must hold: every row is checked by its old hash
// before it gets a new one, so that damage is noticed as if nothing had changed; all of it is one transaction.

import type { DatabaseSync } from "../core/sqlite.ts";
import { addedColumns, ledgerVersion, type TableName, tables } from "./ledger-schema.ts";
import { type Cells, damaged, hashOf } from "./table.ts";

/** Adds the columns that came after a version. Throws a Failure where a row is damaged, and changes nothing then. */
export function upgrade(database: DatabaseSync, version: number): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const added of addedColumns.filter((added) => added.version > version)) addColumns(database, added);
    database.exec(`PRAGMA user_version = ${ledgerVersion}`);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function addColumns(database: DatabaseSync, added: (typeof addedColumns)[number]): void {
  const { table, columns } = added;
  const names = Object.keys(columns);
  const known: readonly string[] = tables[table].columns;
  const before = known.slice(0, known.indexOf(names[0] ?? ""));
  const rows = database.prepare(`SELECT * FROM ${table}`).all() as Cells[];
  for (const name of names) database.exec(`ALTER TABLE ${table} ADD COLUMN ${name} ANY`);
  const key = tables[table].key;
  const set = [...names, "hash"].map((name) => `${name} = ?`).join(", ");
  const update = database.prepare(`UPDATE ${table} SET ${set} WHERE ${key.map((name) => `${name} = ?`).join(" AND ")}`);
  for (const row of rows) {
    const values = before.map((name) => row[name] ?? null);
    if (row["hash"] !== hashOf(values)) throw damaged(table as TableName, key.map((name) => row[name]).join(" "));
    const hash = hashOf([...values, ...Object.values(columns)]);
    update.run(...Object.values(columns), hash, ...key.map((name) => row[name] ?? null));
  }
}
