// What a database remembers of batches: a row for each, written in the transaction of its rows. In: a mark. Out: what became
// of the rows, packed. Must hold: a mark is taken once, also by two who come at the same time.

import { quoteName } from "./names.ts";
import type { SqlserverSession } from "./session.ts";

export const markTable = "dbo.loadline_batch";

const definition = `IF OBJECT_ID(N'${markTable}', N'U') IS NULL CREATE TABLE ${markTable} (
  mark varchar(200) COLLATE Latin1_General_100_BIN2 NOT NULL PRIMARY KEY,
  results varbinary(max) NOT NULL,
  written datetime2(6) NOT NULL DEFAULT SYSUTCDATETIME()
)`;

/** What `loadline connections prepare` does, for those who do it themselves and let a user use it. */
export function definitionOf(user: string): string {
  return `${definition};\nGRANT SELECT, INSERT, DELETE ON ${markTable} TO ${quoteName(user)};\n`;
}

/** As the user itself. */
export async function prepare(session: SqlserverSession): Promise<void> {
  await session.rows(definition);
}

const may = (right: string) => `HAS_PERMS_BY_NAME(N'${markTable}', 'OBJECT', '${right}') = 1`;

export async function hasMarks(session: SqlserverSession): Promise<boolean> {
  const [row] = await session.rows(
    `SELECT CONVERT(nvarchar(1), IIF(${may("SELECT")} AND ${may("INSERT")}, 1, 0)) AS may WHERE OBJECT_ID(N'${markTable}', N'U') IS NOT NULL`,
  );
  return row?.["may"] === "1";
}

export async function takeMark(session: SqlserverSession, mark: string, packed: string): Promise<void> {
  await session.rows(`INSERT INTO ${markTable} (mark, results) VALUES (@p1, CONVERT(varbinary(max), @p2, 2))`, [
    mark,
    packed,
  ]);
}

export async function readMark(session: SqlserverSession, mark: string): Promise<string | undefined> {
  const asked = `SELECT CONVERT(varchar(max), results, 2) AS results FROM ${markTable} WHERE mark = CONVERT(varchar(200), @p1)`;
  const [row] = await session.rows(asked, [mark]);
  return row?.["results"] ?? undefined;
}

/** Where the user may delete them. */
export async function forgetMarks(session: SqlserverSession, marks: readonly string[]): Promise<void> {
  await session.rows(
    `IF ${may("DELETE")} DELETE FROM ${markTable} WHERE mark IN (SELECT CONVERT(varchar(200), value) FROM OPENJSON(@p1))`,
    [JSON.stringify(marks)],
  );
}
