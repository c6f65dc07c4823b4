// SQL Server, as what SQL databases share wants to know it.

import type { TargetDialect } from "../sql/target.ts";
import { openedAt } from "./clock.ts";
import { rowversionCounter } from "./counter.ts";
import { refusalOf } from "./faults.ts";
import { describeTable, type SqlserverTable } from "./fields.ts";
import { forgetMarks, markTable, readMark, takeMark } from "./marks.ts";
import { nameByContent, nameByKey, quoteName } from "./names.ts";
import { cellOf, isAsked, nameOfRow, versionOfRow } from "./present.ts";
import { boundInstant, boundTexts, cursorOf, instantText, selectedColumns } from "./reading.ts";
import { renderField } from "./render.ts";
import type { SqlserverSession } from "./session.ts";
import { findTable, listTables, tableKey } from "./tables.ts";
import { stageBatch } from "./write.ts";

export const dialect: TargetDialect<SqlserverSession, SqlserverTable> = {
  quoteName,
  findTable,
  tableKey,
  selectedColumns,
  nameByKey,
  nameByContent,
  cursorOf,
  instantText,
  bind: async (session, values) => session.bind(values),
  boundInstant,
  boundTexts,
  copyOut: (session, select, path, signal) => session.copyOut(select, path, signal),
  readClock: openedAt,
  counter: rowversionCounter,
  markTable,
  listTables,
  describe: describeTable,
  render: renderField,
  savepoint: { set: "SAVE TRANSACTION loadline_rows", undo: "ROLLBACK TRANSACTION loadline_rows" },
  stage: stageBatch,
  refusalOf,
  readMark,
  takeMark,
  forgetMarks,
  rowName: nameOfRow,
  rowVersion: versionOfRow,
  cell: cellOf,
  isAsked,
};
