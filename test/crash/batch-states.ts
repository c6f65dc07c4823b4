// What the batches of a killed run were in the middle of, read from a copy of its ledger, so that the next command
// finds the ledger as the crash left it, its write-ahead log unread.

import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../src/core/sqlite.ts";
import type { Project } from "../support/rig.ts";

/** `fetching`: committed, ended, its results on their way to disk. */
export const killStates = ["intent", "handle", "committed", "fetching"] as const;

export type KillState = (typeof killStates)[number];

/** The states that at least one batch was in. */
export function statesAtKill(project: Project): Set<KillState> {
  const copy = mkdtempSync(join(tmpdir(), "loadline-ledger-"));
  try {
    const names = project.list(".loadline").filter((name) => name.startsWith("ledger.db"));
    if (!names.includes("ledger.db")) return new Set();
    for (const name of names) cpSync(project.path(`.loadline/${name}`), join(copy, name));
    return new Set(readStates(join(copy, "ledger.db")));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function readStates(ledger: string): KillState[] {
  const database = openSqlite(ledger, { synchronous: "OFF" });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'batches'").all();
    if (tables.length === 0) return [];
    const batches = database.prepare("SELECT state, path FROM batches").all() as { state: string; path: string }[];
    return batches.flatMap(({ state, path }) => {
      const found = state === "committed" && isFetching(path) ? "fetching" : state;
      return killStates.filter((name) => name === found);
    });
  } finally {
    database.close();
  }
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
