// The statements that write a batch from its stage. In: a table, an operation, the columns of a batch file. Out: statements
// for rows of the stage from one to another. Must hold: an empty cell leaves its column alone, the mark of NULL makes it
// NULL; a row is found by its key, and a new one is never made where one is.

import type { DatabaseError } from "pg";
import type { Batch } from "../../contract/write.ts";
import { clearCell } from "../sql/cells.ts";
import type { Row, WrittenRow } from "../sql/dialect.ts";
import { idColumn } from "../sql/names.ts";
import type { PostgresSession } from "./client.ts";
import type { PostgresTable, TableColumn } from "./fields.ts";
import { quoteName } from "./names.ts";
import { nameOfRow, readCell } from "./present.ts";
import { stageName, stageOf } from "./stage.ts";

export interface BatchStatements {
  /** Makes the stage. */
  stage: string;
  write(session: PostgresSession, first: number, last: number): Promise<WrittenRow[]>;
}

export const between = "s.n BETWEEN CAST($1 AS int) AND CAST($2 AS int)";

/** `isTyped`: no cell has a mark, so that each is a value of its column, or NULL where nothing is said. */
export function statementsOf(
  described: PostgresTable,
  batch: Batch,
  headers: readonly string[],
  isTyped: boolean,
): BatchStatements {
  const types = headers.map((name) => (name === idColumn ? "text" : stageType(described.columns.get(name))));
  const stage = stageOf(headers, isTyped ? types : []);
  const written = writtenColumns(described, headers).map((one) => ({
    ...one,
    isTyped: isTyped && !one.column.isSettled,
  }));
  const idCell = `s.c${headers.indexOf(idColumn)}`;
  switch (batch.operation) {
    case "insert":
      return { stage, write: inserts(described, written) };
    case "upsert":
      return { stage, write: upserts(described, written, batch.externalId ?? "") };
    case "update":
      return { stage, write: updates(described, written, isNamed(described, idCell)) };
    default:
      return { stage, write: deletes(described, isNamed(described, idCell)) };
  }
}

/** `s` is the stage. */
export function writtenColumns({ columns }: PostgresTable, headers: readonly string[]): WrittenColumn[] {
  return headers.flatMap((name, index): WrittenColumn[] => {
    const column = columns.get(name);
    return column === undefined || name === idColumn ? [] : [{ column, cell: `s.c${index}` }];
  });
}

export interface WrittenColumn {
  column: TableColumn;
  cell: string;
  /** The cell is of the column's type, and not text. */
  isTyped?: boolean;
}

/** Without length and scale, as a cast would be. */
function stageType(column: TableColumn | undefined): string {
  return column === undefined || column.isSettled || column.cast === "character" ? "text" : column.cast;
}

type Write = BatchStatements["write"];

export async function rowsOf(session: PostgresSession, sql: string, values: readonly string[]): Promise<WrittenRow[]> {
  return (await session.rows(sql, values)).map(writtenRow);
}

export function writtenRow(row: Row): WrittenRow {
  return { n: Number(row["n"]), id: row["id"] ?? "", created: row["created"] === "t" };
}

/** What a row is found by, `t` of the table and `s` of the stage. */
export function isNamed({ key, columns }: PostgresTable, cell: string): string {
  const parts = key.flatMap((name) => columns.get(name) ?? []);
  const at = (index: number) => (parts.length === 1 ? cell : `(CAST(${cell} AS jsonb) ->> ${index})`);
  return parts.map(({ name, cast }, index) => `t.${quoteName(name)} = CAST(${at(index)} AS ${cast})`).join(" AND ");
}

/** What a cell says; `otherwise` where it says nothing. */
export function valueIn({ column, cell, isTyped }: WrittenColumn, otherwise: string): string {
  if (isTyped === true) return otherwise === "NULL" ? cell : `coalesce(${cell}, ${otherwise})`;
  return `CASE WHEN ${cell} IS NULL THEN ${otherwise} WHEN ${cell} = '${clearCell}' THEN NULL ELSE ${readCell(column, cell)} END`;
}

function assign(written: readonly WrittenColumn[]): string {
  return written
    .map((one) => `${quoteName(one.column.name)} = ${valueIn(one, `t.${quoteName(one.column.name)}`)}`)
    .join(", ");
}

function updates({ table, key }: PostgresTable, written: readonly WrittenColumn[], found: string): Write {
  const sql = `UPDATE ${table.quoted} AS t SET ${assign(written)} FROM ${stageName} s WHERE ${between} AND ${found}
    RETURNING s.n, ${nameOfRow(key)} AS id, false AS created`;
  return (session, first, last) => rowsOf(session, sql, [String(first), String(last)]);
}

function deletes({ table, key }: PostgresTable, found: string): Write {
  const sql = `DELETE FROM ${table.quoted} AS t USING ${stageName} s WHERE ${between} AND ${found}
    RETURNING s.n, ${nameOfRow(key)} AS id, false AS created`;
  return (session, first, last) => rowsOf(session, sql, [String(first), String(last)]);
}

function insertInto({ table, key }: PostgresTable, written: readonly WrittenColumn[], conflict = ""): string {
  const names = written.map(({ column }) => quoteName(column.name)).join(", ");
  const values = written.map((one) => valueIn(one, one.column.initial)).join(", ");
  return `INSERT INTO ${table.quoted} AS t (${names}) SELECT ${values} FROM ${stageName} s WHERE ${between} ORDER BY s.n ${conflict}
    RETURNING ${nameOfRow(key)} AS id`;
}

/**
 * Rows come back in the order in which they were inserted, that of the stage. A trigger may keep one from being inserted:
 * then each goes by itself, so that it is known which.
 */
function inserts(described: PostgresTable, written: readonly WrittenColumn[]): Write {
  const sql = insertInto(described, written);
  return async (session, first, last) => {
    const all = await insertAll(session, sql, first, last);
    if (all !== undefined) return all;
    const written: WrittenRow[] = [];
    for (let n = first; n <= last; n += 1) {
      const [row] = await session.rows(sql, [String(n), String(n)]);
      if (row !== undefined) written.push({ n, id: row["id"] ?? "", created: true });
    }
    return written;
  };
}

/** Undefined, and nothing is inserted, where some of them are not. */
async function insertAll(
  session: PostgresSession,
  sql: string,
  first: number,
  last: number,
): Promise<WrittenRow[] | undefined> {
  await session.query("SAVEPOINT loadline_inserts");
  const rows = await session.rows(sql, [String(first), String(last)]);
  if (rows.length === last - first + 1) {
    await session.query("RELEASE SAVEPOINT loadline_inserts");
    return rows.map((row, index) => ({ n: first + index, id: row["id"] ?? "", created: true }));
  }
  await session.query("ROLLBACK TO SAVEPOINT loadline_inserts");
  return undefined;
}

/** Somebody else was faster with a key. */
async function undoTaken(session: PostgresSession, error: unknown): Promise<undefined> {
  if ((error as Partial<DatabaseError>).code !== uniqueViolation) throw error;
  await session.query("ROLLBACK TO SAVEPOINT loadline_inserts");
}

/** As what a trigger says of a row: no later run would find it. */
function otherKey(): Error {
  const message = "the row that was inserted has another key than was sent: a trigger has changed it";
  return Object.assign(new Error(message), { code: "P0001" });
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const uniqueViolation = "23505";

/**
 * All are mostly new: then they come back as they were inserted, as above. Where somebody else was faster, that is undone,
 * those that are new are made and told by their key, and the others are changed.
 */
function upserts(described: PostgresTable, written: readonly WrittenColumn[], key: string): Write {
  const own = written.find(({ column }) => column.name === key);
  if (own === undefined) throw new Error(`the batch has no column ${key}`);
  const { table, key: primary } = described;
  const column = `t.${quoteName(key)}`;
  const value = own.isTyped === true ? own.cell : readCell(own.column, own.cell);
  const sets = written.filter((one) => one !== own);
  const update = `UPDATE ${table.quoted} AS t SET ${sets.length === 0 ? `${quoteName(key)} = ${column}` : assign(sets)}
    FROM ${stageName} s WHERE ${between} AND s.n <> ALL (CAST($3 AS int[])) AND ${column} = ${value}
    RETURNING s.n, ${nameOfRow(primary)} AS id, false AS created`;
  // Without ON CONFLICT, which costs half as much again (measured).
  const insert = insertInto(described, written);
  const insertNamed = `WITH made AS (${insertInto(described, written, `ON CONFLICT (${quoteName(key)}) DO NOTHING`)}, ${column} AS key)
    SELECT s.n, made.id, true AS created FROM made LEFT JOIN ${stageName} s ON made.key = ${value} AND ${between}`;
  return async (session, first, last) => {
    const among = [String(first), String(last)];
    const all =
      table.isTouched === true
        ? undefined
        : await insertAll(session, insert, first, last).catch((error: unknown) => undoTaken(session, error));
    if (all !== undefined) return all;
    const made = await session.rows(insertNamed, among);
    if (made.some((row) => row["n"] === null)) throw otherKey();
    const known = `{${made.map((row) => row["n"]).join(",")}}`;
    return [...made.map(writtenRow), ...(await rowsOf(session, update, [...among, known]))];
  };
}
