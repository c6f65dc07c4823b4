// A ledger that an older loadline wrote, made one of this version. What must hold: every row is checked by its old hash
// before it gets a new one, so that damage is noticed as if nothing had changed. The caller has one transaction for all
// of it, so that a kill or a full disk leaves the old ledger.

import type { DatabaseSync } from "../core/sqlite.ts";
import { damaged, hashOf } from "./integrity.ts";
import { addedColumns, countedTables, createTable, type TableName, tables } from "./ledger-schema.ts";
import { placeColumns, placeIn } from "./places.ts";
import type { Sums } from "./sums.ts";
import type { Cells } from "./table.ts";

/** Tables whose keys are others than they were, since version 6 for watermarks, or that got columns since; and when last. */
const rebuilt: readonly { version: number; table: TableName }[] = [
  { version: 10, table: "watermarks" },
  { version: 7, table: "taken" },
  { version: 7, table: "delivered" },
];

/** Throws a Failure where a row is damaged. */
export function upgrade(
  database: DatabaseSync,
  { version, stateFolder }: { version: number; stateFolder: string },
  sums: Sums,
): void {
  const count: CountChange = (table, group, before, after) => {
    if (version >= sumsVersion) sums.change(table, group, before, after);
  };
  for (const added of addedColumns.filter((added) => added.version > version)) addColumns(database, added, count);
  for (const old of rebuilt.filter((old) => old.version > version)) rebuild(database, old.table, count);
  if (version < placesVersion) writePlaces(database, stateFolder, count);
  if (version < sumsVersion) countRows(database, sums);
  else sums.write();
}

/** Is told of each row that changes: its old hash and its new one. */
type CountChange = (table: TableName, group: [string, string], before: string, after: string) => void;

/** The first version that writes a file's place down as seen from the state folder. */
const placesVersion = 8;

function writePlaces(database: DatabaseSync, stateFolder: string, count: CountChange): void {
  for (const { table, column, from } of placeColumns) {
    const { columns, key } = tables[table];
    const update = database.prepare(
      `UPDATE ${table} SET ${column} = ?, hash = ? WHERE ${key.map((name) => `${name} = ?`).join(" AND ")}`,
    );
    for (const row of database.prepare(`SELECT * FROM ${table}`).all() as Cells[]) {
      verify(table, row, columns);
      const path = row[column];
      const place = typeof path === "string" ? placeIn(from(stateFolder), path) : path;
      if (place === path || place === undefined) continue;
      const hash = hashOf(columns.map((name) => (name === column ? place : (row[name] ?? null))));
      update.run(place, hash, ...key.map((name) => row[name] ?? null));
      count(table, groupOf(table, row), String(row["hash"]), hash);
    }
  }
}

/** The first version that counts rows. */
const sumsVersion = 6;

function addColumns(database: DatabaseSync, added: (typeof addedColumns)[number], count: CountChange): void {
  const { table, columns } = added;
  const names = Object.keys(columns);
  const known: readonly string[] = tables[table].columns;
  const before = known.slice(0, known.indexOf(names[0] ?? ""));
  const rows = database.prepare(`SELECT * FROM ${table}`).all() as Cells[];
  // A table that came later than the ledger was made just now, with all its columns.
  const has = database.prepare("SELECT 1 FROM pragma_table_info(?) WHERE name = ?");
  if (names.some((name) => has.get(table, name) !== undefined)) return;
  for (const name of names) database.exec(`ALTER TABLE ${table} ADD COLUMN ${name} ANY`);
  const key = tables[table].key;
  const set = [...names, "hash"].map((name) => `${name} = ?`).join(", ");
  const update = database.prepare(`UPDATE ${table} SET ${set} WHERE ${key.map((name) => `${name} = ?`).join(" AND ")}`);
  for (const row of rows) {
    const values = verify(table, row, before);
    const hash = hashOf([...values, ...Object.values(columns)]);
    update.run(...Object.values(columns), hash, ...key.map((name) => row[name] ?? null));
    count(table, groupOf(table, row), String(row["hash"]), hash);
  }
}

function verify(table: TableName, row: Cells, columns: readonly string[]) {
  const values = columns.map((name) => row[name] ?? null);
  if (row["hash"] === hashOf(values)) return values;
  const named = tables[table].key.map((name) => row[name]).filter((value) => value !== undefined);
  throw damaged(`${table} ${named.join(" ")} is not what was written`);
}

/**
 * Makes a table anew, its rows with nothing in the columns that they had not: in those of the key an empty text. Its rows
 * were hashed over their columns as the table has them.
 */
function rebuild(database: DatabaseSync, table: TableName, count: CountChange): void {
  const listed = database.prepare("SELECT name FROM pragma_table_info(?) WHERE name <> 'hash' ORDER BY cid").all(table);
  const before = listed.map(({ name }) => String(name));
  const rows = database.prepare(`SELECT * FROM ${table}`).all() as Cells[];
  for (const row of rows) verify(table, row, before);
  database.exec(`DROP TABLE ${table}; ${createTable(table)}`);
  const names = [...tables[table].columns, "hash"];
  const keyed: readonly string[] = tables[table].key;
  const insert = database.prepare(`INSERT INTO ${table} VALUES (${names.map(() => "?").join(", ")})`);
  for (const row of rows) {
    const values = tables[table].columns.map((name) => row[name] ?? (keyed.includes(name) ? "" : null));
    const hash = hashOf(values);
    insert.run(...values, hash);
    count(table, groupOf(table, row), String(row["hash"]), hash);
  }
}

function groupOf(table: TableName, row: Cells): [string, string] {
  const [first, second]: readonly (string | undefined)[] = tables[table].group ?? [];
  const cell = (name: string | undefined) => (name === undefined ? "" : String(row[name] ?? ""));
  return [cell(first), cell(second)];
}

function countRows(database: DatabaseSync, sums: Sums): void {
  for (const table of countedTables) {
    for (const row of database.prepare(`SELECT * FROM ${table}`).all() as Cells[]) {
      verify(table, row, tables[table].columns);
      sums.change(table, groupOf(table, row), undefined, String(row["hash"]));
    }
  }
  sums.write();
}
