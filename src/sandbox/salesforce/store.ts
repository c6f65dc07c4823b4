// Where the org's records live: one SQLite file, a table an object, a column a field, so that SOQL becomes SQL.
// In: the data folder and the schema file. Out: the database, brought up to the schema, and the catalog.
// Must hold: a commit survives SIGKILL at any instant (not power loss); a schema file with new fields opens old data.

import { join } from "node:path";
import { identifier } from "../../core/sql.ts";
import { type DatabaseSync, openSqlite } from "../../core/sqlite.ts";
import type { SchemaFile } from "../schema-file.ts";
import { buildCatalog, type Catalog } from "./catalog/catalog.ts";
import { type Field, isDouble, isStored } from "./catalog/field.ts";
import type { SalesforceObject } from "./catalog/object.ts";
import { makeId } from "./ids.ts";

/** What SQLite holds of a value: booleans as 0 and 1, dates as YYYY-MM-DD, datetimes as UTC text. */
export type Stored = string | number | null;

export interface Store {
  database: DatabaseSync;
  catalog: Catalog;
  /** A connection of its own that sees one moment of the data while it reads, whatever is written meanwhile. */
  openReader(): DatabaseSync;
  /** The next record's number and id. A number is used once, also across restarts. */
  nextId(object: SalesforceObject): { serial: number; id: string };
  /** Removes a record for good. Its number stays used. */
  forget(object: SalesforceObject): (id: string) => void;
  /** Forgets every record. */
  clear(): void;
  close(): void;
}

const caseless: ReadonlySet<string> = new Set([
  "string",
  "textarea",
  "email",
  "phone",
  "url",
  "picklist",
  "multipicklist",
]);

export function openStore(folder: string, schema: SchemaFile): Store {
  const path = join(folder, "records.db");
  const database = openDatabase(path, false);
  const catalog = transact(database, () => buildTables(database, schema));
  const serials = new Map<string, number>();
  return {
    database,
    catalog,
    openReader: () => openDatabase(path, true),
    nextId(object) {
      const serial = (serials.get(object.name) ?? lastSerial(database, object)) + 1;
      serials.set(object.name, serial);
      return { serial, id: makeId(object.keyPrefix, serial) };
    },
    forget(object) {
      const table = identifier(object.name);
      const keep = database.prepare(
        `INSERT INTO sandbox_serial SELECT ?, serial FROM ${table} WHERE "Id" = ? ON CONFLICT DO UPDATE SET last = max(last, excluded.last)`,
      );
      const remove = database.prepare(`DELETE FROM ${table} WHERE "Id" = ?`);
      return (id) => {
        keep.run(object.name, id);
        remove.run(id);
      };
    },
    clear() {
      for (const object of catalog.stored) database.exec(`DELETE FROM ${identifier(object.name)}`);
      database.exec("DELETE FROM sandbox_serial");
      serials.clear();
    },
    close: () => database.close(),
  };
}

/** Runs work in one transaction: all of it is there afterwards, or none. */
export function transact<Result>(database: DatabaseSync, work: () => Result): Result {
  // Inside of another one it is a part, which can be taken back alone.
  const [begin, commit, undo] = database.isTransaction
    ? ["SAVEPOINT part", "RELEASE part", "ROLLBACK TO part; RELEASE part"]
    : ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"];
  database.exec(begin);
  try {
    const result = work();
    database.exec(commit);
    return result;
  } catch (error) {
    database.exec(undo);
    throw error;
  }
}

/** The SQL by which a field's values are compared: Salesforce ignores case unless the field is case-sensitive. */
export function keyExpression(field: Field, column: string): string {
  return ignoresCase(field) ? `fold(${column})` : column;
}

/** A value as `keyExpression` compares it. */
export function keyOf(field: Field, value: Stored): Stored {
  return typeof value === "string" && ignoresCase(field) ? value.toLowerCase() : value;
}

export function ignoresCase(field: Field): boolean {
  return caseless.has(field.type) && !field.caseSensitive;
}

/** A statement whose rows are arrays, in the order of its columns. */
export interface Rows<Row> {
  get(...parameters: Stored[]): Row | undefined;
  all(...parameters: Stored[]): Row[];
  iterate(...parameters: Stored[]): Iterable<Row>;
}

/** Prepares a query; `Row` says what its columns are. */
export function prepareRows<Row extends readonly Stored[]>(database: DatabaseSync, sql: string): Rows<Row> {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement as unknown as Rows<Row>;
}

function openDatabase(path: string, readOnly: boolean): DatabaseSync {
  const database = openSqlite(path, { synchronous: "OFF", readOnly });
  database.function("fold", { deterministic: true }, (value) =>
    typeof value === "string" ? value.toLowerCase() : (value ?? null),
  );
  database.exec("PRAGMA cache_size = -65536");
  // Keys come in any order: the same index pages change again and again before it pays to write them back.
  if (!readOnly) database.exec("PRAGMA wal_autocheckpoint = 16384");
  return database;
}

function buildTables(database: DatabaseSync, schema: SchemaFile): Catalog {
  database.exec("CREATE TABLE IF NOT EXISTS sandbox_prefix (object TEXT PRIMARY KEY, prefix TEXT NOT NULL)");
  database.exec("CREATE TABLE IF NOT EXISTS sandbox_serial (object TEXT PRIMARY KEY, last INTEGER NOT NULL)");
  const known = database.prepare("SELECT object, prefix FROM sandbox_prefix").all();
  const prefixes = new Map(known.map((row) => [String(row["object"]), String(row["prefix"])]));
  const catalog = buildCatalog(schema, prefixes);
  const keep = database.prepare("INSERT OR IGNORE INTO sandbox_prefix VALUES (?, ?)");
  for (const [object, prefix] of prefixes) keep.run(object, prefix);
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const present = new Set(tables.map(({ name }) => String(name).toLowerCase()));
  for (const object of catalog.stored) buildTable(database, object, present.has(object.name.toLowerCase()));
  return catalog;
}

function buildTable(database: DatabaseSync, object: SalesforceObject, isPresent: boolean): void {
  const table = identifier(object.name);
  const stored = object.fields.filter(isStored);
  // All columns at once: SQLite reads the whole schema anew for each that is added.
  const columns = ["serial INTEGER PRIMARY KEY", ...stored.map(columnOf)];
  if (isPresent) addColumns(database, table, stored);
  else database.exec(`CREATE TABLE ${table} (${columns.join(", ")})`);
  for (const field of object.fields) {
    const index = indexOf(field);
    if (index === undefined) continue;
    database.exec(`CREATE INDEX IF NOT EXISTS ${identifier(`${object.name}.${field.name}`)} ON ${table} ${index}`);
  }
}

function addColumns(database: DatabaseSync, table: string, fields: readonly Field[]): void {
  const columns = database.prepare(`PRAGMA table_xinfo(${table})`).all();
  const present = new Set(columns.map(({ name }) => String(name).toLowerCase()));
  for (const field of fields)
    if (!present.has(field.name.toLowerCase())) database.exec(`ALTER TABLE ${table} ADD COLUMN ${columnOf(field)}`);
}

function columnOf(field: Field): string {
  const name = identifier(field.name);
  if (field.expression !== undefined) return `${name} GENERATED ALWAYS AS (${field.expression}) VIRTUAL`;
  if (isDouble(field)) return `${name} REAL`;
  if (field.type === "int") return `${name} INTEGER`;
  // A checkbox that comes later is unchecked on the records that are there.
  if (field.type === "boolean") return `${name} INTEGER NOT NULL DEFAULT ${Number(field.defaultValue ?? 0)}`;
  return `${name} TEXT`;
}

// Keys are looked up once a row, children only when a parent goes: those two have an index.
function indexOf(field: Field): string | undefined {
  const column = identifier(field.name);
  if (field.idLookup || field.externalId || field.unique) return `(${keyExpression(field, column)})`;
  if (field.type === "reference" && field.updateable && field.name !== "OwnerId")
    return `(${column}) WHERE ${column} IS NOT NULL`;
  return undefined;
}

function lastSerial(database: DatabaseSync, object: SalesforceObject): number {
  const last = prepareRows<[number]>(
    database,
    `SELECT max(coalesce((SELECT max(serial) FROM ${identifier(object.name)}), 0), coalesce((SELECT last FROM sandbox_serial WHERE object = ?), 0))`,
  );
  return last.get(object.name)?.[0] ?? 0;
}
