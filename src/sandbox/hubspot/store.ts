// Where the portal's records live: one SQLite file, a table an object type, a record's values as one JSON text.
// In: the data folder and the schema file. Out: the database, the catalog, and reads and writes of whole records.
// Must hold: a commit survives SIGKILL at any instant (not power loss); an id is used once; times never go back.

import { join } from "node:path";
import { now } from "../../core/clock.ts";
import { identifier } from "../../core/sql.ts";
import { type DatabaseSync, openSqlite, type StatementSync } from "../../core/sqlite.ts";
import type { SchemaFile } from "../schema-file.ts";
import { type Catalog, type ObjectType, openCatalog } from "./catalog/catalog.ts";
import { openSearchImages, type SearchImages } from "./search-images.ts";

/** Values by property name; a property that is not set is absent. Times and the id are columns, not values. */
export type Values = Record<string, string>;

export interface StoredRecord {
  id: number;
  values: Values;
  /** Epoch milliseconds. */
  createdAt: number;
  updatedAt: number;
  archived: boolean;
  archivedAt: number | undefined;
}

export interface Store {
  database: DatabaseSync;
  catalog: Catalog;
  images: SearchImages;
  /** Grows with every write: what was counted at one version holds as long as it stands. */
  readonly version: number;
  /** Runs work in one transaction: all of it is there afterwards, or none. */
  transact<Result>(work: () => Result): Result;
  /** The time of a write: now, never before the write before. */
  tick(): number;
  /** The name of an object type's table, which is there afterwards. */
  table(type: ObjectType): string;
  /** A live or archived record. The id of one that was merged gives the record that it is part of now. */
  get(type: ObjectType, id: number): StoredRecord | undefined;
  /** Records from an id on, in the order of their ids. */
  list(type: ObjectType, from: number, limit: number, archived: boolean): StoredRecord[];
  /** The same, live and archived ones. */
  listAll(type: ObjectType, from: number, limit: number): StoredRecord[];
  insert(type: ObjectType, values: Values, at: number, createdAt?: number): StoredRecord;
  /** Writes a record's values as they are now, and keeps what they were. */
  update(type: ObjectType, record: StoredRecord, values: Values, at: number): StoredRecord;
  archive(type: ObjectType, record: StoredRecord, at: number): void;
  /** Removes a record for good: nothing is left of it. */
  forget(type: ObjectType, record: StoredRecord): void;
  /** Lets the id of a merged record lead to another one's. */
  redirect(type: ObjectType, id: number, survivor: number): void;
  /** What an update replaced, newest first: the values before it, undefined where there was none. */
  changes(type: ObjectType, id: number): Change[];
  /** The live record that holds a unique value. */
  findUnique(type: ObjectType, property: string, value: string): number | undefined;
  clear(): void;
  close(): void;
}

export interface Change {
  at: number;
  before: Record<string, string | null>;
}

/** Small enough that a test's records cross from four digits to five: text order is not number order. */
const firstId = 9_951;

export function openStore(folder: string, schema: SchemaFile): Store {
  const database = openSqlite(join(folder, "records.db"), { synchronous: "OFF" });
  database.exec("PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 16384");
  database.exec(`
    CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS unique_value (type TEXT, property TEXT, value TEXT, id INTEGER NOT NULL,
      PRIMARY KEY (type, property, value)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS change (type TEXT, id INTEGER, at INTEGER, before TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS merged (type TEXT, id INTEGER, survivor INTEGER NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS change_of ON change (type, id);
  `);
  database.function("fold", { deterministic: true }, (value) =>
    typeof value === "string" ? value.toLowerCase() : (value ?? null),
  );
  database.function("has_token", { deterministic: true }, (value, pattern) => (hasToken(value, pattern) ? 1 : 0));
  const catalog = openCatalog(database, schema);
  return createStore(database, catalog, schema);
}

function createStore(database: DatabaseSync, catalog: Catalog, schema: SchemaFile): Store {
  const tables = new Map<string, Table>();
  const tableOf = (type: ObjectType): Table => {
    const known = tables.get(type.typeId);
    if (known !== undefined) return known;
    const table = openTable(database, type);
    tables.set(type.typeId, table);
    return table;
  };
  // Now, and not when it is first wanted: a table that is made in a transaction goes when that is rolled back.
  for (const type of catalog.types) tableOf(type);
  let { lastId, lastTime } = readState(database);
  let version = 0;
  const saveState = database.prepare("INSERT OR REPLACE INTO state VALUES ('lastId', ?), ('lastTime', ?)");
  const takeUnique = database.prepare("INSERT INTO unique_value VALUES (?, ?, ?, ?)");
  const freeUnique = database.prepare("DELETE FROM unique_value WHERE type = ? AND property = ? AND value = ?");
  const findUnique = database.prepare("SELECT id FROM unique_value WHERE type = ? AND property = ? AND value = ?");
  const keepChange = database.prepare("INSERT INTO change VALUES (?, ?, ?, ?)");
  const changesOf = database.prepare("SELECT at, before FROM change WHERE type = ? AND id = ? ORDER BY rowid DESC");
  const survivorOf = database.prepare("SELECT survivor FROM merged WHERE type = ? AND id = ?");
  const images = openSearchImages(database, schema.hubspotSearchLagMs);
  return {
    database,
    catalog,
    images,
    get version() {
      return version;
    },
    transact(work) {
      const before = { lastId, lastTime };
      database.exec("BEGIN IMMEDIATE");
      try {
        const result = work();
        if (lastId !== before.lastId || lastTime !== before.lastTime) saveState.run(lastId, lastTime);
        database.exec("COMMIT");
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        ({ lastId, lastTime } = before);
        throw error;
      } finally {
        version += 1;
      }
    },
    tick() {
      lastTime = Math.max(now().getTime(), lastTime);
      return lastTime;
    },
    table: (type) => tableOf(type).name,
    get(type, id) {
      const row = tableOf(type).get.get(id);
      if (row !== undefined) return readRow(row);
      const survivor = survivorOf.get(type.typeId, id)?.["survivor"];
      return survivor === undefined ? undefined : readRow(tableOf(type).get.get(Number(survivor)));
    },
    list: (type, from, limit, archived) =>
      tableOf(type)
        .list.all(from, archived ? 1 : 0, limit)
        .flatMap((row) => readRow(row) ?? []),
    listAll: (type, from, limit) =>
      tableOf(type)
        .listAll.all(from, limit)
        .flatMap((row) => readRow(row) ?? []),
    insert(type, values, at, createdAt = at) {
      lastId += 1;
      const record = { id: lastId, values, createdAt, updatedAt: at, archived: false, archivedAt: undefined };
      images.keep(type, record.id, undefined, at);
      tableOf(type).insert.run(record.id, JSON.stringify(values), createdAt, at);
      for (const [property, value] of uniqueValues(type, values))
        takeUnique.run(type.typeId, property, value, record.id);
      return record;
    },
    update(type, record, values, at) {
      images.keep(type, record.id, record, at);
      const before = differences(record.values, values);
      tableOf(type).update.run(JSON.stringify(values), record.createdAt, at, record.id);
      if (before !== undefined) keepChange.run(type.typeId, record.id, at, JSON.stringify(before));
      const held = uniqueValues(type, record.values);
      const wanted = uniqueValues(type, values);
      for (const [property, value] of held)
        if (!includes(wanted, property, value)) freeUnique.run(type.typeId, property, value);
      for (const [property, value] of wanted)
        if (!includes(held, property, value)) takeUnique.run(type.typeId, property, value, record.id);
      return { ...record, values, updatedAt: at };
    },
    archive(type, record, at) {
      images.keep(type, record.id, record, at);
      tableOf(type).archive.run(at, at, record.id);
      for (const [property, value] of uniqueValues(type, record.values)) freeUnique.run(type.typeId, property, value);
    },
    forget(type, record) {
      tableOf(type).remove.run(record.id);
      if (!record.archived)
        for (const [property, value] of uniqueValues(type, record.values)) freeUnique.run(type.typeId, property, value);
      database.prepare("DELETE FROM change WHERE type = ? AND id = ?").run(type.typeId, record.id);
    },
    redirect(type, id, survivor) {
      // What led to the merged record leads to the same survivor now.
      database.prepare("UPDATE merged SET survivor = ? WHERE type = ? AND survivor = ?").run(survivor, type.typeId, id);
      database.prepare("INSERT INTO merged VALUES (?, ?, ?)").run(type.typeId, id, survivor);
    },
    changes: (type, id) =>
      changesOf.all(type.typeId, id).map((row) => ({
        at: Number(row["at"]),
        before: JSON.parse(String(row["before"])) as Change["before"],
      })),
    findUnique(type, property, value) {
      const row = findUnique.get(type.typeId, property, value);
      return row === undefined ? undefined : Number(row["id"]);
    },
    clear() {
      for (const type of catalog.types) database.exec(`DELETE FROM ${identifier(tableOf(type).name)}`);
      database.exec("DELETE FROM unique_value; DELETE FROM change; DELETE FROM image; DELETE FROM merged");
      version += 1;
    },
    close: () => database.close(),
  };
}

interface Table {
  name: string;
  get: StatementSync;
  list: StatementSync;
  listAll: StatementSync;
  insert: StatementSync;
  update: StatementSync;
  archive: StatementSync;
  remove: StatementSync;
}

function openTable(database: DatabaseSync, type: ObjectType): Table {
  const name = `records_${type.typeId}`;
  const table = identifier(name);
  database.exec(`
    CREATE TABLE IF NOT EXISTS ${table} (id INTEGER PRIMARY KEY, properties TEXT NOT NULL, created INTEGER NOT NULL,
      updated INTEGER NOT NULL, archived INTEGER NOT NULL DEFAULT 0, archived_at INTEGER);
    CREATE INDEX IF NOT EXISTS ${identifier(`${name}_times`)} ON ${table} (id, updated, created, archived);
  `);
  return {
    name,
    get: database.prepare(`SELECT * FROM ${table} WHERE id = ?`),
    list: database.prepare(`SELECT * FROM ${table} WHERE id >= ? AND archived = ? ORDER BY id LIMIT ?`),
    listAll: database.prepare(`SELECT * FROM ${table} WHERE id >= ? ORDER BY id LIMIT ?`),
    insert: database.prepare(`INSERT INTO ${table} (id, properties, created, updated) VALUES (?, ?, ?, ?)`),
    update: database.prepare(`UPDATE ${table} SET properties = ?, created = ?, updated = ? WHERE id = ?`),
    archive: database.prepare(`UPDATE ${table} SET archived = 1, archived_at = ?, updated = ? WHERE id = ?`),
    remove: database.prepare(`DELETE FROM ${table} WHERE id = ?`),
  };
}

export function readRow(row: Record<string, unknown> | undefined): StoredRecord | undefined {
  if (row === undefined) return undefined;
  return {
    id: Number(row["id"]),
    values: JSON.parse(String(row["properties"])) as Values,
    createdAt: Number(row["created"]),
    updatedAt: Number(row["updated"]),
    archived: row["archived"] === 1,
    archivedAt: row["archived_at"] === null ? undefined : Number(row["archived_at"]),
  };
}

/** The pairs of property and value that no other live record of the type may hold. Contacts: email, in any role. */
export function uniqueValues(type: ObjectType, values: Values): [property: string, value: string][] {
  const held: [string, string][] = [];
  for (const [name, value] of Object.entries(values))
    if (name !== "email" && type.properties.get(name)?.hasUniqueValue === true) held.push([name, value.toLowerCase()]);
  if (type.name !== "contacts") return held;
  const emails = [values["email"] ?? "", ...(values["hs_additional_emails"] ?? "").split(";")];
  for (const email of new Set(emails)) if (email !== "") held.push(["email", email.toLowerCase()]);
  return held;
}

function includes(pairs: readonly [string, string][], property: string, value: string): boolean {
  return pairs.some((pair) => pair[0] === property && pair[1] === value);
}

function differences(before: Values, after: Values): Change["before"] | undefined {
  const changed: Change["before"] = {};
  let some = false;
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (before[name] === after[name]) continue;
    changed[name] = before[name] ?? null;
    some = true;
  }
  return some ? changed : undefined;
}

function readState(database: DatabaseSync): { lastId: number; lastTime: number } {
  const rows = database.prepare("SELECT name, value FROM state").all();
  const values = new Map(rows.map((row) => [row["name"], Number(row["value"])]));
  return { lastId: values.get("lastId") ?? firstId - 1, lastTime: values.get("lastTime") ?? 0 };
}

/** Whether one of the words of a text is the pattern, in which `*` stands for any characters. */
function hasToken(value: unknown, pattern: unknown): boolean {
  if (typeof value !== "string") return false;
  const source = String(pattern)
    .toLowerCase()
    .replace(/[\\^$.+?()[\]{}|]/g, "\\$&")
    .replaceAll("*", ".*");
  const whole = new RegExp(`^${source}$`);
  const text = value.toLowerCase();
  return whole.test(text) || text.split(/[^\p{L}\p{N}_]+/u).some((word) => whole.test(word));
}
