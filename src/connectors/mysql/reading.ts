// What a SELECT gives, in MySQL's own words. In: a SELECT. Out: its columns with their types; values of the session that SQL
// can name. Must hold: the server takes it as one SELECT, and as one that only reads.

import { type Place, usageFailure } from "../../core/errors.ts";
import type { SelectedColumn } from "../sql/dialect.ts";
import { quoteName } from "./names.ts";
import type { MysqlSession } from "./session.ts";
import { readField } from "./types.ts";

/** Within another SELECT there is no INTO OUTFILE, and no lock. */
export async function selectedColumns(session: MysqlSession, select: string): Promise<SelectedColumn[]> {
  const fields = await session.fields(`SELECT * FROM (${select}\n) AS loadline_checked LIMIT 0`);
  return fields.map(readField);
}

export function cursorOf(cursor: string, type: string | undefined, where: Place): string {
  if (type === "timestamp") return `q.${quoteName(cursor)}`;
  const told = `incremental.cursor: ${cursor}`;
  if (type === "datetime") {
    throw usageFailure(`${told} is a DATETIME, which has no zone: when that was can't be told`, {
      where,
      next: "a column of type TIMESTAMP(6), which MySQL keeps itself: DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)",
    });
  }
  throw usageFailure(`${told} is of type ${type ?? "unknown"}, not a TIMESTAMP`, { where });
}

/** The stream of a SELECT has no parameters: they are variables of the session, which the query reads. */
export async function bindValues(session: MysqlSession, values: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await session.rows(`SET @loadline_${name} = ?`, [value]);
}

/** DATETIME of a text of ISO 8601 in UTC. */
export function readInstant(text: string, digits = 6): string {
  return `CAST(REPLACE(REPLACE(${text}, 'T', ' '), 'Z', '') AS DATETIME(${digits}))`;
}

export function boundInstant(name: string): string {
  return readInstant(name === "from" ? "LEFT(@loadline_from, 19)" : `@loadline_${name}`);
}

/** `value`: what is made of each `k.value`. Names of records are shorter than what an index takes: 3072 bytes. */
export function boundTexts(name: string, value = "k.value"): string {
  return `SELECT ${value} FROM JSON_TABLE(@loadline_${name}, '$[*]' COLUMNS (
    value VARCHAR(3072) CHARACTER SET utf8mb4 PATH '$' ERROR ON ERROR)) AS k`;
}

export function instantText(cursor: string): string {
  return `DATE_FORMAT(${cursor}, '%Y-%m-%dT%H:%i:%s.%fZ')`;
}
