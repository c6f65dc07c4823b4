// The tables of records: one an object type, with its statements. A record is one row; its values are one JSON text.

import { identifier } from "../../core/sql.ts";
import type { DatabaseSync, StatementSync } from "../../core/sqlite.ts";
import type { ObjectType } from "./catalog/object-type.ts";
import type { StoredRecord, Values } from "./records/stored-record.ts";

export interface Table {
  name: string;
  get: StatementSync;
  list: StatementSync;
  listAll: StatementSync;
  insert: StatementSync;
  update: StatementSync;
  archive: StatementSync;
  remove: StatementSync;
}

/** The table of each object type. */
export function openTables(database: DatabaseSync, types: readonly ObjectType[]): (type: ObjectType) => Table {
  const tables = new Map<string, Table>();
  // Now, and not when they are first wanted: a table that is made in a transaction goes when that is rolled back. In one
  // transaction, and without their statements: a portal has fifteen types, and a job one or two.
  database.exec(`BEGIN;${types.map(createTable).join("")}COMMIT`);
  const made = new Set(types.map(({ typeId }) => typeId));
  return (type) => {
    const known = tables.get(type.typeId);
    if (known !== undefined) return known;
    if (!made.has(type.typeId)) database.exec(createTable(type));
    const table = prepareTable(database, type);
    tables.set(type.typeId, table);
    return table;
  };
}

export function nameTable({ typeId }: ObjectType): string {
  return `records_${typeId}`;
}

function createTable(type: ObjectType): string {
  const name = nameTable(type);
  const table = identifier(name);
  return `
    CREATE TABLE IF NOT EXISTS ${table} (id INTEGER PRIMARY KEY, properties TEXT NOT NULL, created INTEGER NOT NULL,
      updated INTEGER NOT NULL, archived INTEGER NOT NULL DEFAULT 0, archived_at INTEGER);
    CREATE INDEX IF NOT EXISTS ${identifier(`${name}_times`)} ON ${table} (id, updated, created, archived);
  `;
}

function prepareTable(database: DatabaseSync, type: ObjectType): Table {
  const name = nameTable(type);
  const table = identifier(name);
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
