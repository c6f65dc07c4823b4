// Windows by a table's rowversion (`cursor: rowversion`), a number that the server gives each row anew when it writes it. In: a
// table. Out: where the counter stands; SQL that chooses rows. Must hold: a row that shows after the window before is in the next
// one: a window ends below the oldest number that a running transaction has taken
// (https://learn.microsoft.com/en-us/sql/t-sql/functions/min-active-rowversion-transact-sql).

import { usageFailure } from "../../core/errors.ts";
import type { ObjectSource } from "../../job/job.ts";
import type { CounterDialect } from "../sql/dialect.ts";
import { quoteName } from "./names.ts";
import type { SqlserverSession } from "./session.ts";
import { findTable } from "./tables.ts";

/** Sixteen digits, so that text sorts as it grows. */
const positionForm = /^[0-9A-F]{16}$/;

export const rowversionCounter: CounterDialect<SqlserverSession> = {
  cursor: "rowversion",
  async countRows(session, source) {
    const column = `q.${quoteName(await columnOf(session, source))}`;
    return {
      version: `CONVERT(nvarchar(16), CONVERT(binary(8), ${column}), 2)`,
      within: `CONVERT(binary(8), ${column}) >= CONVERT(binary(8), @loadline_first, 2)`,
    };
  },
  async readPosition(session, _source, since) {
    const [row] = await session.rows(
      "SELECT CONVERT(nvarchar(16), CONVERT(binary(8), MIN_ACTIVE_ROWVERSION()), 2) AS first",
    );
    const to = row?.["first"] ?? "";
    if (since === undefined) return { to };
    if (!positionForm.test(since)) return { to, lost: `${since} is no rowversion` };
    if (since <= to) return { to };
    return { to, lost: `the database counts from ${to} on, and was at ${since} before: it was restored` };
  },
  bind: async (session, from) => session.bind({ first: from ?? "0000000000000000" }),
};

/** A table has one at most. */
async function columnOf(session: SqlserverSession, source: ObjectSource): Promise<string> {
  const where = source.incremental?.place ?? source.place;
  if (source.sql?.query !== undefined) {
    throw usageFailure("incremental.cursor: rowversion is of a table's rows; a query has none", {
      where,
      next: "source.table, with source.where",
    });
  }
  const table = await findTable(session, source.object, source.place);
  const [row] = await session.rows(
    "SELECT name FROM sys.columns WHERE object_id = @p1 AND system_type_id = TYPE_ID(N'timestamp')",
    [table.id],
  );
  if (table.isTable && row?.["name"] != null) return row["name"];
  throw usageFailure(`incremental.cursor: ${table.name} has no column of type rowversion`, {
    where,
    next: "ALTER TABLE … ADD changed rowversion, which changes every row once; or a column of type datetimeoffset",
  });
}
