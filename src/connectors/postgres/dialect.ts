// PostgreSQL, as what SQL databases share wants to know it.

import type { TargetDialect } from "../sql/target.ts";
import { copyOut, type PostgresSession } from "./client.ts";
import { openedAt } from "./clock.ts";
import { isHidden } from "./faults.ts";
import { describeTable, type PostgresTable } from "./fields.ts";
import { forgetMarks, readMark, takeMark } from "./marks.ts";
import { nameByKey, quoteName } from "./names.ts";
import { nameNew, planTable } from "./new-table.ts";
import { cellOf, isAsked, nameOfRow } from "./present.ts";
import { bindValues, boundInstant, boundTexts, cursorOf, instantText, selectedColumns } from "./reading.ts";
import { digitsOf, renderField } from "./render.ts";
import { contentOf, replaceTable } from "./replace.ts";
import { findReadable } from "./rights.ts";
import { indexStage } from "./stage.ts";
import { refuseUnkept } from "./table-parts.ts";
import { columnTypes, estimateRows, listTables, tableKey } from "./tables.ts";
import { refusalOf, stageBatch } from "./write.ts";
import { xminCounter } from "./xmin.ts";

export const dialect: TargetDialect<PostgresSession, PostgresTable> = {
  quoteName,
  findTable: findReadable,
  tableKey,
  selectedColumns,
  nameByKey,
  nameByContent() {
    // Of a table with a column q, `q` alone is that column.
    const content = "CAST(ROW(q.*) AS text)";
    return `md5(${content}) || '-' || row_number() OVER (PARTITION BY ${content})`;
  },
  cursorOf,
  instantText,
  bind: bindValues,
  boundInstant,
  boundTexts,
  copyOut,
  readClock: openedAt,
  counter: xminCounter,
  // https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-ROW-SECURITY
  refuseHidden: async (session) => void (await session.query("SELECT set_config('row_security', 'off', true)")),
  isHidden,
  markTable: "loadline.batch",
  newTables: { nameNew, plan: planTable },
  listTables,
  describe: describeTable,
  estimateRows,
  render: renderField,
  stage: stageBatch,
  columnTypes,
  partStage: indexStage,
  refusalOf,
  readMark,
  takeMark,
  forgetMarks,
  replacement: {
    how: "in one transaction, as a new table",
    refuse: (session, { table }, place) => refuseUnkept(session, table, place),
    content: contentOf,
    write: replaceTable,
  },
  versionDigits: digitsOf,
  rowName: ({ key }) => nameOfRow(key),
  // Every change of a row gives it another xmin (https://www.postgresql.org/docs/current/ddl-system-columns.html).
  // Where no key names a row, its place does.
  rowVersion: ({ key }) =>
    key.length > 0 ? "CAST(t.xmin AS text)" : "concat_ws(' ', CAST(t.xmin AS text), t.tableoid, CAST(t.ctid AS text))",
  cell: cellOf,
  isAsked,
};
