// A batch in PostgreSQL: copied into a temporary table, from which statements write. In: rows of a batch file. Out: what writes
// them. Must hold: what the server says of a row is told from what it says of the statement.

import type { DatabaseError } from "pg";
import type { Batch } from "../../contract/write.ts";
import type { BatchRows } from "../kit/batch-file.ts";
import type { RowRefusal, WriteRows } from "../sql/dialect.ts";
import type { PostgresSession } from "./client.ts";
import type { PostgresTable } from "./fields.ts";
import { versionStatementsOf } from "./history.ts";
import { copyBatch } from "./stage.ts";
import { statementsOf } from "./statements.ts";

export async function stageBatch(
  session: PostgresSession,
  described: PostgresTable,
  batch: Batch,
  { headers }: BatchRows,
): Promise<WriteRows> {
  const { history } = batch;
  const statements =
    history === undefined
      ? statementsOf(described, batch, headers)
      : versionStatementsOf(described, batch, headers, history);
  await session.rows("SET CONSTRAINTS ALL IMMEDIATE");
  await session.rows(statements.stage);
  await copyBatch(session, batch.path, headers);
  return (first, last) => statements.write(session, first, last);
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
