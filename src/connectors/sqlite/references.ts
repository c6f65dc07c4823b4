// What hangs on the rows of a table. In: a table of the schema. Out: a Failure that names it. Must hold: rows that others refer to,
// and rows at which a trigger does something, are not deleted to be made anew.

import type { Place } from "../../core/errors.ts";
import { refuseHeld } from "../sql/rewrite.ts";
import type { SqliteSession } from "./client.ts";
import type { SqliteDescribed } from "./fields.ts";

export async function refuseReferenced(
  session: SqliteSession,
  described: SqliteDescribed,
  place?: Place,
): Promise<void> {
  const rows = await session.rows(
    `SELECT DISTINCT 'foreign key of ' || m.name AS held FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f
       WHERE m.type = 'table' AND lower(f."table") = lower(?)
     UNION ALL SELECT 'trigger ' || name FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?)`,
    [described.table.name, described.table.name],
  );
  refuseHeld(
    described,
    rows.map(({ held }) => held ?? ""),
    place,
  );
}
