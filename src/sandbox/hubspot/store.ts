// Where the portal's records live: one SQLite file, a table an object type, a record's values as one JSON text.
// In: the data folder and the schema file. Out: the database, the catalog, and reads and writes of whole records.
// Must hold: a commit survives SIGKILL at any instant (not power loss); an id is used once; times never go back.

import { join } from "node:path";
import { identifier } from "../../core/sql.ts";
import { type DatabaseSync, openSqlite } from "../../core/sqlite.ts";
import { now } from "../clock.ts";
import type { SchemaFile } from "../schema-file.ts";
import { type Catalog, openCatalog } from "./catalog/catalog.ts";
import type { ObjectType } from "./catalog/object-type.ts";
import { nameTable, openTables, readRow, type Table } from "./record-tables.ts";
import type { Change, StoredRecord, Values, Version } from "./records/stored-record.ts";
import { openSearchImages, type SearchImages } from "./search-images.ts";
import { addTextFunctions } from "./text-functions.ts";
import { openUniqueValues, type UniqueValues } from "./unique-values.ts";

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
  /** Gives a record the values that others had, by property: of those that became this one. */
  inherit(type: ObjectType, id: number, past: Record<string, Version[]>): void;
  past(type: ObjectType, id: number): Record<string, Version[]>;
  /** The live record that holds a unique value. */
  findUnique(type: ObjectType, property: string, value: string): number | undefined;
  clear(): void;
  close(): void;
}

/** Small enough that a test's records cross from four digits to five: text order is not number order. */
const firstId = 9_951;

export function openStore(folder: string, schema: SchemaFile): Store {
  const database = openSqlite(join(folder, "records.db"), { synchronous: "OFF" });
  database.exec("PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 16384");
  database.exec(`
    CREATE TABLE IF NOT EXISTS state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS change (type TEXT, id INTEGER, at INTEGER, before TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS past (type TEXT, id INTEGER, versions TEXT NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS merged (type TEXT, id INTEGER, survivor INTEGER NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS change_of ON change (type, id);
  `);
  addTextFunctions(database);
  const catalog = openCatalog(database, schema);
  const images = openSearchImages(database, schema.hubspotSearchLagMs);
  const tableOf = openTables(database, catalog.types);
  const unique = openUniqueValues(database);
  const parts: Parts = { database, images, tableOf, unique, sequence: openSequence(database) };
  return {
    database,
    catalog,
    images,
    get version() {
      return parts.sequence.version;
    },
    transact: (work) => transact(database, parts.sequence, work),
    tick: () => parts.sequence.tick(),
    table: (type) => tableOf(type).name,
    findUnique: unique.find,
    ...reads(parts),
    ...writes(parts),
    clear() {
      for (const type of catalog.types) database.exec(`DELETE FROM ${identifier(nameTable(type))}`);
      database.exec(
        "DELETE FROM unique_value; DELETE FROM change; DELETE FROM image; DELETE FROM past; DELETE FROM merged",
      );
      parts.sequence.version += 1;
    },
    close: () => database.close(),
  };
}

/** What was handed out: ids, times, and a number for each write. */
interface Sequence {
  version: number;
  lastId: number;
  lastTime: number;
  tick(): number;
  /** Keeps ids and times, within the transaction that took them. */
  save(): void;
}

interface Parts {
  database: DatabaseSync;
  images: SearchImages;
  tableOf(type: ObjectType): Table;
  unique: UniqueValues;
  sequence: Sequence;
}

function openSequence(database: DatabaseSync): Sequence {
  const rows = database.prepare("SELECT name, value FROM state").all();
  const values = new Map(rows.map((row) => [row["name"], Number(row["value"])]));
  const save = database.prepare("INSERT OR REPLACE INTO state VALUES ('lastId', ?), ('lastTime', ?)");
  return {
    version: 0,
    lastId: values.get("lastId") ?? firstId - 1,
    lastTime: values.get("lastTime") ?? 0,
    tick() {
      this.lastTime = Math.max(now().getTime(), this.lastTime);
      return this.lastTime;
    },
    save() {
      save.run(this.lastId, this.lastTime);
    },
  };
}

function transact<Result>(database: DatabaseSync, sequence: Sequence, work: () => Result): Result {
  const { lastId, lastTime } = sequence;
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    if (sequence.lastId !== lastId || sequence.lastTime !== lastTime) sequence.save();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    Object.assign(sequence, { lastId, lastTime });
    throw error;
  } finally {
    sequence.version += 1;
  }
}

function reads({ database, tableOf }: Parts): Pick<Store, "get" | "list" | "listAll" | "changes" | "past"> {
  const changesOf = database.prepare("SELECT at, before FROM change WHERE type = ? AND id = ? ORDER BY rowid DESC");
  const survivorOf = database.prepare("SELECT survivor FROM merged WHERE type = ? AND id = ?");
  const pastOf = database.prepare("SELECT versions FROM past WHERE type = ? AND id = ?");
  return {
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
    changes: (type, id) =>
      changesOf.all(type.typeId, id).map((row) => ({
        at: Number(row["at"]),
        before: JSON.parse(String(row["before"])) as Change["before"],
      })),
    past: (type, id) => JSON.parse(String(pastOf.get(type.typeId, id)?.["versions"] ?? "{}")),
  };
}

function writes(parts: Parts): Pick<Store, "insert" | "update" | "archive" | "forget" | "inherit" | "redirect"> {
  const { database, images, tableOf, unique, sequence } = parts;
  const keepChange = database.prepare("INSERT INTO change VALUES (?, ?, ?, ?)");
  return {
    insert(type, values, at, createdAt = at) {
      sequence.lastId += 1;
      const id = sequence.lastId;
      images.keep(type, id, undefined, at);
      tableOf(type).insert.run(id, JSON.stringify(values), createdAt, at);
      unique.move(type, id, {}, values);
      return { id, values, createdAt, updatedAt: at, archived: false, archivedAt: undefined };
    },
    update(type, record, values, at) {
      images.keep(type, record.id, record, at);
      tableOf(type).update.run(JSON.stringify(values), record.createdAt, at, record.id);
      const before = differences(record.values, values);
      if (before !== undefined) keepChange.run(type.typeId, record.id, at, JSON.stringify(before));
      unique.move(type, record.id, record.values, values);
      return { ...record, values, updatedAt: at };
    },
    archive(type, record, at) {
      images.keep(type, record.id, record, at);
      tableOf(type).archive.run(at, at, record.id);
      unique.move(type, record.id, record.values, {});
    },
    forget(type, record) {
      images.keep(type, record.id, record, sequence.tick());
      tableOf(type).remove.run(record.id);
      if (!record.archived) unique.move(type, record.id, record.values, {});
      for (const table of ["change", "past"])
        database.prepare(`DELETE FROM ${table} WHERE type = ? AND id = ?`).run(type.typeId, record.id);
    },
    inherit(type, id, past) {
      database.prepare("INSERT INTO past VALUES (?, ?, ?)").run(type.typeId, id, JSON.stringify(past));
    },
    redirect(type, id, survivor) {
      // What led to the merged record leads to the same survivor now.
      database.prepare("UPDATE merged SET survivor = ? WHERE type = ? AND survivor = ?").run(survivor, type.typeId, id);
      database.prepare("INSERT INTO merged VALUES (?, ?, ?)").run(type.typeId, id, survivor);
    },
  };
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
