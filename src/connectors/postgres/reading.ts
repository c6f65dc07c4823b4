// What a SELECT gives, in PostgreSQL's own words. In: a SELECT. Out: its columns with their types; values of the transaction
// that SQL can name. Must hold: the server takes it as one statement.

import { type Place, usageFailure } from "../../core/errors.ts";
import type { SelectedColumn } from "../sql/dialect.ts";
import type { PostgresSession } from "./client.ts";
import { quoteName } from "./names.ts";
import { type ColumnType, readableType } from "./types.ts";

export async function selectedColumns(session: PostgresSession, select: string): Promise<SelectedColumn[]> {
  const { fields } = await session.query(`${select} LIMIT 0`);
  const types = await typesOf(session, fields);
  return fields.map(({ name, dataTypeID, dataTypeModifier }): SelectedColumn => {
    const type = types(dataTypeID, dataTypeModifier);
    const read = type === undefined ? { refused: "is of a type that is not known" } : readableType(type);
    const next = `a query with to_json(${quoteName(name)}), or a cast to text`;
    return { name, vendorType: type?.name, type: "refused" in read ? { ...read, next } : read };
  });
}

/** Types less their domains. */
async function typesOf(
  session: PostgresSession,
  fields: readonly { dataTypeID: number }[],
): Promise<(oid: number, modifier: number) => ColumnType | undefined> {
  const rows = await session.rows(
    `WITH RECURSIVE base AS (
       SELECT oid AS asked, oid, typname, typtype, typbasetype, typtypmod FROM pg_type WHERE oid = ANY (CAST($1 AS oid[]))
       UNION ALL SELECT base.asked, t.oid, t.typname, t.typtype, t.typbasetype, coalesce(nullif(t.typtypmod, -1), base.typtypmod)
         FROM base JOIN pg_type t ON t.oid = base.typbasetype WHERE base.typtype = 'd')
     SELECT asked, typname, typtype, typtypmod FROM base WHERE typtype <> 'd'`,
    [`{${fields.map(({ dataTypeID }) => dataTypeID).join(",")}}`],
  );
  const byOid = new Map(rows.map((row) => [Number(row["asked"]), row]));
  return (oid, own) => {
    const row = byOid.get(oid);
    if (row === undefined) return undefined;
    const modifier = own === -1 ? Number(row["typtypmod"]) : own;
    return { name: row["typname"] ?? "", form: row["typtype"] ?? "", modifier };
  };
}

export function cursorOf(cursor: string, type: string | undefined, where: Place): string {
  if (type === "timestamptz") return `q.${quoteName(cursor)}`;
  if (type === "timestamp") {
    throw usageFailure(`incremental.cursor: ${cursor} is a time without a zone, so it can't be told what it is`, {
      where,
      next: `a query that says it: SELECT *, ${quoteName(cursor)} AT TIME ZONE 'Europe/Berlin' AS changed_at FROM …`,
    });
  }
  throw usageFailure(
    `incremental.cursor: ${cursor} is of type ${type ?? "unknown"}, not a time with a zone (timestamptz)`,
    { where },
  );
}

/** COPY takes no values: they are settings of the transaction, which the query reads. */
export async function bindValues(session: PostgresSession, values: Readonly<Record<string, string>>): Promise<void> {
  const bound = "SELECT set_config('loadline.' || key, value, true) FROM json_each_text($1::json)";
  await session.rows(bound, [JSON.stringify(values)]);
}

const setting = (name: string) => `current_setting('loadline.${name}')`;

export function boundInstant(name: string): string {
  const instant = `CAST(${setting(name)} AS timestamptz)`;
  return name === "from" ? `date_trunc('second', ${instant})` : instant;
}

export function boundTexts(name: string): string {
  return `SELECT json_array_elements_text(CAST(${setting(name)} AS json))`;
}

export function instantText(cursor: string): string {
  return `to_char(${cursor} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}
