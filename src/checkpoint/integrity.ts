// Whether the ledger is the one that was written, and all of it. In: its file, what lies beside it. Out: a Failure that
// says what is wrong, what is lost with it, and how to go on.
// What must hold: a commit is in `ledger.mark` only after it is on the disk, so the mark is never ahead of a ledger that
// is whole: one that is behind it has lost its -wal, its last frames, or is an older copy.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { type DatabaseSync, isDamage } from "../core/sqlite.ts";
import { type TableName, tables } from "./ledger-schema.ts";

/** The hash that a row carries over its other columns. */
export function hashOf(values: readonly (string | number | null)[]): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex");
}

const lost = "it says what runs have sent, and up to where sources were taken: without it rows could be written twice";

export function damaged(what: string): Failure {
  return new Failure(exitCode.failed, `the ledger is damaged: ${what}`, {
    why: lost,
    next: "restore ledger.db from a backup, with its -wal if there is one. Without a backup: compare what is in batches/ and results/ of the run folders with the target, then move .loadline away; the next run starts as the first one",
  });
}

/** Does something with the ledger; what SQLite says of a damaged file becomes a Failure. */
export function guardLedger<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw damaged(`SQLite says "${(error as Error).message}"`);
  }
}

/** SQLite's own look at its pages: that none is lost, named twice or out of order. */
export function checkPages(database: DatabaseSync): void {
  const [found] = database.prepare("PRAGMA quick_check(1)").all();
  const said = Object.values(found ?? {})[0];
  if (said !== "ok") throw damaged(`SQLite says "${String(said).trim().replaceAll("\n", "; ")}"`);
}

/** That every table is there with its columns. */
export function checkTables(database: DatabaseSync): void {
  for (const name of Object.keys(tables) as TableName[]) {
    const rows = database.prepare("SELECT name FROM pragma_table_info(?)").all(name);
    // A column that came later stands behind the hash.
    const found = inOrder(rows.map((row) => String(row["name"])));
    if (found === inOrder([...tables[name].columns, "hash"])) continue;
    throw damaged(found === "" ? `it has no table ${name}` : `table ${name} has other columns than were made`);
  }
}

function inOrder(names: readonly string[]): string {
  return names.toSorted().join(" ");
}

/** Which ledger this is, and how many transactions it has seen. */
export interface About {
  id: string;
  commits: number;
}

export function ledgerPath(stateFolder: string): string {
  return join(stateFolder, "ledger.db");
}

export function markPath(ledgerPath: string): string {
  return ledgerPath.replace(/\.db$/, ".mark");
}

const commitDigits = 15;

/** Always of the same length, so that it can be written over in one go. */
export function renderMark({ id, commits }: About): string {
  const said = `loadline ledger ${id} commit ${String(commits).padStart(commitDigits, "0")}`;
  return `${said} ${hashOf([said]).slice(0, 16)}\n`;
}

/** Undefined where there is none; "damaged" where it is not what was written. */
export function readMark(ledgerPath: string): About | "damaged" | undefined {
  const path = markPath(ledgerPath);
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  const { id = "", commits = "" } = /^loadline ledger (?<id>\w+) commit (?<commits>\d+) /.exec(text)?.groups ?? {};
  const about = { id, commits: Number(commits) };
  return renderMark(about) === text ? about : "damaged";
}

/** Throws a Failure where the ledger knows less than was written. `about`: undefined where it knows nothing at all. */
export function refuseOlder(ledgerPath: string, about: About | undefined, mark: About | "damaged" | undefined): void {
  if (mark === undefined || mark === "damaged") return;
  if (about === undefined)
    throw unknowing(`${ledgerPath} is empty, but ${mark.commits} transactions were written to it`);
  if (about.id !== mark.id) throw unknowing(`${ledgerPath} is another ledger than the one that was written here`);
  if (about.commits >= mark.commits) return;
  throw unknowing(
    `${ledgerPath} is older than what was written to it: it ends with transaction ${about.commits} of ${mark.commits}`,
  );
}

/** Throws a Failure that names the run folders which the ledger has never heard of. */
export function refuseUnknownRuns(stateFolder: string, isKnown: (run: string) => boolean): void {
  const folder = join(stateFolder, "runs");
  if (!existsSync(folder)) return;
  // Asked again once there is work: a run that another process begins meanwhile is in the ledger before it has any.
  const isLost = (name: string) => !isKnown(name) && holdsWork(join(folder, name)) && !isKnown(name);
  const unknown = readdirSync(folder).filter(isLost);
  if (unknown.length === 0) return;
  const more = unknown.length > runsNamedMax ? ` and ${unknown.length - runsNamedMax} more` : "";
  throw unknowing(
    `the ledger does not know of ${unknown.length === 1 ? "run" : "runs"} ${unknown.slice(0, runsNamedMax).join(", ")}${more}, whose folders are in ${folder}`,
  );
}

const runsNamedMax = 3;

/** A run whose folder has only its job was killed before it was begun: nothing was read or written for it. */
function holdsWork(folder: string): boolean {
  return statSync(folder).isDirectory() && readdirSync(folder).some((name) => !name.startsWith("job.yaml"));
}

function unknowing(what: string): Failure {
  return new Failure(exitCode.failed, what, {
    why: `rows that these runs have sent could be sent a second time: ${lost.replace("it says", "the ledger says")}`,
    next: "restore ledger.db with its -wal from a backup of the same time. Without one: compare what is in batches/ and results/ of the run folders with the target, then move the run folders, ledger.db and ledger.mark away; the next run starts as the first one",
  });
}
