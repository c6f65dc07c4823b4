// The one door to SQLite: the ledger, the locks, the sandbox's store and the databases of jobs are opened here.

import { rmSync, truncateSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export type { DatabaseSync, StatementSync } from "node:sqlite";

export interface SqliteOptions {
  readOnly?: boolean;
  /** FULL: a commit survives power loss (ledger). OFF: survives only a killed process (the sandbox). */
  synchronous: "FULL" | "NORMAL" | "OFF";
}

/** Opens a database in WAL mode. Waits up to 5 s for another process's write. */
export function openSqlite(path: string, options: SqliteOptions): DatabaseSync {
  const database = openFile(path, options.readOnly ?? false);
  database.exec("PRAGMA busy_timeout = 5000");
  if (options.readOnly !== true) {
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(`PRAGMA synchronous = ${options.synchronous}`);
    database.exec("PRAGMA foreign_keys = ON");
  }
  return database;
}

/** Opens a database that is one file and has nothing beside it: one that is carried about. The caller makes it durable. */
export function openSqliteFile(path: string, { readOnly = false }: { readOnly?: boolean } = {}): DatabaseSync {
  const database = openFile(path, readOnly);
  database.exec("PRAGMA busy_timeout = 5000");
  if (!readOnly) database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  return database;
}

/**
 * Opens a database that others have made and write too: in the journal that it has, as it is. It must be there. Waits up to
 * a second for another process's write. What its schema calls is SQLite's own, and a commit survives power loss.
 */
export function openSqliteData(path: string, { readOnly }: { readOnly: boolean }): DatabaseSync {
  const database = openFile(path, readOnly);
  try {
    const settings = "trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL";
    database.exec(`PRAGMA busy_timeout = 1000; PRAGMA ${settings}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Holds a database as it is until it is closed, so that of several processes one at a time replaces it; undefined where
 * another one holds it for longer than it may. Throws what SQLite says of a file that is none.
 */
export function holdSqliteFile(path: string, waitMs = 0): DatabaseSync | undefined {
  return holdFile(path, waitMs);
}

/** SQLite does not say which file it can't open. */
function openFile(path: string, readOnly: boolean): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly });
  } catch (error) {
    if ((error as { errcode?: number }).errcode !== cantOpen) throw error;
    throw new Error(`unable to open database file ${path}`, { cause: error });
  }
}

const cantOpen = 14;

/**
 * Holds a file in EXCLUSIVE mode until it is closed or the process dies; undefined if another process holds it. One that
 * is damaged is emptied, in its place, so that a process which holds it by now goes on holding it; `onDamage` hears of it.
 */
export function openSqliteLock(path: string, onDamage: () => void): DatabaseSync | undefined {
  try {
    return holdLock(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    onDamage();
    truncateSync(path, 0);
    return holdLock(path);
  }
}

/** Whether no process holds a file. One that is held is so whatever stands in it, and one that is damaged stays as it is. */
export function isSqliteLockFree(path: string): boolean {
  try {
    const database = holdLock(path);
    database?.close();
    return database !== undefined;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return true;
  }
}

/** Nothing is written to it, and nobody holds it after a power cut: its empty journal need not be on the disk. */
function holdLock(path: string): DatabaseSync | undefined {
  return holdFile(path, 0, "PRAGMA synchronous = OFF;");
}

function holdFile(path: string, waitMs = 0, first = ""): DatabaseSync | undefined {
  const database = openFile(path, false);
  try {
    database.exec(`${first} PRAGMA busy_timeout = ${waitMs}; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE`);
    return database;
  } catch (error) {
    database.close();
    const { errcode } = error as { errcode?: number };
    if (errcode !== undefined && (errcode & 0xff) === sqliteBusy) return undefined;
    throw error;
  }
}

const sqliteBusy = 5;
/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const damageCodes = [11, 26];

/** Whether SQLite says that a file is not what it wrote, in one of the words that it has for that. */
export function isDamage(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode !== undefined && damageCodes.includes(errcode & 0xff);
}

/** Removes a database with what lies beside it. */
export function removeSqlite(path: string): void {
  for (const ending of ["", "-wal", "-shm", "-journal"]) rmSync(`${path}${ending}`, { force: true });
}
