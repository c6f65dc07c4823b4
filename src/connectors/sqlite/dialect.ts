// SQLite as a target, in the words of what SQL databases share.

import { identifier } from "../../core/sql.ts";
import { emptyMark } from "../sql/cells.ts";
import { idColumn } from "../sql/names.ts";
import { rewriteTable } from "../sql/rewrite.ts";
import type { TargetDialect } from "../sql/target.ts";
import type { SqliteSession } from "./client.ts";
import { refusalOf } from "./faults.ts";
import { describeTable, type SqliteDescribed } from "./fields.ts";
import { markTable, readMark, takeMark } from "./marks.ts";
import { nameNew, planTable } from "./new-table.ts";
import { copyRows, nameByKey, readDialect } from "./read.ts";
import { refuseReferenced } from "./references.ts";
import { MissingParent } from "./rows.ts";
import { listTables, readColumns } from "./tables.ts";
import { cellOf, renderField } from "./values.ts";
import { stageRows } from "./write.ts";

/** Of the table that is looked at. */
const columnIn = (name: string) => `t.${identifier(name)}`;

function rowName({ key }: SqliteDescribed): string {
  // A key may be NULL: no statement finds such a row, which is told as one that is not there.
  return key.length === 0 ? "''" : `coalesce(${nameByKey(key.map(columnIn))}, 'NULL')`;
}

/** Nothing else in a file tells that a row has changed. */
function rowVersion({ columns }: SqliteDescribed): string {
  const there = [...columns.values()].filter(({ isPlanned }) => isPlanned !== true);
  return `loadline_content(${there.map(({ name }) => columnIn(name)).join(", ")})`;
}

export const targetDialect: TargetDialect<SqliteSession, SqliteDescribed> = {
  ...readDialect,
  copyOut: (session, select, path, signal) => copyRows(session, select, path, signal, cellOf),
  markTable,
  listTables,
  describe: describeTable,
  // Counting reads the smallest index, and no row.
  async estimateRows(session, { table }) {
    const [row] = await session.rows(`SELECT count(*) AS n FROM ${table.quoted}`);
    return Number(row?.["n"]);
  },
  render: renderField,
  rowName,
  rowVersion,
  cell(table, field) {
    if (field === idColumn) return rowName(table);
    return table.columns.get(field)?.isPlanned === true ? "NULL" : columnIn(field);
  },
  isAsked(table, field) {
    const value = `CASE WHEN substr(value, 1, 1) = '${emptyMark}' THEN substr(value, 2) ELSE value END`;
    const named = field === idColumn ? rowName(table) : columnIn(field);
    const asked = field === idColumn ? "value" : value;
    return `${named} IN (SELECT ${asked} FROM json_each(:loadline_keys))`;
  },
  newTables: { nameNew, plan: planTable },
  replacement: {
    how: "in one transaction, in the place of all rows",
    refuse: refuseReferenced,
    // Whoever writes has held the database since the transaction began.
    async content(session, table) {
      const [row] = await session.rows(
        `SELECT count(*) || ' ' || loadline_sum(${rowVersion(table)}) AS content FROM ${table.table.quoted} t`,
      );
      return row?.["content"] ?? "";
    },
    async write(session, table, batch, signal) {
      await refuseReferenced(session, table);
      await rewriteTable(session, targetDialect, table, batch, signal);
    },
  },
  // A text, of as many as are written.
  versionDigits: () => 9,
  columnTypes: async (session, { table }) =>
    new Map((await readColumns(session, table)).map(({ name, declared }) => [name, declared])),
  stage: async (session, table, batch, read) => stageRows(session, table, batch, read),
  refusalOf(error, { columns, parents }) {
    if (error instanceof MissingParent) {
      return { code: "SQLITE_787", message: error.message, fields: [...error.columns] };
    }
    const refusal = refusalOf(error, columns.keys());
    if (refusal === undefined || !refusal.message.startsWith("FOREIGN KEY")) return refusal;
    return { ...refusal, fields: parents.flatMap((parent) => parent.columns) };
  },
  readMark,
  takeMark,
};
