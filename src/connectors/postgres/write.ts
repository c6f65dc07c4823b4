// A batch in PostgreSQL: copied into a temporary table, from which statements write. In: rows of a batch file. Out: what writes
// them. Must hold: what the server says of a row is told from what it says of the statement.

import type { DatabaseError } from "pg";
import type { Batch } from "../../contract/write.ts";
import type { OpenBatch } from "../kit/batch-file.ts";
import { clearCell, emptyMark } from "../sql/cells.ts";
import type { RowRefusal, WriteRows } from "../sql/dialect.ts";
import type { PostgresSession } from "./client.ts";
import type { PostgresTable } from "./fields.ts";
import { versionStatementsOf } from "./history.ts";
import { settledMark } from "./present.ts";
import { copyBatch } from "./stage.ts";
import { statementsOf } from "./statements.ts";

export async function stageBatch(
  session: PostgresSession,
  described: PostgresTable,
  batch: Batch,
  file: OpenBatch,
): Promise<WriteRows> {
  const { history } = batch;
  const { headers } = file;
  await session.rows("SET CONSTRAINTS ALL IMMEDIATE");
  const isPlain = history === undefined && !file.holds(clearCell) && !file.holds(emptyMark);
  const typed = isPlain ? await stageTyped(session, described, batch, headers) : undefined;
  if (typed !== undefined) return typed;
  const statements =
    history === undefined
      ? statementsOf(described, batch, headers, false)
      : versionStatementsOf(described, batch, headers, history);
  await session.rows(statements.stage);
  await copyBatch(session, batch, headers);
  return (first, last) => statements.write(session, first, last);
}

/**
 * COPY reads values in a quarter of the time that casts take (measured), but a value that it can't read ends it: undefined
 * then, and rows are told apart as texts.
 */
async function stageTyped(
  session: PostgresSession,
  described: PostgresTable,
  batch: Batch,
  headers: readonly string[],
): Promise<WriteRows | undefined> {
  const statements = statementsOf(described, batch, headers, true);
  await session.query("SAVEPOINT loadline_stage");
  try {
    await session.rows(statements.stage);
    await copyBatch(session, batch, headers);
    return (first, last) => statements.write(session, first, last);
  } catch (error) {
    if (refusalOf(error, described) === undefined) throw error;
    await session.query("ROLLBACK TO SAVEPOINT loadline_stage");
    return undefined;
  }
}

/** Values, constraints, what triggers raise, and a value that is too long for an index. */
const aboutRows = /^(?:22|23|44|P0)|^5400[01]$/;

/**
 * What a row is refused for, policies of row security too; all else is about the statement
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
export function refusalOf(error: unknown, { constraints }: PostgresTable): RowRefusal | undefined {
  const { code, message, column, constraint = "" } = error as Partial<DatabaseError> & { message: string };
  const isHidden = code === "42501" && message.includes("violates row-level security");
  if (code === undefined || (!isHidden && !aboutRows.test(code))) return undefined;
  const settled = settledOf(message);
  if (settled !== undefined) return { code, ...settled };
  const fields = column === undefined ? (constraints.get(constraint) ?? []) : [column];
  return { code, message, fields };
}

/** A value that the server would give back in another text. */
function settledOf(message: string): { message: string; fields: string[] } | undefined {
  const [told] = /\{"loadline_settled" : .*\}/s.exec(message) ?? [];
  if (told === undefined) return undefined;
  const { [settledMark]: text, field } = JSON.parse(told) as Record<string, string>;
  return { message: `PostgreSQL would keep it as ${text}: write it so`, fields: field === undefined ? [] : [field] };
}
