// What is copied of a table or a query. In: what a stream takes of it, its window. Out: SELECTs over `q`. Must hold: values
// are bound; NULL and the empty text are two values.

import type { ExtractRequest, Window } from "../../contract/source.ts";
import { keysColumns } from "../../core/model.ts";
import type { ObjectSource } from "../../job/job.ts";
import type { ReadDialect, SqlSession } from "./dialect.ts";
import { deletedColumn, idColumn, versionColumn } from "./names.ts";
import type { QueriedTable } from "./query.ts";

type SelectDialect = Pick<ReadDialect<SqlSession>, "quoteName" | "instantText" | "boundInstant" | "boundTexts">;

/** The records of a window, or those outside it that an earlier run could not load. `from`, `to`, `pending` are bound. */
export function selectRecords(
  queried: QueriedTable,
  dialect: SelectDialect,
  { source, columns: asked, window }: ExtractRequest<ObjectSource>,
  which: "window" | "pending",
): string {
  const { from, key } = queried;
  const own = [...new Set(asked)].filter((name) => name !== idColumn && name !== versionColumn);
  const cells = own.map((name) =>
    name === deletedColumn ? `'false' AS ${dialect.quoteName(deletedColumn)}` : cellOf(queried, dialect, name),
  );
  const { version, within } = windowOf(queried, dialect, window);
  const again = `${key} IN (${dialect.boundTexts("pending")})`;
  const conditions = [
    ...(within === undefined
      ? []
      : [which === "pending" ? `CASE WHEN ${within} THEN 0 ELSE 1 END = 1 AND ${again}` : within]),
    ...(source.where === undefined ? [] : [`(${source.where}\n)`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  return `SELECT ${[`${key} AS ${dialect.quoteName(idColumn)}`, `${version} AS ${dialect.quoteName(versionColumn)}`, ...cells].join(", ")} FROM ${from} q${where}`;
}

/** Every row that is there, whatever its time, and whether the job's filter takes it. */
export function selectKeys(
  queried: QueriedTable,
  dialect: SelectDialect,
  { source, compared = [] }: ExtractRequest<ObjectSource>,
): string {
  const [id, isWithin] = keysColumns;
  const within = source.where === undefined ? "'true'" : `CASE WHEN (${source.where}\n) THEN 'true' ELSE 'false' END`;
  const cells = compared.map((name) => cellOf(queried, dialect, name));
  return `SELECT ${[`${queried.key} AS ${dialect.quoteName(id)}`, `${within} AS ${dialect.quoteName(isWithin)}`, ...cells].join(", ")} FROM ${queried.from} q`;
}

function cellOf({ columns }: QueriedTable, { quoteName }: SelectDialect, name: string): string {
  const column = `q.${quoteName(name)}`;
  return `${columns.get(name)?.select?.(column) ?? column} AS ${quoteName(name)}`;
}

/** SQL, of a row: when it changed, and whether that is in the window. */
function windowOf(
  { cursor, counter }: QueriedTable,
  { instantText, boundInstant }: SelectDialect,
  window: Window | undefined,
): { version: string; within?: string } {
  if (counter !== undefined) return counter;
  if (cursor === undefined) return { version: "NULL" };
  const version = instantText(cursor);
  if (window === undefined) return { version };
  const bounds = [
    ...(window.from === undefined ? [] : [`${cursor} >= ${boundInstant("from")}`]),
    `${cursor} < ${boundInstant("to")}`,
  ];
  // What has no time is in no window: each takes it.
  return { version, within: `(${bounds.join(" AND ")} OR ${cursor} IS NULL)` };
}
