// The statements that write a batch, row by row. In: a table, a batch. Out: what was written. Must hold: an empty cell leaves
// its column alone, or to its default; a row is found by its key; what the schema says to do about conflicts, to replace
// another row say, is not done.

import type { Batch } from "../../contract/write.ts";
import { identifier } from "../../core/sql.ts";
import type { OpenBatch } from "../kit/batch-file.ts";
import type { WriteRows } from "../sql/dialect.ts";
import { idColumn } from "../sql/names.ts";
import type { SqliteSession } from "./client.ts";
import type { SqliteDescribed } from "./fields.ts";
import { versionWriterOf } from "./history.ts";
import { type Bound, columnOf, keyValues, readerOf, runnerOf, type WriteRow } from "./rows.ts";
import { meantBy } from "./values.ts";

export function stageRows(
  session: SqliteSession,
  table: SqliteDescribed,
  batch: Batch,
  { headers, rows }: OpenBatch,
): WriteRows {
  const { history } = batch;
  const write =
    history === undefined
      ? writerOf(session, table, batch, headers)
      : versionWriterOf({ session, table, headers, history }, batch.operation);
  return async (first, last) =>
    rows.slice(first, last + 1).flatMap((row, index) => {
      const written = write(row);
      return written === undefined ? [] : [{ n: first + index, ...written }];
    });
}

function writerOf(session: SqliteSession, table: SqliteDescribed, batch: Batch, headers: readonly string[]): WriteRow {
  const { quoted } = table.table;
  const run = runnerOf(session, table);
  const say = readerOf(table, headers);
  const insert: WriteRow = (row) => {
    const { names, values } = say(row);
    const into = `(${names.map(identifier).join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
    const sql = `INSERT OR ABORT INTO ${quoted} ${names.length === 0 ? "DEFAULT VALUES" : into}`;
    return run({ sql, values, names }, true);
  };
  const update = (row: readonly string[], where: string, found: readonly Bound[]) => {
    const { names, values } = say(row);
    const [first = ""] = table.columns.keys();
    const own = identifier(first);
    const sets = names.length === 0 ? [`${own} = ${own}`] : names.map((name) => `${identifier(name)} = ?`);
    const sql = `UPDATE OR ABORT ${quoted} SET ${sets.join(", ")} WHERE ${where}`;
    return run({ sql, values: [...values, ...found], names });
  };
  const byId = table.key.map((name) => `${identifier(name)} = ?`).join(" AND ");
  const idOf = (row: readonly string[]) => keyValues(table, row[headers.indexOf(idColumn)] ?? "");
  switch (batch.operation) {
    case "insert":
      return insert;
    case "update":
      return (row) => update(row, byId, idOf(row));
    case "upsert": {
      const key = batch.externalId ?? "";
      const { kind } = columnOf(table, key);
      const at = headers.indexOf(key);
      return (row) => update(row, `${identifier(key)} = ?`, [meantBy(kind, row[at] ?? "")]) ?? insert(row);
    }
    default:
      return (row) => run({ sql: `DELETE FROM ${quoted} WHERE ${byId}`, values: idOf(row), names: [] });
  }
}
