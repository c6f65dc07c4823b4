// What a SELECT gives, in Oracle's own words. In: a SELECT. Out: its columns with their types; values that SQL can name. Must
// hold: the server takes it as one SELECT.

import { type Place, usageFailure } from "../../core/errors.ts";
import type { SelectedColumn } from "../sql/dialect.ts";
import { quoteName } from "./names.ts";
import type { OracleSession } from "./session.ts";
import { readableType } from "./types.ts";

export async function selectedColumns(session: OracleSession, select: string): Promise<SelectedColumn[]> {
  const columns = await session.columns(select);
  return columns.map((column) => ({
    name: column.name,
    vendorType: column.dbTypeName,
    type: readableType(column),
  }));
}

export function cursorOf(cursor: string, type: string | undefined, where: Place): string {
  const told = `incremental.cursor: ${cursor}`;
  if (type?.includes("TIME ZONE") === true) return `SYS_EXTRACT_UTC(q.${quoteName(cursor)})`;
  if (type === "DATE" || type === "TIMESTAMP") {
    throw usageFailure(`${told} is of type ${type}, which has no zone: when that was can't be told`, {
      where,
      next: `a query that says it: SELECT q.*, FROM_TZ(CAST(${quoteName(cursor)} AS TIMESTAMP), 'UTC') AS changed_at FROM … q`,
    });
  }
  throw usageFailure(`${told} is of type ${type ?? "unknown"}, not a TIMESTAMP WITH TIME ZONE`, { where });
}

export function boundInstant(name: string): string {
  if (name === "from") return `TO_TIMESTAMP(SUBSTR(:loadline_from, 1, 19), 'YYYY-MM-DD"T"HH24:MI:SS')`;
  return `TO_TIMESTAMP(RTRIM(:loadline_${name}, 'Z'), 'YYYY-MM-DD"T"HH24:MI:SS.FF')`;
}

export function boundTexts(name: string): string {
  return `SELECT k.value FROM JSON_TABLE(:loadline_${name}, '$[*]' COLUMNS (value VARCHAR2(4000) PATH '$')) k`;
}

/** Cut off after the microsecond: what is later than that is in the same one. */
export function instantText(cursor: string): string {
  return `SUBSTR(TO_CHAR(${cursor}, 'YYYY-MM-DD"T"HH24:MI:SS.FF9'), 1, 26) || 'Z'`;
}
