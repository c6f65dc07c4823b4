// What a stream reads: a table, or a query as a table. In: the source of a job. Out: its columns with their types, what names
// a record, what tells when it changed. Must hold: the server takes it as one SELECT that only reads; every column that can't
// be taken exactly says so.

import { type Place, usageFailure } from "../../core/errors.ts";
import type { ObjectSource } from "../../job/job.ts";
import type { CountedRows, FoundTable, ReadableType, ReadDialect, SelectedColumn, SqlSession } from "./dialect.ts";
import { asTable, bareQuery, columnUnknown } from "./names.ts";

export interface QueriedTable {
  /** What stands behind FROM. */
  from: string;
  /** SQL, over `q`: text that names a record. */
  key: string;
  /** SQL, over `q`: an instant; of an incremental source. */
  cursor?: string;
  /** In place of it: the system counts its changes. */
  counter?: CountedRows;
  columns: Map<string, ReadableType>;
  /** By small letters. */
  refused: Map<string, { message: string; next: string }>;
}

export async function queryOf<Session extends SqlSession>(
  session: Session,
  dialect: ReadDialect<Session>,
  source: ObjectSource,
): Promise<QueriedTable> {
  refuseUntold(source);
  // What is hidden would count as deleted.
  if (source.deletes === "compare") await dialect.refuseHidden?.(session);
  const query = source.sql?.query;
  const table = query === undefined ? await dialect.findTable(session, source.object, source.place) : undefined;
  const from = table?.quoted ?? asTable(query ?? "");
  const where = source.where === undefined ? "" : ` WHERE (${source.where}\n)`;
  // As a statement of its own, so that nothing but one SELECT is taken for what is copied.
  const selected = await dialect.selectedColumns(session, `SELECT * FROM ${from} q${where}`);
  const named = query === undefined ? undefined : await dialect.namedColumns?.(session, bareQuery(query));
  if (named !== undefined) nameAsWritten(selected, named);
  const columns = new Map<string, ReadableType>();
  const refused: QueriedTable["refused"] = new Map();
  for (const column of selected) {
    const read = readColumn(column, selected, dialect);
    if ("refused" in read)
      refused.set(column.name.toLowerCase(), { message: `${column.name} ${read.refused}`, next: read.next });
    else columns.set(column.name, read);
  }
  for (const [name, grant] of table?.hidden ?? []) {
    const next = `an administrator lets it: ${grant}`;
    refused.set(name.toLowerCase(), { message: `${name} can't be read by this user`, next });
  }
  const counter = isCounted(source, dialect) ? await dialect.counter?.countRows(session, source) : undefined;
  const changed = counter === undefined ? cursorOf(source, dialect, selected) : { counter };
  const key = await keyOf(session, dialect, source, table, selected);
  return { from, key, ...changed, columns, refused };
}

function readColumn(
  { name, type }: SelectedColumn,
  all: readonly SelectedColumn[],
  { quoteName }: Pick<ReadDialect<SqlSession>, "quoteName">,
): SelectedColumn["type"] {
  const renamed = `a query that gives it another name: SELECT ${quoteName(name)} AS …`;
  if (isShared(name, all)) return { refused: "stands several times, capital letters aside", next: renamed };
  return name.includes(".") ? { refused: "has a dot in its name", next: renamed } : type;
}

function isShared(name: string, all: readonly SelectedColumn[]): boolean {
  return all.filter((other) => other.name.toLowerCase() === name.toLowerCase()).length > 1;
}

/** Two columns of one name have it both, whatever the system makes of the second. */
function nameAsWritten(selected: SelectedColumn[], named: readonly string[]): void {
  const asWritten = selected.map((column, index) => ({ ...column, name: named[index] ?? column.name }));
  for (const [index, column] of asWritten.entries()) if (isShared(column.name, asWritten)) selected[index] = column;
}

/** Throws a Failure (2) where it is the name of several columns. */
function requireOne(key: string, name: string, all: readonly SelectedColumn[], where: Place): void {
  if (!isShared(name, all)) return;
  throw usageFailure(`${key}: several columns are called ${name}, capital letters aside`, {
    where,
    next: "a query that gives each its own name: SELECT … AS …",
  });
}

/** Text that names a record; where nothing does, what it holds, and which of those that hold the same it is. */
async function keyOf<Session extends SqlSession>(
  session: Session,
  dialect: ReadDialect<Session>,
  { sql, incremental, place }: ObjectSource,
  table: FoundTable | undefined,
  selected: readonly SelectedColumn[],
): Promise<string> {
  const names = selected.map(({ name }) => name);
  const written = sql?.key ?? [];
  const unknown = written.find((name) => !names.includes(name));
  if (unknown !== undefined) throw columnUnknown("source.key", unknown, names, place);
  for (const name of written) requireOne("source.key", name, selected, place);
  const key = written.length > 0 || table === undefined ? written : await dialect.tableKey(session, table);
  // As they are copied: bytes, say, have a text of their own.
  const columns = (list: readonly string[]) =>
    list.map((name) => {
      const column = `q.${dialect.quoteName(name)}`;
      const type = selected.find((one) => one.name === name)?.type;
      return type === undefined || "refused" in type ? column : (type.select?.(column) ?? column);
    });
  if (key.length > 0) {
    const name = dialect.nameByKey(columns(key));
    // What is asked for again, or compared, is found by its name. A table's own key is never NULL.
    const isSure = written.length === 0 || dialect.refusesUnnamed === true;
    return isSure ? name : `coalesce(${name}, 'NULL')`;
  }
  // What can't be told apart can't be mapped either.
  if (incremental === undefined)
    return dialect.nameByContent(columns(names.filter((name) => !isShared(name, selected))));
  throw usageFailure("an incremental source wants a key: what tells its records apart", {
    where: incremental.place,
    why: table === undefined ? "a query has none of its own" : `${table.name} has no primary key`,
    next: "source.key: id, or a list of columns",
  });
}

/** The word counts, whatever columns are called: so it does where windows are made. */
function isCounted({ incremental }: ObjectSource, { counter }: Pick<ReadDialect<SqlSession>, "counter">): boolean {
  return counter !== undefined && incremental?.cursor === counter.cursor;
}

function cursorOf(
  { incremental }: ObjectSource,
  dialect: Pick<ReadDialect<SqlSession>, "cursorOf">,
  selected: readonly SelectedColumn[],
): { cursor?: string } {
  if (incremental?.cursor === undefined) return {};
  const { cursor, place } = incremental;
  requireOne("incremental.cursor", cursor, selected, place);
  const column = selected.find(({ name }) => name === cursor);
  if (column !== undefined) return { cursor: dialect.cursorOf(cursor, column.vendorType, place) };
  const names = selected.map(({ name }) => name);
  throw columnUnknown("incremental.cursor", cursor, names, place);
}

/** Throws a Failure (2) for what a database can't tell. */
function refuseUntold({ deletes, incremental, place }: ObjectSource): void {
  if (deletes === "emit") {
    throw usageFailure("a database does not tell which rows were deleted: deletes: emit has no meaning here", {
      where: place,
      next: "deletes: compare, with incremental; or a column that marks a row as deleted, in source.keep",
    });
  }
  if (incremental !== undefined && incremental.cursor === undefined) {
    throw usageFailure("source.incremental wants a cursor: the column that tells when a row changed", {
      where: incremental.place,
      next: "incremental: { cursor: updated_at }",
    });
  }
}
