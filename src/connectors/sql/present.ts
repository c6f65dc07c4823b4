// What a table holds at present. In: fields, and keys or a filter. Out: one CSV file, as the server copies it. Must hold: all
// of it is of one snapshot; NULL is an empty cell, and an empty text has its mark; a row that a key names is among them,
// whichever way costs less.

import { join } from "node:path";
import type { Snapshot, SnapshotRequest } from "../../contract/present.ts";
import type { ChildLink } from "../../core/model.ts";
import type { DescribedTable, PresentDialect, ReadDialect, SqlClient, SqlSession } from "./dialect.ts";
import { idColumn, parentColumn, versionColumn } from "./names.ts";

/** To find a row by its key costs as much as to read so many as they lie (measured, PostgreSQL 15: 46 µs and 7.7). */
const rowsOfKey = 6;
/** As few are not worth the question. */
const keysMin = 1000;

export async function readPresent<Session extends SqlSession, Table extends DescribedTable>(
  client: SqlClient<Session>,
  dialect: Pick<ReadDialect<Session>, "bind" | "copyOut" | "quoteName" | "selectedColumns"> &
    PresentDialect<Session, Table>,
  described: Table,
  request: SnapshotRequest & { held?: Held<Table> },
): Promise<Snapshot> {
  const { folder, name, signal, scope, keys, versions, held } = request;
  if (described.isNew === true) return { files: [], rows: 0, how: "nothing read: the table is new" };
  const path = join(folder, `${name}-00001.csv`);
  const named =
    keys === undefined || (await isSmall(client, dialect, held?.table ?? described, keys.count)) ? undefined : keys;
  const asked: string[] = [];
  for await (const key of named?.read() ?? []) asked.push(key);
  const conditions = [
    ...(named === undefined || held !== undefined ? [] : [dialect.isAsked(described, request.key[0] ?? idColumn)]),
    ...(scope === undefined ? [] : [`(${scope}\n)`]),
    ...(versions === undefined ? [] : [`t.${dialect.quoteName(versions.to)} IS NULL`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const cells = [
    `${dialect.rowName(described)} AS ${dialect.quoteName(idColumn)}`,
    `${dialect.rowVersion(described)} AS ${dialect.quoteName(versionColumn)}`,
    ...request.fields.map((field) => `${dialect.cell(described, field)} AS ${dialect.quoteName(field)}`),
    ...(held === undefined ? [] : [`p.${dialect.quoteName(parentColumn)}`]),
  ];
  const joined = held === undefined ? "" : joinHeld(dialect, held, named !== undefined);
  const select = `SELECT ${cells.join(", ")} FROM ${described.table.quoted} t${joined}${where}`;
  const { rows } = await client.transact("read", async (session) => {
    if (named !== undefined) await dialect.bind(session, { keys: JSON.stringify(asked) });
    // A filter of the job must be no more than one.
    if (scope !== undefined) await dialect.selectedColumns(session, select);
    return dialect.copyOut(session, select, path, signal);
  });
  request.onProgress(rows);
  return { files: [path], rows, how: named === undefined ? "one scan" : "one query by key" };
}

/** Rows that others hold by a foreign key. */
interface Held<Table> {
  table: Table;
  by: NonNullable<ChildLink["by"]>;
}

/** The held column comes first: it is by its collation that a foreign key compares, also where SQLite's holder has another. */
function joinHeld<Session extends SqlSession, Table extends DescribedTable>(
  dialect: Pick<ReadDialect<Session>, "quoteName"> & PresentDialect<Session, Table>,
  { table, by }: Held<Table>,
  isNamed: boolean,
): string {
  const held = (index: number) => dialect.quoteName(`loadline_held_${index}`);
  const columns = by.map(({ parent }, index) => `t.${dialect.quoteName(parent)} AS ${held(index)}`);
  const own = `${dialect.rowName(table)} AS ${dialect.quoteName(parentColumn)}`;
  const where = isNamed ? ` WHERE ${dialect.isAsked(table, idColumn)}` : "";
  const same = by.map(({ field }, index) => `p.${held(index)} = t.${dialect.quoteName(field)}`);
  return ` JOIN (SELECT ${[own, ...columns].join(", ")} FROM ${table.table.quoted} t${where}) p ON ${same.join(" AND ")}`;
}

/** Whether all rows cost less than those that the keys name. */
async function isSmall<Session extends SqlSession, Table extends DescribedTable>(
  client: SqlClient<Session>,
  { estimateRows }: Pick<PresentDialect<Session, Table>, "estimateRows">,
  table: Table,
  keys: number,
): Promise<boolean> {
  if (estimateRows === undefined || keys < keysMin) return false;
  const rows = await client.transact("read", (session) => estimateRows(session, table));
  return rows !== undefined && rows < keys * rowsOfKey;
}
