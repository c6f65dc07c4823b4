// What a table holds at present. In: fields, and keys or a filter. Out: one CSV file, as the server copies it. Must hold: all
// of it is of one snapshot; NULL is an empty cell, and an empty text has its mark.

import { join } from "node:path";
import type { Snapshot, SnapshotRequest } from "../../contract/present.ts";
import type { DescribedTable, PresentDialect, ReadDialect, SqlClient, SqlSession } from "./dialect.ts";
import { idColumn, versionColumn } from "./names.ts";

export async function readPresent<Session extends SqlSession, Table extends DescribedTable>(
  client: SqlClient<Session>,
  dialect: Pick<ReadDialect<Session>, "bind" | "copyOut" | "quoteName" | "selectedColumns"> & PresentDialect<Table>,
  described: Table,
  request: SnapshotRequest,
): Promise<Snapshot> {
  const { folder, name, signal, scope, keys, versions } = request;
  if (described.isNew === true) return { files: [], rows: 0, how: "nothing read: the table is new" };
  const path = join(folder, `${name}-00001.csv`);
  const asked: string[] = [];
  for await (const key of keys?.read() ?? []) asked.push(key);
  const conditions = [
    ...(keys === undefined ? [] : [dialect.isAsked(described, request.key[0] ?? idColumn)]),
    ...(scope === undefined ? [] : [`(${scope}\n)`]),
    ...(versions === undefined ? [] : [`t.${dialect.quoteName(versions.to)} IS NULL`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const cells = [
    `${dialect.rowName(described)} AS ${dialect.quoteName(idColumn)}`,
    `${dialect.rowVersion(described)} AS ${dialect.quoteName(versionColumn)}`,
    ...request.fields.map((field) => `${dialect.cell(described, field)} AS ${dialect.quoteName(field)}`),
  ];
  const select = `SELECT ${cells.join(", ")} FROM ${described.table.quoted} t${where}`;
  const rows = await client.transact("read", async (session) => {
    if (keys !== undefined) await dialect.bind(session, { keys: JSON.stringify(asked) });
    // A filter of the job must be no more than one.
    if (scope !== undefined) await dialect.selectedColumns(session, select);
    return dialect.copyOut(session, select, path, signal);
  });
  request.onProgress(rows);
  return { files: [path], rows, how: keys === undefined ? "one scan" : "one query by key" };
}
