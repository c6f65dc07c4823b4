// A batch in PostgreSQL: copied into a temporary table, from which statements write. In: rows of a batch file. Out: what writes
// them. Must hold: what the server says of a row is told from what it says of the statement.

import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify";
import type { DatabaseError } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { Batch } from "../../contract/write.ts";
import type { BatchRows } from "../kit/batch-file.ts";
import type { RowRefusal, WriteRows } from "../sql/dialect.ts";
import type { PostgresSession } from "./client.ts";
import type { PostgresTable } from "./fields.ts";
import { versionStatementsOf } from "./history.ts";
import { stageName, statementsOf } from "./statements.ts";

export async function stageBatch(
  session: PostgresSession,
  described: PostgresTable,
  batch: Batch,
  { headers, rows }: BatchRows,
): Promise<WriteRows> {
  const { history } = batch;
  const statements =
    history === undefined
      ? statementsOf(described, batch, headers)
      : versionStatementsOf(described, batch, headers, history);
  await session.rows("SET CONSTRAINTS ALL IMMEDIATE");
  await session.rows(statements.stage);
  const copy = session.client.query(copyFrom(`COPY ${stageName} FROM STDIN WITH (FORMAT csv)`));
  // A cell that is empty says nothing of its column: NULL, in the stage.
  const cells = stringify({ quoted_string: true });
  await Promise.all([pipeline(cells, copy), sendRows(cells, rows)]);
  return (first, last) => statements.write(session, first, last);
}

async function sendRows(into: ReturnType<typeof stringify>, rows: readonly string[][]): Promise<void> {
  for (const [index, row] of rows.entries()) {
    const line = [String(index), ...row.map((cell) => (cell === "" ? null : cell))];
    if (!into.write(line)) await new Promise((resolve) => into.once("drain", resolve));
  }
  into.end();
}

/**
 * Values, constraints and what triggers raise are about a row; all else is about the statement
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
export function refusalOf(error: unknown, { constraints }: PostgresTable): RowRefusal | undefined {
  const { code, message, column, constraint = "" } = error as Partial<DatabaseError> & { message: string };
  if (code === undefined || !/^(?:22|23|44|P0)/.test(code)) return undefined;
  const fields = column === undefined ? (constraints.get(constraint) ?? []) : [column];
  return { code, message, fields };
}
