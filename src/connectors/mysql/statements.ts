// The statements that write a batch from its stage. In: a table, an operation, the columns of a batch file. Out: what writes
// rows of the stage from one to another. Must hold: a statement names only the columns of which its rows say something, so that
// others keep what they have, and new rows get their defaults; a row is found by the bytes of its key, and a new one is never
// made where one is; what has the value already is left alone.

import type { Batch } from "../../contract/write.ts";
import { clearCell } from "../sql/cells.ts";
import type { WriteRows, WrittenRow } from "../sql/dialect.ts";
import * as groups from "../sql/groups.ts";
import { idColumn } from "../sql/names.ts";
import { ChangedValue } from "./faults.ts";
import type { MysqlTable, TableColumn } from "./fields.ts";
import { quoteName } from "./names.ts";
import { differs, holds, isNamed, nameOfRow, readCell } from "./present.ts";
import type { MysqlSession } from "./session.ts";

export const stageName = "loadline_rows";

type WrittenColumn = groups.WrittenColumn<TableColumn>;
type RowGroup = groups.RowGroup<TableColumn>;

/** What writing wants to know of a stage. */
export interface Stage {
  session: MysqlSession;
  table: MysqlTable;
  headers: readonly string[];
  /** Of the rows between two, these included. */
  groupsBetween(first: number, last: number): readonly RowGroup[];
}

export const between = "s.n BETWEEN ? AND ?";

export const rangeOf = (first: number, last: number) => [String(first), String(last)];

export function writerOf(stage: Stage, { operation, externalId }: Batch): WriteRows {
  const { table, headers } = stage;
  if (operation === "insert") return inserts(stage);
  if (operation === "upsert") return upserts(stage, externalId ?? "");
  const found = isNamed(table, `s.c${headers.indexOf(idColumn)}`);
  return operation === "update" ? updates(stage, found) : deletes(stage, found);
}

export function valueIn({ column, index }: WrittenColumn): string {
  const cell = `s.c${index}`;
  return `CASE WHEN ${cell} = '${clearCell}' THEN NULL ELSE ${readCell(column, cell)} END`;
}

/** Rows of the table that those of the stage are, from the stage on, so that an index finds each. */
export function joined({ table }: Stage, found: string): string {
  return `${stageName} AS s STRAIGHT_JOIN ${table.table.quoted} AS t ON ${found}`;
}

/** Rows that are there; of others who write them, they are the last by then. */
async function findRows(stage: Stage, found: string, first: number, last: number): Promise<WrittenRow[]> {
  const sql = `SELECT CAST(s.n AS CHAR) AS n, ${nameOfRow(stage.table)} AS id FROM ${joined(stage, found)} WHERE ${between} FOR UPDATE`;
  const rows = await stage.session.rows(sql, rangeOf(first, last));
  return rows.map((row) => ({ n: Number(row["n"]), id: row["id"] ?? "", created: false }));
}

async function updateRows(stage: Stage, found: string, first: number, last: number): Promise<void> {
  for (const { number, written } of stage.groupsBetween(first, last)) {
    if (written.length === 0) continue;
    const sets = written.map((one) => `t.${quoteName(one.column.name)} = ${valueIn(one)}`);
    const changed = written.map((one) => differs(one.column, valueIn(one)));
    const sql = `UPDATE ${joined(stage, found)} SET ${sets.join(", ")} WHERE ${between} AND s.g = ? AND (${changed.join(" OR ")})`;
    await stage.session.write(sql, [...rangeOf(first, last), number]);
  }
}

async function insertRows(
  { session, table }: Stage,
  { number, written }: RowGroup,
  first: number,
  last: number,
  unless?: string,
): Promise<void> {
  const names = written.map(({ column }) => quoteName(column.name));
  const missing =
    unless === undefined ? "" : ` AND NOT EXISTS (SELECT 1 FROM ${table.table.quoted} AS t WHERE ${unless})`;
  const sql = `INSERT INTO ${table.table.quoted} (${names.join(", ")}) SELECT ${written.map(valueIn).join(", ")}
    FROM ${stageName} AS s WHERE ${between} AND s.g = ?${missing} ORDER BY s.n`;
  await session.write(sql, [...rangeOf(first, last), number]);
}

function updates(stage: Stage, found: string): WriteRows {
  return async (first, last) => {
    const rows = await findRows(stage, found, first, last);
    if (rows.length > 0) await updateRows(stage, found, first, last);
    return rows;
  };
}

function deletes(stage: Stage, found: string): WriteRows {
  return async (first, last) => {
    const rows = await findRows(stage, found, first, last);
    const sql = `DELETE t FROM ${joined(stage, found)} WHERE ${between}`;
    if (rows.length > 0) await stage.session.write(sql, rangeOf(first, last));
    return rows;
  };
}

/** Those that are there are changed, the others are made. */
function upserts(stage: Stage, key: string): WriteRows {
  const own = groups.writtenColumns(stage.table.columns, stage.headers).find(({ column }) => column.name === key);
  if (own === undefined) throw new Error(`the batch has no column ${key}`);
  const found = holds(own.column, readCell(own.column, `s.c${own.index}`));
  return async (first, last) => {
    const there = await findRows(stage, found, first, last);
    if (there.length > 0) await updateRows(stage, found, first, last);
    if (there.length === last - first + 1) return there;
    for (const group of stage.groupsBetween(first, last)) await insertRows(stage, group, first, last, found);
    return nameMade(await findRows(stage, found, first, last), last - first + 1, there);
  };
}

/** `found`: rows by their keys, after all of them were inserted that were not `there`. */
function nameMade(found: readonly WrittenRow[], count: number, there: readonly WrittenRow[]): WrittenRow[] {
  if (found.length < count) {
    throw new ChangedValue(0, "the row that was inserted has another key than was sent: a trigger may have changed it");
  }
  const known = new Set(there.map(({ n }) => n));
  return found.map((row) => ({ ...row, created: !known.has(row.n) }));
}

/**
 * A row whose key is sent is found by it. One that gets a number is inserted by itself: the server tells only the first
 * number of a statement, and other ones may be taken in between
 * (https://dev.mysql.com/doc/refman/8.4/en/innodb-auto-increment-handling.html).
 */
function inserts(stage: Stage): WriteRows {
  const { session, table } = stage;
  const keys = table.key.flatMap((name) => table.columns.get(name) ?? []);
  const isNumbered = keys.length === 1 && keys[0]?.isAutoIncrement === true;
  return async (first, last) => {
    const made: WrittenRow[] = [];
    for (const group of stage.groupsBetween(first, last)) {
      const { written, rows } = group;
      const sent = keys.flatMap((key) => written.find(({ column }) => column === key) ?? []);
      const isSent = keys.length > 0 && sent.length === keys.length;
      if (isNumbered && !isSent) {
        for (const n of rows) {
          await insertRows(stage, group, n, n);
          const [row] = await session.rows("SELECT CAST(LAST_INSERT_ID() AS CHAR) AS id");
          made.push({ n, id: row?.["id"] ?? "", created: true });
        }
        continue;
      }
      await insertRows(stage, group, first, last);
      if (!isSent) {
        made.push(...rows.map((n) => ({ n, id: "", created: true })));
        continue;
      }
      const found = sent.map((one) => holds(one.column, readCell(one.column, `s.c${one.index}`))).join(" AND ");
      const named = await findRows(stage, `s.g = ${Number(group.number)} AND ${found}`, first, last);
      made.push(...nameMade(named, rows.length, []));
    }
    return made;
  };
}
