// How an SQLite database is read. In: SQL over `q`. Out: a CSV file of one snapshot. Must hold: a text that is not UTF-8, which
// Node would make another one of, refuses its row; so does whatever its column does not take.

import { now } from "../../core/clock.ts";
import { heldIn, refusedCell, writeCopiedFile } from "../../core/copied-file.ts";
import { usageFailure } from "../../core/errors.ts";
import { identifier } from "../../core/sql.ts";
import type { CopiedRows, ReadDialect } from "../sql/dialect.ts";
import { idColumn, versionColumn } from "../sql/names.ts";
import type { SqliteSession, SqliteValue } from "./client.ts";
import { findTable, keyOf, readColumns, readUniques } from "./tables.ts";
import { type ColumnClass, classOf, readTypes, readValue, showValue } from "./types.ts";

export const readDialect: ReadDialect<SqliteSession> = {
  quoteName: identifier,
  findTable,
  async tableKey(session, table) {
    return keyOf(await readColumns(session, table), await readUniques(session, table));
  },
  selectedColumns: async (session, select) =>
    session
      .prepare(select)
      .columns()
      .map(({ name, type }) => ({
        name,
        vendorType: type ?? "",
        type: { type: readTypes[classOf(type)] },
      })),
  namedColumns: async (session, query) =>
    session
      .prepare(query)
      .columns()
      .map(({ name }) => name),
  nameByKey,
  refusesUnnamed: true,
  nameByContent(columns) {
    const content = `loadline_content(${columns.join(", ")})`;
    return `${content} || '-' || row_number() OVER (PARTITION BY ${content})`;
  },
  cursorOf(name, declared, where) {
    const kind = classOf(declared);
    if (["text", "date", "datetime", "any"].includes(kind)) return instantOf(`q.${identifier(name)}`);
    throw usageFailure(`incremental.cursor: ${name} holds ${declared}, and nothing says which time a number is`, {
      where,
      next: `a query that says it: SELECT *, strftime('%Y-%m-%d %H:%M:%f', ${identifier(name)}, 'unixepoch') AS changed_at FROM …`,
    });
  },
  instantText: (cursor) => cursor,
  bind: async (session, values) => {
    for (const [name, value] of Object.entries(values)) session.bound[`:loadline_${name}`] = value;
  },
  // A time to the second begins with its second.
  boundInstant: (name) => (name === "from" ? "(substr(:loadline_from, 1, 19) || '.000Z')" : `:loadline_${name}`),
  boundTexts: (name) => `SELECT value FROM json_each(:loadline_${name})`,
  copyOut: (session, select, path, signal) => copyRows(session, select, path, signal, readSourceCell),
  readClock: async () => now(),
};

/** Text and whole numbers as they are; others as SQL writes them, so that no two of them are one. */
export function nameByKey(columns: readonly string[]): string {
  const texts = columns.map(
    (column) => `CASE typeof(${column}) WHEN 'text' THEN ${column} WHEN 'integer' THEN CAST(${column} AS TEXT)
      WHEN 'null' THEN NULL ELSE quote(${column}) END`,
  );
  if (texts.length === 1) return `(${texts[0]})`;
  const lacks = columns.map((column) => `${column} IS NULL`).join(" OR ");
  return `CASE WHEN ${lacks} THEN NULL ELSE json_array(${texts.join(", ")}) END`;
}

/**
 * Text in UTC, as 2026-01-31T12:00:00.000Z; NULL where the text is no time. SQLite takes `now`, times without a day and days
 * that there are not for times too (https://www.sqlite.org/lang_datefunc.html); without a zone a time is in UTC to it.
 */
function instantOf(column: string): string {
  const day = `substr(${column}, 1, 10)`;
  const isTime = `typeof(${column}) = 'text' AND ${column} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' AND date(${day}) = ${day}`;
  return `(CASE WHEN ${isTime} THEN strftime('%Y-%m-%dT%H:%M:%fZ', ${column}) END)`;
}

function readSourceCell(name: string, kind: ColumnClass, value: SqliteValue): string | null {
  return value === null && name === idColumn ? refusedCell("its key is NULL", "") : readValue(name, kind, value);
}

/** What a cell of a file is, for a column of a class. */
type ReadCell = (name: string, kind: ColumnClass, value: SqliteValue) => string | null;

const between = 1000;

/**
 * Writes rows to a file. Node makes U+FFFD of what is no character, so that where one is met all is read once more, each
 * text as its bytes: in the same transaction the rows are the same.
 */
export async function copyRows(
  session: SqliteSession,
  select: string,
  path: string,
  signal: AbortSignal,
  readCell: ReadCell,
): Promise<CopiedRows> {
  const statement = session.prepare(select);
  const columns = statement.columns().map(({ name, type }) => ({ name, kind: classOf(type) }));
  const names = columns.map(({ name }) => name);
  // Other files are not read row by row: a list of all keys has what a refused cell holds.
  const hasRecords = names[1] === versionColumn;
  const cellAt = (index: number, value: SqliteValue) => {
    const { name = "", kind = "any" } = columns[index] ?? {};
    const cell = readCell(name, kind, value);
    return hasRecords || cell === null ? cell : heldIn(cell);
  };
  let isDoubtful = false;
  const quick = function* () {
    let count = 0;
    for (const row of session.iterate(statement)) {
      if (count % between === 0) signal.throwIfAborted();
      count += 1;
      isDoubtful ||= row.some((value) => typeof value === "string" && value.includes("\ufffd"));
      if (isDoubtful) return;
      yield row.map((value, index) => cellAt(index, value));
    }
  };
  const copied = await writeCopiedFile(path, names, quick(), signal);
  if (!isDoubtful) return copied;
  return writeCopiedFile(path, names, await readBytes(session, select, names, cellAt), signal);
}

/** The same rows, texts as their bytes. */
async function readBytes(
  session: SqliteSession,
  select: string,
  names: readonly string[],
  cellAt: (index: number, value: SqliteValue) => string | null,
): Promise<Iterable<(string | null)[]>> {
  const [row] = await session.rows("PRAGMA encoding");
  const encoding = row?.["encoding"] ?? "UTF-8";
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const pairs = names.map((_, index) => {
    const column = identifier(`c${index}`);
    return `CASE typeof(${column}) WHEN 'text' THEN CAST(${column} AS BLOB) ELSE ${column} END, typeof(${column})`;
  });
  const called = names.map((_, index) => identifier(`c${index}`)).join(", ");
  const statement = session.prepare(`WITH rows_of (${called}) AS (${select}) SELECT ${pairs.join(", ")} FROM rows_of`);
  return (function* () {
    for (const cells of session.iterate(statement)) {
      yield names.map((name, index) => {
        const value = cells[2 * index] ?? null;
        if (cells[2 * index + 1] !== "text" || !(value instanceof Uint8Array)) return cellAt(index, value);
        const text = orUndefined(() => decoder.decode(value));
        if (text !== undefined) return cellAt(index, text);
        return refusedCell(`"${name}" holds a text that is not valid ${encoding}`, showValue(value));
      });
    }
  })();
}

function orUndefined<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
