// Batches, each in one transaction with its mark. In: a batch file. Out: what became of each row. Must hold: a batch is
// written once, whoever comes again; a row that the server refuses costs no other; a row that is not there is told.

import type { Batch, CallWrites, TransactionWrites } from "../../contract/write.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { holdsAllOf } from "../../core/type-name.ts";
import { CallFault } from "../../http/outcome.ts";
import { type OpenBatch, openBatch } from "../kit/batch-file.ts";
import type {
  DescribedTable,
  RowResult,
  Savepoint,
  SqlClient,
  SqlSession,
  TransactionKind,
  WriteDialect,
  WriteRows,
} from "./dialect.ts";
import { columnsOfResults, deleted, gone, packResults, saveResults, unpackResults } from "./results.ts";

type DescribeTable<Table> = (object: string) => Promise<Table>;

/** A database that remembers marks. */
export function markedWrites<Session extends SqlSession, Table extends DescribedTable>(
  client: SqlClient<Session>,
  dialect: WriteDialect<Session, Table>,
  describe: DescribeTable<Table>,
): TransactionWrites {
  const readMark = async (session: Session, mark: string) => {
    const packed = await dialect.readMark(session, mark);
    return packed === undefined ? undefined : unpackResults(packed);
  };
  const forget = dialect.forgetMarks;
  const find = (mark: string) => client.transact("read", (session) => readMark(session, mark));
  // Who comes second by a hair finds the mark taken: what the first one wrote under it counts.
  const takenMeanwhile = async (mark: string, error: unknown) => {
    const isUndone = error instanceof Failure || (error instanceof CallFault && error.outcome === "refused");
    const known = isUndone ? await find(mark) : undefined;
    if (known === undefined) throw error;
    return known;
  };
  return {
    remembers: async (mark) => (await client.explain("looking for a batch", () => find(mark))) !== undefined,
    ...(forget === undefined
      ? {}
      : { forget: (marks) => client.transact("write", (session) => forget(session, marks)) }),
    write: (mark, batch, files, signal) =>
      client.explain(`writing ${batch.object}`, async () => {
        const described = await describe(batch.object);
        if (batch.operation === "replace") {
          await client
            .transact("write", async (session) => {
              await holdTable(session, described);
              if ((await dialect.readMark(session, mark)) !== undefined) return;
              await replaceTable(session, dialect, { described, batch, signal });
              await dialect.takeMark(session, mark, packResults([]));
            })
            .catch((error: unknown) => takenMeanwhile(mark, error));
          return;
        }
        const read = readBatch(batch);
        const results = await client
          .transact(kindOf(batch), async (session) => {
            await holdTable(session, described);
            const known = await readMark(session, mark);
            if (known !== undefined) return known;
            const written = await writeRows(session, dialect, described, batch, read);
            await dialect.takeMark(session, mark, packResults(written));
            return written;
          })
          .catch((error: unknown) => takenMeanwhile(mark, error));
        saveResults(read, results, files, false);
      }),
    fetchResults: (mark, batch, files) =>
      client.explain("reading what became of a batch", async () => {
        // A table that was replaced is not told row by row.
        if (batch.operation === "replace") return;
        saveResults(readBatch(batch), (await find(mark)) ?? [], files, false);
      }),
  };
}

/** Without: what may be written twice. */
export function repeatableWrites<Session extends SqlSession, Table extends DescribedTable>(
  client: SqlClient<Session>,
  dialect: WriteDialect<Session, Table>,
  describe: DescribeTable<Table>,
): CallWrites {
  return {
    proofOf: (operation) => (operation === "insert" ? "nothing" : operation === "upsert" ? "key" : "same-end"),
    write: (batch, { again }, files, signal) =>
      client.explain(`writing ${batch.object}`, async () => {
        const described = await describe(batch.object);
        if (batch.operation === "replace") {
          const { found: _own, ...asIs } = batch;
          // What an earlier try has written is another content, and our own.
          const meant = again ? asIs : batch;
          await client.transact("write", async (session) => {
            await holdTable(session, described);
            await replaceTable(session, dialect, { described, batch: meant, signal });
          });
          return;
        }
        const read = readBatch(batch);
        let tries = again ? 1 : 0;
        const results = await client.transact(kindOf(batch), async (session) => {
          tries += 1;
          await holdTable(session, described);
          return writeRows(session, dialect, described, batch, read);
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

async function replaceTable<Session extends SqlSession, Table extends DescribedTable>(
  session: Session,
  dialect: WriteDialect<Session, Table>,
  { described, batch, signal }: { described: Table; batch: Batch; signal: AbortSignal },
): Promise<void> {
  const { replacement } = dialect;
  if (replacement === undefined) throw new Error("the database replaces no tables");
  await refuseAltered(session, dialect, described, [...(described.types?.keys() ?? [])]);
  if (batch.found !== undefined && (await replacement.content(session, described, true)) !== batch.found) {
    throw changedTable(described.table.name);
  }
  await replacement.write(session, described, batch, signal);
}

function changedTable(name: string): Failure {
  return stalePlan(`${name} was changed by another since the plan: no new table takes its place`, {
    why: "all its rows would go, also those that nobody has seen in the plan",
    next: "loadline abandon gives the run up, and a new plan sees the table as it is",
  });
}

function kindOf({ history }: Batch): TransactionKind {
  return history === undefined ? "write" : "history";
}

/** Of this batch nothing is written then. */
function stalePlan(message: string, details: { why: string; next: string }): Failure {
  return new Failure(exitCode.stalePlan, message, details);
}

/** Once a statement has named the table, nobody alters it until the transaction ends. Before what a snapshot begins with. */
async function holdTable<Table extends DescribedTable>(session: SqlSession, { table, types }: Table): Promise<void> {
  if (types !== undefined && table.isReadable) await session.rows(`SELECT 1 FROM ${table.quoted} WHERE 1 = 0`);
}

/**
 * Throws a Failure (7) where columns hold less than those that the plan's values were judged by: the database would round to a new
 * scale without a word. The transaction holds the table.
 */
async function refuseAltered<Session extends SqlSession, Table extends DescribedTable>(
  session: Session,
  { columnTypes }: Pick<WriteDialect<Session, Table>, "columnTypes">,
  described: Table,
  headers: readonly string[],
): Promise<void> {
  const { table, types } = described;
  if (types === undefined || columnTypes === undefined) return;
  const now = await columnTypes(session, described);
  const altered = headers.find((name) => {
    const [was, is] = [types.get(name), now.get(name)];
    return was !== undefined && (is === undefined || !holdsAllOf(is, was));
  });
  if (altered === undefined) return;
  const [was, is] = [types.get(altered), now.get(altered)];
  throw stalePlan(`${table.name} was altered since the plan: ${altered} was ${was}, is ${is ?? "not there any more"}`, {
    why: "the plan's values were judged by the columns as they were",
    next: "alter it back, then loadline resume; or loadline abandon gives the run up, and a new run plans the rest anew",
  });
}

async function writeRows<Session extends SqlSession, Table extends DescribedTable>(
  session: Session,
  dialect: WriteDialect<Session, Table>,
  described: Table,
  batch: Batch,
  { file, rows }: ReadBatch,
): Promise<RowResult[]> {
  await refuseAltered(session, dialect, described, file.headers);
  const write = await dialect.stage(session, described, batch, file);
  const results: RowResult[] = rows.map(() => ({ error: gone }));
  const refusalOf = (error: unknown) => dialect.refusalOf(error, described);
  const { savepoint = standardSavepoint } = dialect;
  let isParted = false;
  const part = async () => {
    if (!isParted) await dialect.partStage?.(session);
    isParted = true;
  };
  await writeBetween(session, { write, results, refusalOf, savepoint, part }, 0, rows.length - 1);
  return results;
}

interface ReadBatch {
  file: OpenBatch;
  /** What its results have beside the answer, of each row. */
  columns: string[];
  rows: string[][];
}

function readBatch(batch: Batch): ReadBatch {
  const file = openBatch(batch.path);
  const columns = columnsOfResults(batch, file.headers);
  return { file, columns, rows: file.cellsOf(columns) };
}

const standardSavepoint: Savepoint = {
  set: "SAVEPOINT loadline_rows",
  release: "RELEASE SAVEPOINT loadline_rows",
  undo: "ROLLBACK TO SAVEPOINT loadline_rows",
};

interface Writing {
  savepoint: Savepoint;
  write: WriteRows;
  /** By the row's place in the batch. */
  results: RowResult[];
  refusalOf(error: unknown): ReturnType<WriteDialect<SqlSession, DescribedTable>["refusalOf"]>;
  /** Before the first rows are written apart from others. */
  part(): Promise<void>;
}

/** Rows of the stage, these included; where one of them is refused, its halves, until it stands alone. */
async function writeBetween(session: SqlSession, writing: Writing, first: number, last: number): Promise<void> {
  if (first > last) return;
  const { write, results, refusalOf, savepoint } = writing;
  await session.rows(savepoint.set);
  try {
    for (const one of await write(first, last)) {
      results[one.n] = "error" in one ? { error: one.error } : { id: one.id, created: one.created };
    }
    if (savepoint.release !== undefined) await session.rows(savepoint.release);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    await session.rows(savepoint.undo);
    if (first === last) {
      results[first] = { error: refusal };
      return;
    }
    await writing.part();
    const middle = (first + last) >> 1;
    await writeBetween(session, writing, first, middle);
    await writeBetween(session, writing, middle + 1, last);
  }
}
