// A batch in Oracle: statements for many rows at once, of which the server tells each that it refuses. In: rows of a batch file.
// Out: what writes them. Must hold: a statement names only the columns of which its rows say something; a row that is not there is
// told; what the server says of a row is told from what it says of the statement.

import type { Batch } from "../../contract/write.ts";
import type { BatchRows } from "../kit/batch-file.ts";
import type { RowResult, WriteRows, WrittenRow } from "../sql/dialect.ts";
import { groupRows, type RowGroup, type WrittenColumn, writtenColumns } from "../sql/groups.ts";
import { idColumn } from "../sql/names.ts";
import { refusalOf } from "./faults.ts";
import { columnIn, type OracleTable, type TableColumn } from "./fields.ts";
import { quoteName } from "./names.ts";
import { keyTexts, nameOfRow, storedValue, textFor } from "./present.ts";
import type { OracleSession } from "./session.ts";

type Written = WrittenColumn<TableColumn>;
type Binds = Record<string, string | null>;

/** Rows of a statement at once. */
const rowsMax = 1000;

/** By which a row is found: columns, and its own texts for them. */
interface Key {
  columns: readonly TableColumn[];
  textsOf(row: readonly string[]): readonly (string | null)[];
}

export async function stageBatch(
  session: OracleSession,
  table: OracleTable,
  { operation, externalId }: Batch,
  read: BatchRows,
): Promise<WriteRows> {
  const { headers, rows } = read;
  const grouped = groupRows(table.columns, read);
  const all = writtenColumns(table.columns, headers);
  const key = operation === "upsert" ? keyBy(all, [externalId ?? ""]) : keyById(table, headers);
  const sentKey = table.key.every((name) => all.some(({ column }) => column.name === name));
  const writer: Writer = { session, table, rows, key };
  return async (first, last) => {
    const groups = grouped.between(first, last);
    const numbers = Array.from({ length: last - first + 1 }, (_, at) => first + at);
    if (operation === "insert") {
      const own = sentKey && table.key.length > 0 ? keyBy(all, table.key) : undefined;
      return (await Promise.resolve(insertGroups(writer, groups, own))).flat();
    }
    const there = await findRows(writer, key, numbers);
    const isThere = new Set(there.keys());
    if (operation === "delete" || operation === "hardDelete") {
      return settle(there, await writeMany(writer, deleteOf(table, key), [...isThere], (n) => keyBinds(key, rows[n])));
    }
    const written = await updateGroups(writer, groups, there);
    if (operation !== "upsert" || isThere.size === numbers.length) return written;
    const lacking = groups.map((group) => ({ ...group, rows: group.rows.filter((n) => !isThere.has(n)) }));
    return [...written, ...(await insertGroups(writer, lacking, key))];
  };
}

interface Writer {
  session: OracleSession;
  table: OracleTable;
  rows: readonly (readonly string[])[];
  key: Key;
}

function keyBy(all: readonly Written[], names: readonly string[]): Key {
  const parts = names.flatMap((name) => all.find(({ column }) => column.name === name) ?? []);
  return {
    columns: parts.map(({ column }) => column),
    textsOf: (row) => parts.map(({ column, index }) => textFor(column, row[index] ?? "")),
  };
}

function keyById(table: OracleTable, headers: readonly string[]): Key {
  const at = headers.indexOf(idColumn);
  return {
    columns: table.key.flatMap((name) => table.columns.get(name) ?? []),
    textsOf: (row) => keyTexts(table, row[at] ?? ""),
  };
}

function keyBinds(key: Key, row: readonly string[] = []): Binds {
  return Object.fromEntries(key.textsOf(row).map((text, index) => [`k${index}`, text]));
}

const isKey = (key: Key, text: (index: number) => string) =>
  key.columns.map((column, index) => `${columnIn(column, "t")} = ${storedValue(column, text(index))}`).join(" AND ");

/** Rows that are there, by their numbers, with what names them. */
async function findRows(
  { session, table, rows }: Writer,
  key: Key,
  numbers: readonly number[],
): Promise<Map<number, string>> {
  const columns = key.columns.map((_, index) => `k${index} VARCHAR2(4000) PATH '$[${index + 1}]'`);
  const given = `JSON_TABLE(:p1, '$[*]' COLUMNS (n NUMBER PATH '$[0]', ${columns.join(", ")})) k`;
  const found = await session.rows(
    `SELECT TO_CHAR(k.n) AS "n", ${nameOfRow(table)} AS "id" FROM ${given} JOIN ${table.table.quoted} t ON ${isKey(key, (index) => `k.k${index}`)}`,
    [JSON.stringify(numbers.map((n) => [n, ...key.textsOf(rows[n] ?? [])]))],
  );
  return new Map(found.map((row) => [Number(row["n"]), row["id"] ?? ""]));
}

function valuesOf(written: readonly Written[], row: readonly string[] = []): Binds {
  return Object.fromEntries(written.map(({ column, index }) => [`c${index}`, textFor(column, row[index] ?? "")]));
}

export function updateOf({ table }: OracleTable, written: readonly Written[], key: Pick<Key, "columns">): string {
  const sets = written.map(({ column, index }) => `${columnIn(column, "t")} = ${storedValue(column, `:c${index}`)}`);
  return `UPDATE ${table.quoted} t SET ${sets.join(", ")} WHERE ${isKey(key as Key, (index) => `:k${index}`)}`;
}

export function deleteOf({ table }: OracleTable, key: Pick<Key, "columns">): string {
  return `DELETE FROM ${table.quoted} t WHERE ${isKey(key as Key, (index) => `:k${index}`)}`;
}

export function insertOf({ table, columns }: OracleTable, written: readonly Written[]): string {
  const [anyColumn = ""] = columns.keys();
  // There are no rows without a column.
  const names = written.length === 0 ? [quoteName(anyColumn)] : written.map(({ column }) => quoteName(column.name));
  const values =
    written.length === 0 ? ["DEFAULT"] : written.map(({ column, index }) => storedValue(column, `:c${index}`));
  return `INSERT INTO ${table.quoted} t (${names.join(", ")}) VALUES (${values.join(", ")})`;
}

async function updateGroups(
  writer: Writer,
  groups: readonly RowGroup<TableColumn>[],
  there: ReadonlyMap<number, string>,
): Promise<WrittenRow[]> {
  const results: WrittenRow[] = [];
  for (const { written, rows } of groups) {
    const own = rows.filter((n) => there.has(n));
    const said = written.filter(({ column }) => !writer.key.columns.includes(column));
    const binds = (n: number) => ({ ...valuesOf(said, writer.rows[n]), ...keyBinds(writer.key, writer.rows[n]) });
    const refused =
      said.length === 0 ? new Map() : await writeMany(writer, updateOf(writer.table, said, writer.key), own, binds);
    results.push(...settle(new Map(own.map((n) => [n, there.get(n) ?? ""])), refused));
  }
  return results;
}

/** `named`: by what the new rows are found; undefined where the server gives it, and each row is made by itself. */
async function insertGroups(
  writer: Writer,
  groups: readonly RowGroup<TableColumn>[],
  named: Key | undefined,
): Promise<WrittenRow[]> {
  const { session, table } = writer;
  const results: WrittenRow[] = [];
  for (const { written, rows } of groups) {
    const insert = insertOf(table, written);
    if (named === undefined && table.key.length > 0) {
      const returning = `${insert} RETURNING ${nameOfRow(table, "t")} INTO :loadline_made`;
      for (const n of rows)
        results.push({ n, id: await session.make(returning, valuesOf(written, writer.rows[n])), created: true });
      continue;
    }
    const refused = await writeMany(writer, insert, rows, (n) => valuesOf(written, writer.rows[n]));
    const made = rows.filter((n) => !refused.has(n));
    const names = named === undefined ? new Map<number, string>() : await findRows(writer, named, made);
    results.push(...made.map((n) => ({ n, id: names.get(n) ?? "", created: true })), ...settle(new Map(), refused));
  }
  return results;
}

/** Gives what is said of rows that are refused. Throws what is said of anything else. */
async function writeMany(
  { session, table }: Writer,
  statement: string,
  numbers: readonly number[],
  bindsOf: (n: number) => Binds,
): Promise<Map<number, RowResult>> {
  const refused = new Map<number, RowResult>();
  for (let at = 0; at < numbers.length; at += rowsMax) {
    const some = numbers.slice(at, at + rowsMax);
    const { refused: told } = await session.many(statement, some.map(bindsOf));
    for (const [index, error] of told) {
      const refusal = refusalOf(error, table);
      if (refusal === undefined) throw error;
      refused.set(some[index] ?? -1, { error: refusal });
    }
  }
  return refused;
}

function settle(there: ReadonlyMap<number, string>, refused: ReadonlyMap<number, RowResult>): WrittenRow[] {
  const good = [...there].filter(([n]) => !refused.has(n)).map(([n, id]) => ({ n, id, created: false }));
  return [...good, ...[...refused].map(([n, result]) => ({ n, ...result }))];
}
