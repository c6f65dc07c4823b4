// What a database remembers of batches: a row for each, written in the transaction of its rows. In: a mark. Out: what became
// of the rows, packed. Must hold: a mark is taken once, also by two who come at the same time.

import { usageFailure } from "../../core/errors.ts";
import { quoteName } from "./names.ts";
import type { MysqlSession } from "./session.ts";

export const markTable = "loadline_batch";

const definition = `CREATE TABLE IF NOT EXISTS ${markTable} (
  mark VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  results LONGBLOB NOT NULL,
  written TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE = InnoDB`;

/** What `loadline connections prepare` does, for those who do it themselves and let a user use it. */
export function definitionOf(database: string, user: string): string {
  const to = `TO '${user.replaceAll("'", "''")}'@'%'`;
  const name = quoteName(database);
  return [
    `USE ${name}`,
    definition,
    `GRANT SELECT, INSERT ON ${name}.${markTable} ${to}`,
    `GRANT CREATE TEMPORARY TABLES ON ${name}.* ${to}`,
  ]
    .map((statement) => `${statement};\n`)
    .join("");
}

/** As the user itself. */
export async function prepare(session: MysqlSession): Promise<void> {
  if (await hasMarks(session)) return;
  await session.rows(definition);
}

/** Throws a Failure (2) for a table that is not part of transactions. */
export async function hasMarks(session: MysqlSession): Promise<boolean> {
  const [row] = await session.rows(
    `SELECT t.ENGINE AS engine, c.PRIVILEGES AS rights FROM information_schema.TABLES t
       JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
     WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME = ? AND c.COLUMN_NAME = 'results'`,
    [markTable],
  );
  if (row === undefined) return false;
  if (row["engine"] !== "InnoDB") {
    throw usageFailure(`the table ${markTable} is of engine ${row["engine"]}, which has no transactions`, {
      next: `ALTER TABLE ${markTable} ENGINE = InnoDB`,
    });
  }
  const rights = (row["rights"] ?? "").split(",");
  return rights.includes("select") && rights.includes("insert");
}

export async function takeMark(session: MysqlSession, mark: string, packed: string): Promise<void> {
  await session.write(`INSERT INTO ${markTable} (mark, results) VALUES (?, UNHEX(?))`, [mark, packed]);
}

export async function readMark(session: MysqlSession, mark: string): Promise<string | undefined> {
  const [row] = await session.rows(`SELECT LOWER(HEX(results)) AS results FROM ${markTable} WHERE mark = ?`, [mark]);
  return row?.["results"] ?? undefined;
}
