// MySQL and MariaDB, as what SQL databases share wants to know them.

import { rewriteTable } from "../sql/rewrite.ts";
import type { TargetDialect } from "../sql/target.ts";
import { openedAt } from "./clock.ts";
import { describeTable, type MysqlTable } from "./fields.ts";
import { markTable, readMark, takeMark } from "./marks.ts";
import { nameByContent, nameByKey, quoteName } from "./names.ts";
import { nameNew, planTable } from "./new-table.ts";
import { cellOf, isAsked, nameOfRow, versionOfRow } from "./present.ts";
import { bindValues, boundInstant, boundTexts, cursorOf, instantText, selectedColumns } from "./reading.ts";
import { refuseReferenced } from "./references.ts";
import { digitsOf, renderField } from "./render.ts";
import { copyOut, type MysqlSession } from "./session.ts";
import { columnTypes, estimateRows, findTable, listTables, tableKey } from "./tables.ts";
import { refusalOf, stageBatch } from "./write.ts";

export const dialect: TargetDialect<MysqlSession, MysqlTable> = {
  quoteName,
  findTable,
  tableKey,
  selectedColumns,
  nameByKey,
  nameByContent,
  cursorOf,
  instantText,
  bind: bindValues,
  boundInstant,
  boundTexts: (name) => boundTexts(name),
  copyOut,
  readClock: openedAt,
  markTable,
  newTables: { nameNew, plan: planTable },
  listTables,
  describe: describeTable,
  estimateRows,
  render: renderField,
  replacement: {
    how: "in one transaction, in the place of all rows",
    refuse: refuseReferenced,
    async content(session, table, isHeld) {
      const sum = `SUM(CAST(CONV(LEFT(${versionOfRow(table)}, 15), 16, 10) AS DECIMAL(20, 0)))`;
      const held = isHeld ? " FOR UPDATE" : "";
      const [row] = await session.rows(
        `SELECT CONCAT(COUNT(*), ' ', COALESCE(${sum}, 0)) AS content FROM ${table.table.quoted} t${held}`,
      );
      return row?.["content"] ?? "";
    },
    async write(session, table, batch, signal) {
      await refuseReferenced(session, table);
      await rewriteTable(session, dialect, table, batch, signal);
    },
  },
  versionDigits: digitsOf,
  stage: stageBatch,
  columnTypes,
  refusalOf,
  readMark,
  takeMark,
  rowName: nameOfRow,
  rowVersion: versionOfRow,
  cell: cellOf,
  isAsked,
};
