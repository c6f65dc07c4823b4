// What a stream reads: a table, or a query as a table. In: the source of a job. Out: its columns with their types, what names
// a record, what tells when it changed. Must hold: the server takes it as one SELECT that only reads; every column that can't
// be taken exactly says so.

import { usageFailure } from "../../core/errors.ts";
import { suggest } from "../../core/suggest.ts";
import type { ObjectSource } from "../../job/job.ts";
import type { PostgresSession } from "./client.ts";
import { asTable, quoteName } from "./names.ts";
import { type FoundTable, findTable, tableKey } from "./tables.ts";
import { type ColumnType, type ReadableType, readableType } from "./types.ts";

/** Names what a record is and when it changed, in every part and every batch. */
export const idColumn = "loadline_id";
export const versionColumn = "loadline_version";

export interface QueriedTable {
  /** What stands behind FROM. */
  from: string;
  /** SQL, over `q`: text that names a record. */
  key: string;
  /** SQL, over `q`: a timestamptz; of an incremental source. */
  cursor?: string;
  columns: Map<string, ReadableType>;
  /** By small letters. */
  refused: Map<string, { message: string; next: string }>;
}

export async function queryOf(session: PostgresSession, source: ObjectSource): Promise<QueriedTable> {
  refuseUntold(source);
  const table = source.sql?.query === undefined ? await findTable(session, source.object, source.place) : undefined;
  const from = table?.quoted ?? asTable(source.sql?.query ?? "");
  const where = source.where === undefined ? "" : ` WHERE (${source.where}\n)`;
  // As a statement of its own, so that nothing but one SELECT is taken for the table of the COPY.
  const { fields } = await session.query(`SELECT * FROM ${from} AS q${where} LIMIT 0`);
  const types = await typesOf(session, fields);
  const columns = new Map<string, ReadableType>();
  const refused: QueriedTable["refused"] = new Map();
  const names = fields.map(({ name }) => name);
  for (const name of names) {
    const read = readColumn(name, names, types.get(name));
    if (!("refused" in read)) columns.set(name, read);
    else refused.set(name.toLowerCase(), { message: `${name} ${read.refused}`, next: read.next });
  }
  return {
    from,
    key: await keyOf(session, source, table, names),
    ...cursorOf(source, types),
    columns,
    refused,
  };
}

function readColumn(
  name: string,
  all: readonly string[],
  type: ColumnType | undefined,
): ReadableType | { refused: string; next: string } {
  const renamed = `a query that gives it another name: SELECT ${quoteName(name)} AS …`;
  if (all.filter((other) => other.toLowerCase() === name.toLowerCase()).length > 1) {
    return { refused: "stands several times, capital letters aside", next: renamed };
  }
  if (name.includes(".")) return { refused: "has a dot in its name", next: renamed };
  const read = type === undefined ? { refused: "is of a type that is not known" } : readableType(type);
  if (!("refused" in read)) return read;
  return { ...read, next: `a query with to_json(${quoteName(name)}), or a cast to text` };
}

/** By name, each less its domains. */
async function typesOf(
  session: PostgresSession,
  fields: readonly { name: string; dataTypeID: number; dataTypeModifier: number }[],
): Promise<Map<string, ColumnType>> {
  const rows = await session.rows(
    `WITH RECURSIVE base AS (
       SELECT oid AS asked, oid, typname, typtype, typbasetype, typtypmod FROM pg_type WHERE oid = ANY (CAST($1 AS oid[]))
       UNION ALL SELECT base.asked, t.oid, t.typname, t.typtype, t.typbasetype, coalesce(nullif(t.typtypmod, -1), base.typtypmod)
         FROM base JOIN pg_type t ON t.oid = base.typbasetype WHERE base.typtype = 'd')
     SELECT asked, typname, typtype, typtypmod FROM base WHERE typtype <> 'd'`,
    [`{${fields.map(({ dataTypeID }) => dataTypeID).join(",")}}`],
  );
  const byOid = new Map(rows.map((row) => [Number(row["asked"]), row]));
  return new Map(
    fields.flatMap(({ name, dataTypeID, dataTypeModifier }) => {
      const row = byOid.get(dataTypeID);
      if (row === undefined) return [];
      const modifier = dataTypeModifier === -1 ? Number(row["typtypmod"]) : dataTypeModifier;
      return [[name, { name: row["typname"] ?? "", form: row["typtype"] ?? "", modifier }] as const];
    }),
  );
}

/** Text that names a record; where nothing does, what it holds, and which of those that hold the same it is. */
async function keyOf(
  session: PostgresSession,
  { sql, incremental, place }: ObjectSource,
  table: FoundTable | undefined,
  names: readonly string[],
): Promise<string> {
  const written = sql?.key ?? [];
  for (const name of written) {
    if (names.includes(name)) continue;
    const meant = suggest(name, names);
    throw usageFailure(`source.key: there is no column ${name}`, {
      where: place,
      next: meant === undefined ? `columns there: ${names.join(", ")}` : `did you mean ${meant}?`,
    });
  }
  const key = written.length > 0 || table === undefined ? written : await tableKey(session, table);
  if (key.length > 0) return nameByKey(key.map((name) => `q.${quoteName(name)}`));
  if (incremental === undefined) {
    return `md5(CAST(q AS text)) || '-' || row_number() OVER (PARTITION BY CAST(q AS text))`;
  }
  throw usageFailure("an incremental source wants a key: what tells its records apart", {
    where: incremental.place,
    why: table === undefined ? "a query has none of its own" : `${table.name} has no primary key`,
    next: "source.key: id, or a list of columns",
  });
}

/** Text that names a record by its key columns, each SQL. */
export function nameByKey(columns: readonly string[]): string {
  const texts = columns.map((column) => `CAST(${column} AS text)`);
  return texts.length === 1 ? (texts[0] ?? "") : `CAST(jsonb_build_array(${texts.join(", ")}) AS text)`;
}

function cursorOf({ incremental }: ObjectSource, types: ReadonlyMap<string, ColumnType>): { cursor?: string } {
  if (incremental?.cursor === undefined) return {};
  const { cursor, place } = incremental;
  const type = types.get(cursor)?.name;
  if (type === "timestamptz") return { cursor: `q.${quoteName(cursor)}` };
  if (type === "timestamp") {
    throw usageFailure(`incremental.cursor: ${cursor} is a time without a zone, so it can't be told what it is`, {
      where: place,
      next: `a query that says it: SELECT *, ${quoteName(cursor)} AT TIME ZONE 'Europe/Berlin' AS changed_at FROM …`,
    });
  }
  const meant = suggest(cursor, types.keys());
  throw usageFailure(
    type === undefined
      ? `incremental.cursor: there is no column ${cursor}`
      : `incremental.cursor: ${cursor} is of type ${type}, not a time with a zone (timestamptz)`,
    { where: place, ...(meant === undefined || type !== undefined ? {} : { next: `did you mean ${meant}?` }) },
  );
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
