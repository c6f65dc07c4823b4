// What a database remembers of batches: a row for each, written in the transaction of its rows. In: a mark. Out: what became
// of the rows, packed. Must hold: a mark is taken once, also by two who come at the same time.

import type { PostgresSession } from "./client.ts";
import { quoteName } from "./names.ts";

const statements = [
  "CREATE SCHEMA IF NOT EXISTS loadline",
  `CREATE TABLE IF NOT EXISTS loadline.batch (
  mark text PRIMARY KEY,
  results bytea NOT NULL,
  written timestamptz NOT NULL DEFAULT now()
)`,
];

/** What `loadline connections prepare` does, for those who do it themselves and let a role use it. */
export function definitionOf(role: string): string {
  const to = `TO ${quoteName(role)}`;
  const grants = [`GRANT USAGE ON SCHEMA loadline ${to}`, `GRANT SELECT, INSERT, DELETE ON loadline.batch ${to}`];
  return [...statements, ...grants].map((statement) => `${statement};\n`).join("");
}

/** As the role itself, whose the table then is. */
export async function prepare(session: PostgresSession): Promise<void> {
  if (await hasMarks(session)) return;
  for (const statement of statements) await session.query(statement);
}

export async function hasMarks(session: PostgresSession): Promise<boolean> {
  // By the catalogue: to name a table in a schema that the role may not use is an error.
  const asked = `SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AS "has"
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'loadline' AND c.relname = 'batch'`;
  const [row] = await session.rows(asked);
  return row?.["has"] === "t";
}

/** Where the role may delete them. */
export async function forgetMarks(session: PostgresSession, marks: readonly string[]): Promise<void> {
  const [row] = await session.rows("SELECT has_table_privilege('loadline.batch', 'DELETE') AS may");
  if (row?.["may"] !== "t") return;
  await session.rows("DELETE FROM loadline.batch WHERE mark IN (SELECT json_array_elements_text(CAST($1 AS json)))", [
    JSON.stringify(marks),
  ]);
}

export async function takeMark(session: PostgresSession, mark: string, packed: string): Promise<void> {
  await session.rows(`INSERT INTO loadline.batch (mark, results) VALUES ($1, decode($2, 'hex'))`, [mark, packed]);
}

export async function readMark(session: PostgresSession, mark: string): Promise<string | undefined> {
  const asked = "SELECT encode(results, 'hex') AS results FROM loadline.batch WHERE mark = $1";
  const [row] = await session.rows(asked, [mark]);
  return row?.["results"] ?? undefined;
}
