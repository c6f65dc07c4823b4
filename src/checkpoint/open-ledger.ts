// Opening the ledger: a new one is made, an older one is made one of this version, and one that is not all that was
// written is refused before anything is believed of it.

import { statSync } from "node:fs";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { isThere, makePrivateFolder, refuseForbidden } from "../core/files.ts";
import { remember } from "../core/process-memory.ts";
import { randomId } from "../core/random.ts";
import { type DatabaseSync, openSqlite } from "../core/sqlite.ts";
import { countCommit, readAbout, writeAbout } from "./about.ts";
import { finishImport } from "./carry/finish-import.ts";
import {
  checkPages,
  checkTables,
  damaged,
  guardLedger,
  ledgerPath,
  markPath,
  readMark,
  refuseOlder,
  refuseUnknownRuns,
} from "./integrity.ts";
import { createTables, ledgerVersion } from "./ledger-schema.ts";
import { Sums } from "./sums.ts";
import { upgrade } from "./upgrade.ts";

export interface OpenDatabase {
  path: string;
  database: DatabaseSync;
  sums: Sums;
  /** What its first opening in this process has to tell. */
  warnings: readonly string[];
}

/** Ledgers that this process has looked through, by their files, with what there was to warn of. */
const checked = remember(() => new Map<string, string[]>());

/**
 * Throws a Failure where the ledger is of a newer loadline, damaged, or knows less than was written: then it is left as
 * it is, unclosed, so that what is left of its -wal stays there.
 */
export function openDatabase(stateFolder: string): OpenDatabase {
  makePrivateFolder(stateFolder);
  // One that was killed once it could not be undone any more.
  finishImport(stateFolder);
  const path = ledgerPath(stateFolder);
  // SQLite says of both that a file can't be opened, or that it is read-only.
  for (const needed of [stateFolder, path].filter(isThere)) refuseForbidden(needed);
  // Before the ledger, which may only be ahead of it.
  const mark = readMark(path);
  return guardLedger(() => {
    const database = openSqlite(path, { synchronous: "FULL" });
    const file = fileAt(path);
    const sums = new Sums(database);
    const version = versionOf(path, database);
    if (version === 0) refuseOlder(path, undefined, mark);
    if (version > 0 && !checked.value.has(file)) checkPages(database);
    if (version < ledgerVersion) makeTables(stateFolder, database, version, sums);
    else if (!checked.value.has(file)) checkTables(database);
    refuseOlder(path, readAbout(database), mark);
    const warnings = checked.value.get(file) ?? look(stateFolder, file, database, mark);
    return { path, database, sums, warnings };
  });
}

function look(stateFolder: string, file: string, database: DatabaseSync, mark: ReturnType<typeof readMark>): string[] {
  refuseUnknownRuns(stateFolder, knowsRun(database));
  const healed = `${markPath(ledgerPath(stateFolder))} was damaged: whether the ledger is complete could not be told by it this once`;
  const warnings = mark === "damaged" ? [healed] : [];
  checked.value.set(file, warnings);
  return warnings;
}

/** One transaction. What SQLite has rolled back by itself, on a full disk say, is not rolled back a second time. */
export function transact<T>(database: DatabaseSync, act: () => T, undo: () => void): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = act();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    undo();
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

const firstWithAbout = 6;

function versionOf(path: string, database: DatabaseSync): number {
  // One statement, so that a ledger which another process makes meanwhile is seen as a whole or not at all.
  const { version, tables, about } = database
    .prepare(`SELECT user_version AS version, (SELECT count(*) FROM sqlite_schema) AS tables,
      (SELECT count(*) FROM sqlite_schema WHERE name = 'about') AS about FROM pragma_user_version`)
    .get() as { version: number; tables: number; about: number };
  if (version > ledgerVersion) {
    throw new Failure(exitCode.failed, `${path} was written by a newer loadline`, { next: "update loadline" });
  }
  if ((version === 0 && tables > 0) || (version < firstWithAbout && about > 0))
    throw damaged(`its version, ${version}, is not that of its tables`);
  return version;
}

/** A new ledger, or an older one made one of this version: all of it, or nothing. */
function makeTables(stateFolder: string, database: DatabaseSync, version: number, sums: Sums): void {
  transact(
    database,
    () => {
      // Another process may have been first.
      const { user_version: found } = database.prepare("PRAGMA user_version").get() as { user_version: number };
      if (found === ledgerVersion) return;
      // Before anything is made: a second look must find what this one did.
      if (version === 0) refuseUnknownRuns(stateFolder, () => false);
      database.exec(createTables());
      if (version > 0) upgrade(database, { version, stateFolder }, sums);
      checkTables(database);
      // An upgrade is a commit like any other.
      if (version < firstWithAbout) writeAbout(database, { id: randomId(8), commits: 1 });
      else countCommit(database);
      database.exec(`PRAGMA user_version = ${ledgerVersion}`);
    },
    () => sums.discard(),
  );
}

function knowsRun(database: DatabaseSync): (run: string) => boolean {
  const find = database.prepare("SELECT 1 FROM runs WHERE id = ?");
  return (run) => find.get(run) !== undefined;
}

/** Another file in its place is another ledger. */
function fileAt(path: string): string {
  const { ino, birthtimeMs } = statSync(path);
  return `${path} ${ino} ${birthtimeMs}`;
}
