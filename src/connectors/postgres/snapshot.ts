// What a table holds at present. In: fields, and keys or a filter. Out: one CSV file, as the server copies it. Must hold: all
// of it is of one snapshot; NULL is an empty cell, and an empty text has its mark.

import { join } from "node:path";
import type { Snapshot, SnapshotRequest } from "../../contract/present.ts";
import { usageFailure } from "../../core/errors.ts";
import { copyOut, type PostgresClient } from "./client.ts";
import type { DescribedTable, TableColumn } from "./fields.ts";
import { quoteName } from "./names.ts";
import { idColumn, nameByKey, versionColumn } from "./query.ts";
import { markText, unmarkText } from "./values.ts";

export async function readPresent(
  client: PostgresClient,
  described: DescribedTable,
  request: SnapshotRequest,
): Promise<Snapshot> {
  const { folder, name, signal, scope, keys } = request;
  const path = join(folder, `${name}-00001.csv`);
  const asked: string[] = [];
  for await (const key of keys?.read() ?? []) asked.push(key);
  const conditions = [
    ...(keys === undefined ? [] : [named(described, request.key[0] ?? idColumn)]),
    ...(scope === undefined ? [] : [`(${scope}\n)`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const select = `SELECT ${cellsOf(described, request.fields).join(", ")} FROM ${described.table.quoted} AS t${where}`;
  const rows = await client.transact("read", async (session) => {
    await session.query("SELECT set_config('loadline.keys', $1, true)", [JSON.stringify(asked)]);
    // A filter of the job must be no more than one.
    if (scope !== undefined) await session.query(`${select} LIMIT 0`);
    return copyOut(session, select, path, signal);
  });
  request.onProgress(rows);
  return { files: [path], rows, how: keys === undefined ? "one scan" : "one query by key" };
}

function cellsOf({ key, columns }: DescribedTable, fields: readonly string[]): string[] {
  const own = fields.map((name) => {
    const column = columns.get(name);
    if (name === idColumn || column === undefined) return `${nameOfRow(key)} AS ${quoteName(name)}`;
    return `${cellOf(column)} AS ${quoteName(name)}`;
  });
  // Every change of a row gives it another xmin (https://www.postgresql.org/docs/current/ddl-system-columns.html).
  return [`${nameOfRow(key)} AS ${idColumn}`, `CAST(t.xmin AS text) AS ${versionColumn}`, ...own];
}

export function nameOfRow(key: readonly string[]): string {
  return key.length === 0 ? "''" : nameByKey(key.map((name) => `t.${quoteName(name)}`));
}

function cellOf({ name, cast, isText }: TableColumn): string {
  const column = `t.${quoteName(name)}`;
  if (isText) return markText(cast === "character" ? `rtrim(${column})` : `CAST(${column} AS text)`);
  if (cast === "timestamp with time zone") return `to_json(${column}) #>> '{}'`;
  return cast === "time without time zone" ? `${column} || 'Z'` : `CAST(${column} AS text)`;
}

/** BOOLEAN over `t`: its row is named by one of the keys that the session has. */
function named({ key, columns, table }: DescribedTable, field: string): string {
  const values = "SELECT json_array_elements_text(CAST(current_setting('loadline.keys') AS json))";
  const column = columns.get(field);
  if (column !== undefined)
    return `t.${quoteName(field)} IN (SELECT ${readCell(column, "k.value")} FROM (${values}) AS k (value))`;
  const [first, ...others] = key.flatMap((name) => columns.get(name) ?? []);
  if (first === undefined) throw usageFailure(`${table.name} has no primary key: nothing names its rows`);
  if (others.length === 0)
    return `t.${quoteName(first.name)} IN (SELECT CAST(k.value AS ${first.cast}) FROM (${values}) AS k (value))`;
  return `${nameOfRow(key)} IN (${values})`;
}

/** The value that a cell means, of the column's type. */
export function readCell({ cast, isText }: TableColumn, cell: string): string {
  return isText ? `CAST(${unmarkText(cell)} AS ${cast === "character" ? "text" : cast})` : `CAST(${cell} AS ${cast})`;
}
