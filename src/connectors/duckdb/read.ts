// How a database file of DuckDB's is read, in the words of what SQL databases share. SQL is over `q`.

import { now } from "../../core/clock.ts";
import { usageFailure } from "../../core/errors.ts";
import { identifier } from "../../core/sql.ts";
import type { ReadDialect } from "../sql/dialect.ts";
import type { DuckdbSession } from "./client.ts";
import { findTable, tableKey } from "./tables.ts";
import { readableType } from "./types.ts";

const bound = (name: string) => `getvariable('loadline_${name}')`;
const textOf = (column: string) => `CAST(${column} AS VARCHAR)`;

export const readDialect: ReadDialect<DuckdbSession> = {
  quoteName: identifier,
  findTable,
  tableKey,
  async selectedColumns(session, select) {
    const columns = await session.describe(select);
    return columns.map(({ name, type }) => ({ name, vendorType: type, type: readableType(type, identifier(name)) }));
  },
  namedColumns: (session, query) => session.namesOf(query),
  nameByKey(columns) {
    const texts = columns.map(textOf);
    return texts.length === 1 ? (texts[0] ?? "") : textOf(`to_json([${texts.join(", ")}])`);
  },
  nameByContent(columns) {
    const content = `md5(${textOf(`to_json([${columns.map(textOf).join(", ")}])`)})`;
    return `${content} || '-' || row_number() OVER (PARTITION BY ${content})`;
  },
  cursorOf(name, type, where) {
    const column = identifier(name);
    if (type === "TIMESTAMP WITH TIME ZONE") return `q.${column}`;
    if (type?.startsWith("TIMESTAMP") === true) {
      throw usageFailure(`incremental.cursor: ${name} is a time without a zone, so it can't be told what it is`, {
        where,
        next: `a query that says it: SELECT *, timezone('UTC', ${column}) AS changed_at FROM …`,
      });
    }
    throw usageFailure(`incremental.cursor: ${name} is of type ${type}, not TIMESTAMP WITH TIME ZONE`, { where });
  },
  instantText: (cursor) => `strftime(timezone('UTC', ${cursor}), '%Y-%m-%dT%H:%M:%S.%fZ')`,
  bind: async (session, values) => session.bind(values),
  boundInstant(name) {
    const text = name === "from" ? `(left(${bound(name)}, 19) || 'Z')` : bound(name);
    return `CAST(${text} AS TIMESTAMP WITH TIME ZONE)`;
  },
  boundTexts: (name) => `SELECT unnest(from_json(CAST(${bound(name)} AS JSON), '["VARCHAR"]'))`,
  copyOut: (session, select, path) => session.copyOut(select, path),
  // Who writes has the file alone: what is there is committed.
  readClock: async () => now(),
};
