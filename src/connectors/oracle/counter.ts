// Windows by the number of the change that wrote a row (`cursor: ora_rowscn`), for tables without a column that tells when a row
// changed. In: a table. Out: where the counter stands; SQL that chooses rows. Must hold: a row that shows after the window before
// is in the next one: its number is that of its commit, or a later one where its block was written too, which takes a row again
// and misses none (https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/ORA_ROWSCN-Pseudocolumn.html).

import { usageFailure } from "../../core/errors.ts";
import { CallFault } from "../../http/outcome.ts";
import type { ObjectSource } from "../../job/job.ts";
import type { CounterDialect } from "../sql/dialect.ts";
import type { OracleSession } from "./session.ts";
import { findTable } from "./tables.ts";

/** From when on the database counts, the table, and the number, with zeros before it: text that sorts as it grows. */
const positionForm = /^(\d+)\.(\d+)\/(\d{20})$/;

export const rowscnCounter: CounterDialect<OracleSession> = {
  cursor: "ora_rowscn",
  async countRows(session, source) {
    const { line } = await counted(session, source);
    return {
      version: `'${line}/' || LPAD(TO_CHAR(q.ORA_ROWSCN), 20, '0')`,
      within: "q.ORA_ROWSCN >= TO_NUMBER(:loadline_first)",
    };
  },
  async readPosition(session, source, since) {
    const { line, number } = await counted(session, source);
    const to = `${line}/${number.padStart(20, "0")}`;
    const lost = since === undefined ? undefined : findLost(since, line, number);
    return { to, ...(lost === undefined ? {} : { lost }) };
  },
  bind: async (session, from) => session.bind({ first: String(BigInt(positionForm.exec(from ?? "")?.[3] ?? "0")) }),
};

/** Why nothing can go on from a position. */
function findLost(since: string, line: string, number: string): string | undefined {
  const [, reset, table, first] = positionForm.exec(since) ?? [];
  if (first === undefined) return `${since} is no change`;
  if (`${reset}.${table}` !== line) return "the database was restored, or another table has this name now";
  return BigInt(first) > BigInt(number) ? `the database is at ${number}, and was at ${first} before` : undefined;
}

async function counted(session: OracleSession, source: ObjectSource): Promise<{ line: string; number: string }> {
  const refuse = (message: string, next: string): never => {
    throw usageFailure(`incremental.cursor: ora_rowscn ${message}`, {
      where: source.incremental?.place ?? source.place,
      next,
    });
  };
  if (source.sql?.query !== undefined)
    refuse("is of a table's rows; a query has none", "source.table, with source.where");
  const { owner, relation, name } = await findTable(session, source.object, source.place);
  const [table] = await session.rows(
    `SELECT TO_CHAR(o.object_id) AS "id", t.partitioned AS "parts" FROM all_objects o JOIN all_tables t ON t.owner = o.owner AND t.table_name = o.object_name
     WHERE o.owner = :p1 AND o.object_name = :p2 AND o.object_type = 'TABLE' AND o.subobject_name IS NULL`,
    [owner, relation],
  );
  if (table === undefined) return refuse(`is of a table's rows; ${name} is none`, "name the table behind it");
  if (table["parts"] === "YES") {
    refuse(
      `does not tell rows of a partition that is exchanged, and ${name} has partitions`,
      "a column that tells when a row changed",
    );
  }
  try {
    const [row] = await session.rows(
      `SELECT TO_CHAR(current_scn) AS "number", TO_CHAR(resetlogs_change#) AS "reset" FROM v$database`,
    );
    return { line: `${row?.["reset"]}.${table["id"]}`, number: row?.["number"] ?? "0" };
  } catch (error) {
    const isHidden =
      error instanceof Error && /ORA-0*(942|1031)\b/.test(error.message) && !(error instanceof CallFault);
    if (!isHidden) throw error;
    return refuse(
      "wants to see where the database counts, which this user may not",
      "GRANT SELECT ON sys.v_$database TO it",
    );
  }
}
