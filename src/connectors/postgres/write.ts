// Batches, each in one transaction with its mark. In: a batch file. Out: what became of each row. Must hold: a batch is
// written once, whoever comes again; a row that the server refuses costs no other; a row that is not there is told.

import { pipeline } from "node:stream/promises";
import { stringify } from "csv-stringify";
import type { DatabaseError } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { Batch, CallWrites, ResultFiles, TransactionWrites } from "../../contract/write.ts";
import { type AnsweredRow, type BatchRows, createdCell, readBatchRows, saveAnsweredRows } from "../kit/batch-file.ts";
import type { PostgresClient, PostgresSession } from "./client.ts";
import type { DescribedTable } from "./fields.ts";
import { type RowRefusal, type RowResult, readMark, takeMark } from "./marks.ts";
import { type BatchStatements, stageName, statementsOf } from "./statements.ts";

export const resultColumns = { id: "loadline_result_id", created: "loadline_created", error: "loadline_error" };

type DescribeTable = (object: string) => Promise<DescribedTable>;

/** A database that has `loadline.batch`. */
export function markedWrites(client: PostgresClient, describe: DescribeTable): TransactionWrites {
  const find = (mark: string) => client.transact("read", (session) => readMark(session, mark));
  return {
    remembers: async (mark) => (await client.explain("looking for a batch", () => find(mark))) !== undefined,
    write: (mark, batch, files) =>
      client.explain(`writing ${batch.object}`, async () => {
        const described = await describe(batch.object);
        const read = readBatchRows(batch.path);
        const results = await client.transact("write", async (session) => {
          const known = await readMark(session, mark);
          if (known !== undefined) return known;
          const written = await writeRows(session, described, batch, read);
          await takeMark(session, mark, written);
          return written;
        });
        saveResults(read, results, files, false);
      }),
    fetchResults: (mark, batch, files) =>
      client.explain("reading what became of a batch", async () =>
        saveResults(readBatchRows(batch.path), (await find(mark)) ?? [], files, false),
      ),
  };
}

/** Without: what may be written twice. */
export function repeatableWrites(client: PostgresClient, describe: DescribeTable): CallWrites {
  return {
    proofOf: (operation) => (operation === "insert" ? "nothing" : operation === "upsert" ? "key" : "same-end"),
    write: (batch, { again }, files) =>
      client.explain(`writing ${batch.object}`, async () => {
        const described = await describe(batch.object);
        const read = readBatchRows(batch.path);
        let tries = again ? 1 : 0;
        const results = await client.transact("write", (session) => {
          tries += 1;
          return writeRows(session, described, batch, read);
        });
        const mayBeOurs = tries > 1;
        const isDelete = batch.operation === "delete" || batch.operation === "hardDelete";
        // A row that is gone by then went with the first try, whose answer nobody heard.
        const told = results.map((one) =>
          mayBeOurs && isDelete && "error" in one && one.error === gone ? deleted : one,
        );
        saveResults(read, told, files, mayBeOurs);
      }),
  };
}

async function writeRows(
  session: PostgresSession,
  described: DescribedTable,
  batch: Batch,
  { headers, rows }: BatchRows,
): Promise<RowResult[]> {
  const statements = statementsOf(described, batch, headers);
  await session.query("SET CONSTRAINTS ALL IMMEDIATE");
  await session.query(statements.stage);
  const copy = session.client.query(copyFrom(`COPY ${stageName} FROM STDIN WITH (FORMAT csv)`));
  // A cell that is empty says nothing of its column: NULL, in the stage.
  const cells = stringify({ quoted_string: true });
  await Promise.all([pipeline(cells, copy), sendRows(cells, rows)]);
  const results: RowResult[] = rows.map(() => ({ error: gone }));
  const { constraints } = described;
  await writeBetween(session, { statements, results, constraints }, 0, rows.length - 1);
  return results;
}

const deleted: RowResult = { id: "", created: false };
const gone: RowRefusal = { code: "GONE", message: "there is no such row any more", fields: [] };

async function sendRows(into: ReturnType<typeof stringify>, rows: readonly string[][]): Promise<void> {
  for (const [index, row] of rows.entries()) {
    const line = [String(index), ...row.map((cell) => (cell === "" ? null : cell))];
    if (!into.write(line)) await new Promise((resolve) => into.once("drain", resolve));
  }
  into.end();
}

interface Writing {
  statements: BatchStatements;
  /** By the row's place in the batch. */
  results: RowResult[];
  constraints: DescribedTable["constraints"];
}

/** Rows of the stage, these included; where one of them is refused, its halves, until it stands alone. */
async function writeBetween(
  session: PostgresSession,
  { statements, results, constraints }: Writing,
  first: number,
  last: number,
): Promise<void> {
  if (first > last) return;
  await session.query("SAVEPOINT loadline_rows");
  try {
    for (const { n, id, created } of await statements.write(session, first, last)) results[n] = { id, created };
    await session.query("RELEASE SAVEPOINT loadline_rows");
  } catch (error) {
    const refusal = refusalOf(error, constraints);
    if (refusal === undefined) throw error;
    await session.query("ROLLBACK TO SAVEPOINT loadline_rows");
    if (first === last) {
      results[first] = { error: refusal };
      return;
    }
    const middle = (first + last) >> 1;
    await writeBetween(session, { statements, results, constraints }, first, middle);
    await writeBetween(session, { statements, results, constraints }, middle + 1, last);
  }
}

/**
 * Values, constraints and what triggers raise are about a row; all else is about the statement
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html).
 */
function refusalOf(error: unknown, constraints: DescribedTable["constraints"]): RowRefusal | undefined {
  const { code, message, column, constraint = "" } = error as Partial<DatabaseError> & { message: string };
  if (code === undefined || !/^(?:22|23|44|P0)/.test(code)) return undefined;
  const fields = column === undefined ? (constraints.get(constraint) ?? []) : [column];
  return { code, message, fields };
}

function saveResults(
  { headers, rows }: BatchRows,
  results: readonly RowResult[],
  files: ResultFiles,
  again: boolean,
): void {
  const answered = rows.flatMap((cells, index): AnsweredRow[] => {
    const result = results[index];
    if (result === undefined) return [];
    if ("error" in result) return [{ id: "", error: JSON.stringify(result.error), cells }];
    return [{ id: result.id, created: createdCell(result.created, again), cells }];
  });
  saveAnsweredRows(headers, answered, resultColumns, files);
}
