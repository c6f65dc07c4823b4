// What a database remembers of batches: a row for each, written in the transaction of its rows. In: a mark. Out: what became
// of the rows, packed. Must hold: a mark is taken once, also by two who come at the same time.

import { quoteName } from "./names.ts";
import type { OracleSession } from "./session.ts";

export const markTable = "LOADLINE_BATCH";

const definition = `CREATE TABLE ${markTable} (
  mark VARCHAR2(200 BYTE) NOT NULL PRIMARY KEY,
  results BLOB NOT NULL,
  written TIMESTAMP(6) WITH TIME ZONE DEFAULT SYSTIMESTAMP NOT NULL
)`;

/** What `loadline connections prepare` does, for those who do it themselves: in the user's own schema. */
export function definitionOf(user: string): string {
  const owner = /^[A-Za-z][\w$#]*$/.test(user) ? user.toUpperCase() : user;
  return `${definition.replace(markTable, `${quoteName(owner)}.${markTable}`)};\n`;
}

/** As the user itself. */
export async function prepare(session: OracleSession): Promise<void> {
  if (!(await hasMarks(session))) await session.rows(definition);
}

export async function hasMarks(session: OracleSession): Promise<boolean> {
  const [row] = await session.rows(`SELECT 'x' AS "there" FROM user_tables WHERE table_name = '${markTable}'`);
  return row !== undefined;
}

export async function takeMark(session: OracleSession, mark: string, packed: string): Promise<void> {
  await session.keep(`INSERT INTO ${markTable} (mark, results) VALUES (:p1, :p2)`, mark, Buffer.from(packed, "hex"));
}

export async function readMark(session: OracleSession, mark: string): Promise<string | undefined> {
  const [row] = await session.rows(`SELECT results AS "results" FROM ${markTable} WHERE mark = :p1`, [mark]);
  return row?.["results"] ?? undefined;
}

export async function forgetMarks(session: OracleSession, marks: readonly string[]): Promise<void> {
  const given = "SELECT k.value FROM JSON_TABLE(:p1, '$[*]' COLUMNS (value VARCHAR2(200) PATH '$')) k";
  await session.rows(`DELETE FROM ${markTable} WHERE mark IN (${given})`, [JSON.stringify(marks)]);
}
