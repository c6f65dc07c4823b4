// What a source row is, whatever a job makes of it, so that it is known again in a later run.

import { literal } from "../../core/sql.ts";

/** Of a source row, in the stage. */
export const identityColumn = "_identity_";

/**
 * BLOB: the same for the same record of a source, whatever the job makes of it. Of files that is all that the record
 * says, by the names of its columns; an empty cell says nothing. `columns`: name to SQL.
 */
export function identifyRow(columns: readonly (readonly [string, string])[]): string {
  const sorted = columns.toSorted(([left], [right]) => (left.toLowerCase() < right.toLowerCase() ? -1 : 1));
  const said = sorted.map(([name, sql]) => {
    const cell = `CAST(${sql} AS VARCHAR)`;
    return `CASE WHEN ${cell} <> '' THEN concat(${literal(`${name.toLowerCase()} `)}, strlen(${cell}), ' ', ${cell}) ELSE '' END`;
  });
  return `unhex(md5(concat(${said.join(", ")})))`;
}
