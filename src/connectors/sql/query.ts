// What a stream reads: a table, or a query as a table. In: the source of a job. Out: its columns with their types, what names
// a record, what tells when it changed. Must hold: the server takes it as one SELECT that only reads; every column that can't
// be taken exactly says so.

import type { ExtractRequest } from "../../contract/source.ts";
import { usageFailure } from "../../core/errors.ts";
import type { ObjectSource } from "../../job/job.ts";
import type { FoundTable, ReadableType, ReadDialect, SelectedColumn, SqlSession } from "./dialect.ts";
import { asTable, columnUnknown, idColumn, versionColumn } from "./names.ts";

export interface QueriedTable {
  /** What stands behind FROM. */
  from: string;
  /** SQL, over `q`: text that names a record. */
  key: string;
  /** SQL, over `q`: an instant; of an incremental source. */
  cursor?: string;
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
  const query = source.sql?.query;
  const table = query === undefined ? await dialect.findTable(session, source.object, source.place) : undefined;
  const from = table?.quoted ?? asTable(query ?? "");
  const where = source.where === undefined ? "" : ` WHERE (${source.where}\n)`;
  // As a statement of its own, so that nothing but one SELECT is taken for what is copied.
  const selected = await dialect.selectedColumns(session, `SELECT * FROM ${from} AS q${where} LIMIT 0`);
  const names = selected.map(({ name }) => name);
  const columns = new Map<string, ReadableType>();
  const refused: QueriedTable["refused"] = new Map();
  for (const column of selected) {
    const read = readColumn(column, names, dialect);
    if ("refused" in read)
      refused.set(column.name.toLowerCase(), { message: `${column.name} ${read.refused}`, next: read.next });
    else columns.set(column.name, read);
  }
  const key = await keyOf(session, dialect, source, table, names);
  return { from, key, ...cursorOf(source, dialect, selected), columns, refused };
}

function readColumn(
  { name, type }: SelectedColumn,
  all: readonly string[],
  { quoteName }: Pick<ReadDialect<SqlSession>, "quoteName">,
): SelectedColumn["type"] {
  const renamed = `a query that gives it another name: SELECT ${quoteName(name)} AS …`;
  if (all.filter((other) => other.toLowerCase() === name.toLowerCase()).length > 1) {
    return { refused: "stands several times, capital letters aside", next: renamed };
  }
  return name.includes(".") ? { refused: "has a dot in its name", next: renamed } : type;
}

/** Text that names a record; where nothing does, what it holds, and which of those that hold the same it is. */
async function keyOf<Session extends SqlSession>(
  session: Session,
  dialect: ReadDialect<Session>,
  { sql, incremental, place }: ObjectSource,
  table: FoundTable | undefined,
  names: readonly string[],
): Promise<string> {
  const written = sql?.key ?? [];
  const unknown = written.find((name) => !names.includes(name));
  if (unknown !== undefined) throw columnUnknown("source.key", unknown, names, place);
  const key = written.length > 0 || table === undefined ? written : await dialect.tableKey(session, table);
  const columns = (list: readonly string[]) => list.map((name) => `q.${dialect.quoteName(name)}`);
  if (key.length > 0) return dialect.nameByKey(columns(key));
  if (incremental === undefined) return dialect.nameByContent(columns(names));
  throw usageFailure("an incremental source wants a key: what tells its records apart", {
    where: incremental.place,
    why: table === undefined ? "a query has none of its own" : `${table.name} has no primary key`,
    next: "source.key: id, or a list of columns",
  });
}

function cursorOf(
  { incremental }: ObjectSource,
  dialect: Pick<ReadDialect<SqlSession>, "cursorOf">,
  selected: readonly SelectedColumn[],
): { cursor?: string } {
  if (incremental?.cursor === undefined) return {};
  const { cursor, place } = incremental;
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
      next: "mode mirror without incremental finds them; or a column that marks a row as deleted",
    });
  }
  if (incremental !== undefined && incremental.cursor === undefined) {
    throw usageFailure("source.incremental wants a cursor: the column that tells when a row changed", {
      where: incremental.place,
      next: "incremental: { cursor: updated_at }",
    });
  }
}

/** The records of a window, or those outside it that an earlier run could not load. `from`, `to`, `pending` are bound. */
export function selectRecords(
  { from, key, cursor, columns }: QueriedTable,
  dialect: Pick<ReadDialect<SqlSession>, "quoteName" | "instantText" | "boundInstant" | "boundTexts">,
  { source, columns: asked, window }: ExtractRequest<ObjectSource>,
  which: "window" | "pending",
): string {
  const { quoteName, instantText, boundInstant, boundTexts } = dialect;
  const own = asked.filter((name) => name !== idColumn && name !== versionColumn);
  const cells = own.map((name) => {
    const column = `q.${quoteName(name)}`;
    return `${columns.get(name)?.select?.(column) ?? column} AS ${quoteName(name)}`;
  });
  const version = cursor === undefined ? "NULL" : instantText(cursor);
  const bounds = [
    ...(window?.from === undefined ? [] : [`${cursor} >= ${boundInstant("from")}`]),
    `${cursor} < ${boundInstant("to")}`,
  ];
  const within = cursor === undefined || window === undefined ? undefined : bounds.join(" AND ");
  const again = `${key} IN (${boundTexts("pending")})`;
  const conditions = [
    ...(within === undefined ? [] : [which === "pending" ? `(${within}) IS NOT TRUE AND ${again}` : within]),
    ...(source.where === undefined ? [] : [`(${source.where}\n)`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  return `SELECT ${[`${key} AS ${idColumn}`, `${version} AS ${versionColumn}`, ...cells].join(", ")} FROM ${from} AS q${where}`;
}
