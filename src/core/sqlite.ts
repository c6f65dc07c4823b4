// The one door to SQLite: the ledger, the locks and the sandbox's store open their files here.

import { DatabaseSync } from "node:sqlite";

export type { DatabaseSync, StatementSync } from "node:sqlite";

export interface SqliteOptions {
  readOnly?: boolean;
  /** FULL: a commit survives power loss (ledger). OFF: survives only a killed process (the sandbox). */
  synchronous: "FULL" | "NORMAL" | "OFF";
}

/** Opens a database in WAL mode. Waits up to 5 s for another process's write. */
export function openSqlite(path: string, options: SqliteOptions): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: options.readOnly ?? false });
  database.exec("PRAGMA busy_timeout = 5000");
  if (options.readOnly !== true) {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(`PRAGMA synchronous = ${options.synchronous}`);
    database.exec("PRAGMA foreign_keys = ON");
  }
  return database;
}

/** Holds a file in EXCLUSIVE mode until it is closed or the process dies; undefined if another process holds it. */
export function openSqliteLock(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path);
  try {
    database.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    const { errcode } = error as { errcode?: number };
    if (errcode !== undefined && (errcode & 0xff) === sqliteBusy) return undefined;
    throw error;
  }
}

const sqliteBusy = 5;
