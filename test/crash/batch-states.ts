// What the batches of a killed run were in the middle of, read from a copy of its ledger, so that the next command
// finds the ledger as the crash left it, its write-ahead log unread.

import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DatabaseSync, openSqlite } from "../../src/core/sqlite.ts";
import type { Project } from "../support/rig.ts";

/** `fetching`: committed, ended, its results on their way to disk. */
export const killStates = ["intent", "handle", "committed", "fetching"] as const;

export type KillState = (typeof killStates)[number];

/** The states that at least one batch was in. */
export function statesAtKill(project: Project): Set<KillState> {
  return new Set(lookAtLedger(project, (ledger) => readStates(ledger, project.path(".loadline"))) ?? []);
}

/** Runs that came to their end by the ledger: a process can be killed after that, too. */
export function countEndedRuns(project: Project): number {
  return lookAtLedger(project, readEnds) ?? 0;
}

/** Undefined where there is no ledger yet. */
function lookAtLedger<T>(project: Project, look: (database: DatabaseSync) => T): T | undefined {
  const copy = mkdtempSync(join(tmpdir(), "loadline-ledger-"));
  try {
    const names = project.list(".loadline").filter((name) => name.startsWith("ledger.db"));
    if (!names.includes("ledger.db")) return undefined;
    for (const name of names) cpSync(project.path(`.loadline/${name}`), join(copy, name));
    using database = openSqlite(join(copy, "ledger.db"), { synchronous: "OFF" });
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'inserts'").all();
    return tables.length === 0 ? undefined : look(database);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function readStates(database: DatabaseSync, stateFolder: string): KillState[] {
  const batches = database.prepare("SELECT state, path FROM batches").all() as { state: string; path: string }[];
  return batches.flatMap(({ state, path }) => {
    const found = state === "committed" && isFetching(join(stateFolder, path)) ? "fetching" : state;
    return killStates.filter((name) => name === found);
  });
}

function readEnds(database: DatabaseSync): number {
  return database.prepare("SELECT id FROM runs WHERE status IN ('loaded', 'partial')").all().length;
}

/** The first bytes of a result set are there. */
function isFetching(batchPath: string): boolean {
  const name = batchPath.split("/").at(-1) ?? "";
  const folder = join(batchPath, "../../results");
  try {
    return readdirSync(folder).some((file) => file.startsWith(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
