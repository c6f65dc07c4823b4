// What an SQLite database remembers of batches: a row for each, written in the transaction of its rows.

import type { SqliteSession } from "./client.ts";

export const markTable = "loadline_batch";

/** What `loadline connections prepare` does, for those who do it themselves. */
export const definition = `CREATE TABLE IF NOT EXISTS ${markTable} (
  mark TEXT NOT NULL PRIMARY KEY,
  results TEXT NOT NULL,
  written TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)`;

export async function prepare(session: SqliteSession): Promise<void> {
  await session.rows(definition);
}

export async function hasMarks(session: SqliteSession): Promise<boolean> {
  const rows = await session.rows("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", [markTable]);
  return rows.length > 0;
}

export async function readMark(session: SqliteSession, mark: string): Promise<string | undefined> {
  const [row] = await session.rows(`SELECT results FROM ${markTable} WHERE mark = ?`, [mark]);
  return row?.["results"] ?? undefined;
}

export async function takeMark(session: SqliteSession, mark: string, packed: string): Promise<void> {
  await session.rows(`INSERT INTO ${markTable} (mark, results) VALUES (?, ?)`, [mark, packed]);
}
