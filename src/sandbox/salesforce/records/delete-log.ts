// The delete log: which records went and when, kept for replication after the recycle bin has forgotten them; and what went
// with a record or lost it, to come back with it.
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

interface DeletedChild {
  object: string;
  id: string;
  field: string;
  /** It was deleted with its parent; else its lookup was emptied. */
  wentAlong: boolean;
}

export interface DeleteLog {
  settings: DeleteLogSettings;
  add(object: string, id: string, timestamp: string): void;
  /** Entries from `start` to before `end`, `most` at most, oldest first. */
  between(object: string, start: string, end: string, most: number): { id: string; deletedDate: string }[];
  /** A record that went with its parent, or, with a field, lost it. */
  addChild(parent: string, child: DeletedChild): void;
  /** A detail that was in the recycle bin as its master went: it never comes back. */
  lose(id: string): void;
  /** Whether a deleted record does not come back by itself. */
  isWithParent(id: string): boolean;
  /** Forgets that a record was deleted. Gives what comes back with it. */
  bringBack(object: string, id: string): DeletedChild[];
  clear(): void;
}

export function openDeleteLog(database: DatabaseSync): DeleteLog {
  database.exec(`
    CREATE TABLE IF NOT EXISTS sandbox_deleted (object TEXT, id TEXT, deleted TEXT NOT NULL, PRIMARY KEY (object, id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS sandbox_child (parent TEXT, object TEXT, id TEXT, field TEXT, along INTEGER, PRIMARY KEY (parent, id, field)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS sandbox_child_id ON sandbox_child (id) WHERE along = 1;
    CREATE INDEX IF NOT EXISTS sandbox_deleted_when ON sandbox_deleted (object, deleted);
  `);
  const add = database.prepare("INSERT OR REPLACE INTO sandbox_deleted VALUES (?, ?, ?)");
  const between = prepareRows<[string, string]>(
    database,
    "SELECT id, deleted FROM sandbox_deleted WHERE object = ? AND deleted >= ? AND deleted < ? ORDER BY deleted, id LIMIT ?",
  );
  const addChild = database.prepare("INSERT OR REPLACE INTO sandbox_child VALUES (?, ?, ?, ?, ?)");
  const along = prepareRows<[number]>(database, "SELECT 1 FROM sandbox_child WHERE id = ? AND along = 1");
  const children = prepareRows<[string, string, string, number]>(
    database,
    "SELECT object, id, field, along FROM sandbox_child WHERE parent = ?",
  );
  const forget = database.prepare("DELETE FROM sandbox_deleted WHERE object = ? AND id = ?");
  const forgetChildren = database.prepare("DELETE FROM sandbox_child WHERE parent = ?");
  const log: DeleteLog = {
    settings: {},
    add: (object, id, timestamp) => void add.run(object, id, timestamp),
    between: (object, start, end, most) =>
      between.all(object, start, end, most).map(([id, deletedDate]) => ({ id, deletedDate })),
    addChild: (parent, { object, id, field, wentAlong }) =>
      void addChild.run(parent, object, id, field, Number(wentAlong)),
    lose: (id) => void addChild.run("", "", id, "", 1),
    isWithParent: (id) => along.get(id) !== undefined,
    bringBack(object, id) {
      const found = children.all(id);
      forget.run(object, id);
      forgetChildren.run(id);
      return found.map(([of, child, field, wentAlong]) => ({
        object: of,
        id: child,
        field,
        wentAlong: wentAlong === 1,
      }));
    },
    clear() {
      database.exec("DELETE FROM sandbox_child");
      database.exec("DELETE FROM sandbox_deleted");
      log.settings = {};
    },
  };
  return log;
}
