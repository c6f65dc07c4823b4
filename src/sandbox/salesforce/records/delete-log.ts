// The delete log: which records went and when, kept for replication after the recycle bin has forgotten them.
// In: an id at the moment it is deleted, merged away or hard-deleted. Out: the entries of a span of time.
// Must hold: a purge of the recycle bin leaves the log alone; an entry is written in the transaction of its deletion.
// https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_getdeleted.htm

import type { DatabaseSync } from "../../../core/sqlite.ts";
import { prepareRows } from "../store.ts";

interface DeleteLogSettings {
  /** The log says that it starts here; undefined: as early as it may reach. */
  earliest?: string | undefined;
  /** Most ids of one answer. */
  maxIds?: number | undefined;
  /** The vendor ignores the seconds of start and end; a test can ask for them. */
  seconds?: boolean | undefined;
}

export interface DeleteLog {
  settings: DeleteLogSettings;
  add(object: string, id: string, timestamp: string): void;
  /** Entries from `start` to before `end`, `most` at most, oldest first. */
  between(object: string, start: string, end: string, most: number): { id: string; deletedDate: string }[];
  clear(): void;
}

export function openDeleteLog(database: DatabaseSync): DeleteLog {
  database.exec(`
    CREATE TABLE IF NOT EXISTS sandbox_deleted (object TEXT, id TEXT, deleted TEXT NOT NULL, PRIMARY KEY (object, id)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS sandbox_deleted_when ON sandbox_deleted (object, deleted);
  `);
  const add = database.prepare("INSERT OR REPLACE INTO sandbox_deleted VALUES (?, ?, ?)");
  const between = prepareRows<[string, string]>(
    database,
    "SELECT id, deleted FROM sandbox_deleted WHERE object = ? AND deleted >= ? AND deleted < ? ORDER BY deleted, id LIMIT ?",
  );
  const log: DeleteLog = {
    settings: {},
    add: (object, id, timestamp) => void add.run(object, id, timestamp),
    between: (object, start, end, most) =>
      between.all(object, start, end, most).map(([id, deletedDate]) => ({ id, deletedDate })),
    clear() {
      database.exec("DELETE FROM sandbox_deleted");
      log.settings = {};
    },
  };
  return log;
}
