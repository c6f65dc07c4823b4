// What the search index sees: records as they were some time ago, while the rest of the API sees them as they are.
// In: each record's state before a write. Out: the SQL that reads the index. Must hold: only while a lag is set does a
// write keep what it replaced; a record shows up, changes and goes in the index in the order of its writes.
// https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm (new records take a few moments)

import { identifier } from "../../core/sql.ts";
import type { DatabaseSync } from "../../core/sqlite.ts";
import { now } from "../clock.ts";
import type { ObjectType } from "./catalog/object-type.ts";
import type { StoredRecord } from "./records/stored-record.ts";

export interface SearchImages {
  /** The index is as of that many milliseconds ago. */
  lagMs: number;
  /** Keeps what a write at this time replaces; undefined where there was no record. */
  keep(type: ObjectType, id: number, record: StoredRecord | undefined, at: number): void;
  /** The rows of the index, as a table or in brackets; `isLagging` where they may differ from the records. */
  source(type: ObjectType, table: string): { sql: string; isLagging: boolean };
}

const columns = "id, properties, created, updated, archived, archived_at";

export function openSearchImages(database: DatabaseSync, lagMs: number): SearchImages {
  database.exec(`
    CREATE TABLE IF NOT EXISTS image (number INTEGER PRIMARY KEY, type TEXT, id INTEGER, until INTEGER, properties TEXT,
      created INTEGER, updated INTEGER, archived INTEGER, archived_at INTEGER);
    CREATE INDEX IF NOT EXISTS image_of ON image (type, id, number, until);
  `);
  const insert = database.prepare(
    "INSERT INTO image (type, id, until, properties, created, updated, archived) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const forget = database.prepare("DELETE FROM image WHERE until <= ?");
  return {
    lagMs,
    keep(type, id, record, at) {
      if (this.lagMs === 0) return;
      const { values, createdAt, updatedAt, archived } = record ?? {};
      const properties = values === undefined ? null : JSON.stringify(values);
      insert.run(type.typeId, id, at, properties, createdAt ?? null, updatedAt ?? null, archived === true ? 1 : 0);
    },
    source(type, name) {
      const table = identifier(name);
      if (this.lagMs === 0) return { sql: table, isLagging: false };
      const moment = now().getTime() - this.lagMs;
      forget.run(moment);
      // The state before the first write after that moment; without such a write, the record as it is.
      const later = `FROM image WHERE type = '${type.typeId}'`;
      const first = `SELECT min(number) ${later} GROUP BY id`;
      const sql = `(SELECT ${columns} FROM ${table} WHERE id NOT IN (SELECT id ${later})
        UNION ALL SELECT ${columns} FROM image WHERE number IN (${first}) AND properties IS NOT NULL)`;
      return { sql, isLagging: true };
    },
  };
}
