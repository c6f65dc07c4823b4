// New rows in the place of all others, in the one transaction of their mark, where a new table can't take the place of the old
// one within it: the old rows are deleted and the new ones inserted. In: a table, the file of all rows. Must hold: who reads sees
// the old rows until the new ones are all there; what hangs on the rows is not deleted with them.

import { createReadStream } from "node:fs";
import { parse } from "csv-parse";
import type { Batch } from "../../contract/write.ts";
import { Failure, type Place, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { batchOf } from "../kit/batch-file.ts";
import type { DescribedTable, SqlSession, WriteDialect } from "./dialect.ts";

/** Rows at once. */
const chunkRows = 5000;
/** Rows that a message names. */
const namedMax = 3;

type Writing<Session extends SqlSession, Table extends DescribedTable> = Pick<
  WriteDialect<Session, Table>,
  "stage" | "refusalOf"
>;

/** Throws a Failure, after which nothing is written, where the database refuses a row. */
export async function rewriteTable<Session extends SqlSession, Table extends DescribedTable>(
  session: Session,
  dialect: Writing<Session, Table>,
  table: Table,
  batch: Batch,
  signal: AbortSignal,
): Promise<void> {
  await session.rows(`DELETE FROM ${table.table.quoted}`);
  failpoint("emptied");
  const insert: Batch = { ...batch, operation: "insert" };
  let headers: string[] | undefined;
  let rows: string[][] = [];
  let first = 0;
  const flush = async () => {
    if (headers === undefined || rows.length === 0) return;
    signal.throwIfAborted();
    const write = await dialect.stage(session, table, insert, batchOf(headers, rows));
    const refusalOf = (error: unknown) => dialect.refusalOf(error, table);
    await insertAll(session, { write, refusalOf, batch, table, first }, rows.length);
    first += rows.length;
    rows = [];
  };
  const source = createReadStream(batch.path).pipe(parse());
  for await (const row of source as AsyncIterable<string[]>) {
    if (headers === undefined) headers = row;
    else rows.push(row);
    if (rows.length >= chunkRows) await flush();
  }
  await flush();
  failpoint("filled");
}

interface Inserting {
  write: Awaited<ReturnType<Writing<SqlSession, DescribedTable>["stage"]>>;
  refusalOf(error: unknown): { message: string } | undefined;
  batch: Batch;
  table: DescribedTable;
  /** Of the rows, in the file. */
  first: number;
}

/** All at once; where one is refused, one by one, to say which. */
async function insertAll(session: SqlSession, inserting: Inserting, count: number): Promise<void> {
  const { write, refusalOf, batch, table, first } = inserting;
  await session.rows("SAVEPOINT loadline_rows");
  try {
    const results = await write(0, count - 1);
    const wrong = results.flatMap((row) => ("error" in row ? [{ n: row.n, message: row.error.message }] : []));
    if (wrong.length > 0) throw notReplaced(table, batch, wrong, first);
    await session.rows("RELEASE SAVEPOINT loadline_rows");
  } catch (error) {
    if (refusalOf(error) === undefined) throw error;
    await session.rows("ROLLBACK TO SAVEPOINT loadline_rows");
    const wrong: { n: number; message: string }[] = [];
    for (let n = 0; n < count && wrong.length < namedMax; n += 1) {
      await write(n, n).catch((one: unknown) => {
        const refusal = refusalOf(one);
        if (refusal === undefined) throw one;
        wrong.push({ n, message: refusal.message });
      });
    }
    throw notReplaced(table, batch, wrong, first, error);
  }
}

function notReplaced(
  { table }: DescribedTable,
  { path }: Batch,
  wrong: readonly { n: number; message: string }[],
  first: number,
  cause?: unknown,
): Failure {
  const named = wrong.slice(0, namedMax).map(({ n, message }) => `row ${first + n + 1}: ${message}`);
  return new Failure(exitCode.failed, `${table.name} is as it was: the database refuses rows of the new content`, {
    where: { file: path },
    why: named.join("; "),
    next: "correct the source or the map and run it again; mode mirror loads the rows that are right, and rejects the others",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Throws a Failure (2). `held`: what is not to be deleted, or would run for each row. */
export function refuseHeld({ table }: DescribedTable, held: readonly string[], where: Place | undefined): void {
  if (held.length === 0) return;
  throw usageFailure(`mode replace deletes the rows of ${table.name}, on which something hangs: ${held.join(", ")}`, {
    ...(where === undefined ? {} : { where }),
    next: "mode mirror changes what differs",
  });
}
