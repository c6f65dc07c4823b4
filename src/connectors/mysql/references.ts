// What hangs on the rows of a table. In: a table of the catalogue. Out: a Failure that names it. Must hold: rows that others refer
// to, and rows at which a trigger does something, are not deleted to be made anew.

import type { Place } from "../../core/errors.ts";
import { refuseHeld } from "../sql/rewrite.ts";
import type { MysqlTable } from "./fields.ts";
import type { MysqlSession } from "./session.ts";

export async function refuseReferenced(session: MysqlSession, described: MysqlTable, place?: Place): Promise<void> {
  const { schema, relation } = described.table;
  const rows = await session.rows(
    `SELECT DISTINCT CONCAT('foreign key ', CONSTRAINT_NAME, ' of ', TABLE_SCHEMA, '.', TABLE_NAME) AS held
       FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA = ? AND REFERENCED_TABLE_NAME = ?
     UNION ALL SELECT CONCAT('trigger ', TRIGGER_NAME) FROM information_schema.TRIGGERS
       WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ?`,
    [schema, relation, schema, relation],
  );
  refuseHeld(
    described,
    rows.map(({ held }) => held ?? ""),
    place,
  );
}
