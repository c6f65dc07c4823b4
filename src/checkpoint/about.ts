// Which ledger a file is, and how many transactions it has seen, by its own word.

import type { DatabaseSync } from "../core/sqlite.ts";
import { type About, damaged, hashOf } from "./integrity.ts";

/** Throws a Failure where it does not say so. */
export function readAbout(database: DatabaseSync): About {
  const rows = database.prepare("SELECT * FROM about").all() as { id: string; commits: number; hash: string }[];
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw damaged("it does not say how much was written to it");
  if (row.hash !== hashOf([row.id, row.commits])) throw damaged("about is not what was written");
  return { id: row.id, commits: row.commits };
}

export function writeAbout(database: DatabaseSync, { id, commits }: About): void {
  database.prepare("INSERT OR REPLACE INTO about VALUES (?, ?, ?)").run(id, commits, hashOf([id, commits]));
}

/** In the transaction that is counted. */
export function countCommit(database: DatabaseSync): About {
  const { id, commits } = readAbout(database);
  const about = { id, commits: commits + 1 };
  writeAbout(database, about);
  return about;
}
