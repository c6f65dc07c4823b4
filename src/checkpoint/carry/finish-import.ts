// The second half of an import: what was unpacked and looked through takes the place of what is there. In: `import/` in the
// state folder, with `ready.json` once nothing lacks. Out: the new state. What must hold: it can be killed at any moment
// and done again, by whoever opens the ledger next; the ledger changes in one transaction, and only if it is still the one
// that was compared.

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { isThere, makePrivateFolder, syncFile, writeDurably } from "../../core/files.ts";
import { type DatabaseSync, openSqlite, openSqliteLock } from "../../core/sqlite.ts";
import { readAbout } from "../about.ts";
import { type About, ledgerPath, markPath, renderMark } from "../integrity.ts";
import { type Standing, writeStanding } from "./standing.ts";

export interface ReadyImport {
  /** The ledger that was compared; undefined: there was none. */
  before: About | undefined;
  /** Where the state stands once it is imported. */
  standing: Standing;
  /** Files of the state that was compared, below its folder, that the imported one has no more. */
  outdated: readonly string[];
}

/** Folders beside the ledger that are carried. */
export const carriedFolders = [
  "runs",
  "inserted",
  "seen",
  "known",
  "delivered",
  "written",
  "waiting",
  "twins",
] as const;

/** Where an import is unpacked. */
function importFolder(stateFolder: string): string {
  return join(stateFolder, "import");
}

function readyPath(stateFolder: string): string {
  return join(importFolder(stateFolder), "ready.json");
}

/** Whether an import was begun that is now to be finished. */
export function isImporting(stateFolder: string): boolean {
  return isThere(readyPath(stateFolder));
}

/** From here on the import takes place, whatever happens to this process. */
export function makeReady(stateFolder: string, ready: ReadyImport): void {
  writeDurably(readyPath(stateFolder), JSON.stringify(ready));
  failpoint("import-ready");
}

/** Holds off whoever else imports. Throws a Failure (6) where another process is at it. */
export function lockImport(stateFolder: string): Disposable {
  makePrivateFolder(join(stateFolder, "locks"));
  const database = openSqliteLock(join(stateFolder, "locks", "import.lock"), () => undefined);
  if (database !== undefined) return { [Symbol.dispose]: () => database.close() };
  throw new Failure(exitCode.locked, "a state is being imported into this project", {
    next: "run again once that is done",
  });
}

/** Does nothing where no import is to be finished. */
export function finishImport(stateFolder: string): void {
  if (!isImporting(stateFolder)) return;
  using _lock = lockImport(stateFolder);
  completeImport(stateFolder);
}

/** The caller holds the import's lock. */
export function completeImport(stateFolder: string): void {
  // Whoever was faster has done it.
  if (!isImporting(stateFolder)) return;
  const ready = JSON.parse(readFileSync(readyPath(stateFolder), "utf8")) as ReadyImport;
  const folder = importFolder(stateFolder);
  if (existsSync(join(folder, "ledger.db"))) replaceLedger(stateFolder, ready);
  for (const name of carriedFolders) {
    makePrivateFolder(join(stateFolder, name));
    for (const entry of readdirSync(join(folder, name))) {
      rmSync(join(stateFolder, name, entry), { recursive: true, force: true });
      renameSync(join(folder, name, entry), join(stateFolder, name, entry));
      failpoint("import-file");
    }
    syncFile(join(stateFolder, name));
  }
  for (const path of ready.outdated) rmSync(join(stateFolder, path), { force: true });
  writeStanding(stateFolder, ready.standing);
  failpoint("import-standing");
  dropImport(stateFolder);
}

/** In one step: a folder that is half gone must not be taken for one that is ready. */
export function dropImport(stateFolder: string): void {
  const folder = importFolder(stateFolder);
  const dropped = `${folder}.done`;
  rmSync(dropped, { recursive: true, force: true });
  if (!existsSync(folder)) return;
  renameSync(folder, dropped);
  syncFile(dropped);
  rmSync(dropped, { recursive: true, force: true });
}

function replaceLedger(stateFolder: string, { before, standing }: ReadyImport): void {
  const unpacked = join(importFolder(stateFolder), "ledger.db");
  const after = { id: standing.ledger, commits: standing.commits };
  const path = ledgerPath(stateFolder);
  {
    using database = openSqlite(path, { synchronous: "FULL" });
    database.prepare("ATTACH ? AS imported").run(unpacked);
    database.exec("BEGIN IMMEDIATE");
    const present = presentAbout(database);
    if (present?.id !== after.id || present.commits !== after.commits) {
      if (present?.id !== before?.id || present?.commits !== before?.commits) {
        database.exec("ROLLBACK");
        dropImport(stateFolder);
        throw new Failure(exitCode.locked, "the state was not imported: a run has written to this one meanwhile", {
          next: "loadline runs shows it; export this state, or move .loadline away, before you import another",
        });
      }
      copyTables(database);
      failpoint("import-copied");
      database.exec("COMMIT");
    } else database.exec("ROLLBACK");
  }
  failpoint("import-ledger");
  // It may be the mark of another ledger; whoever opens this one finishes the import first.
  writeDurably(markPath(path), renderMark(after));
}

function presentAbout(database: DatabaseSync): About | undefined {
  const isThere = database.prepare("SELECT 1 FROM main.sqlite_schema WHERE name = 'about'").get() !== undefined;
  return isThere ? readAbout(database) : undefined;
}

/** All tables as they are in the imported ledger, and its version: both ledgers may be of one that is not this program's. */
function copyTables(database: DatabaseSync): void {
  const namesIn = (ledger: string) =>
    database
      .prepare(`SELECT name FROM ${ledger}.sqlite_schema WHERE type = 'table'`)
      .all()
      .map(({ name }) => String(name));
  for (const name of namesIn("main")) database.exec(`DROP TABLE main.${name}`);
  const tables = database.prepare("SELECT name, sql FROM imported.sqlite_schema WHERE type = 'table'").all();
  for (const { name, sql } of tables) {
    database.exec(`${String(sql).replace(/^CREATE TABLE /, "CREATE TABLE main.")}`);
    database.exec(`INSERT INTO main.${String(name)} SELECT * FROM imported.${String(name)}`);
  }
  const { user_version: version } = database.prepare("PRAGMA imported.user_version").get() as { user_version: number };
  database.exec(`PRAGMA main.user_version = ${version}`);
}

/** Makes the folder that an import is unpacked into. */
export function beginImport(stateFolder: string): string {
  dropImport(stateFolder);
  const folder = importFolder(stateFolder);
  makePrivateFolder(folder);
  for (const name of carriedFolders) mkdirSync(join(folder, name), { mode: 0o700 });
  return folder;
}
