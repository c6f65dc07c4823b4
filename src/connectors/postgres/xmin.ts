// Windows by the number of the transaction that wrote a row (`cursor: xmin`), for tables without a column that tells when a
// row changed. In: a table, where the window before ended. Out: where the counter stands; SQL that chooses rows. Must hold: a
// row that was written, or that shows, after the window before is in the next one; what the counter can't tell is not
// taken from it, but all is taken again.
//
// A window begins at the oldest transaction that was running when the one before was opened (pg_snapshot_xmin): each older
// one had ended, so that what it wrote was there to be read. Rows of a savepoint have a number of their own, which is above
// that of their transaction. pg_visible_in_snapshot is not asked: it takes such rows for seen
// (https://www.postgresql.org/message-id/20090108144651.31ACA754A1B@cvs.postgresql.org).
//
// A row holds 32 of the number's 64 bits. The last number of these bits before the snapshot's end is the row's own, if it
// was written within the last 2^32 transactions; a frozen row keeps its bits (9.4 and later), so that one that is older may
// look new, and is taken again, but none that is new looks old
// (https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND). Every UPDATE makes a new version
// of its row, also one that touches no index (HOT).

import { usageFailure } from "../../core/errors.ts";
import type { ObjectSource } from "../../job/job.ts";
import type { CounterDialect } from "../sql/dialect.ts";
import type { PostgresSession } from "./client.ts";
import { findTable } from "./tables.ts";

/** A mark that is as old is taken for lost: half of what 32 bits tell apart. */
const ageMax = 2n ** 31n;

/** Timeline and transaction, each with zeros before it: text that sorts as it grows. */
const positionForm = /^([0-9A-F]{8})\/(\d{20})$/;

/** The number of the transaction that wrote `xmin`, with all its bits; of rows of before 9.4 and of the server's own 0. */
function widen(xmin: string, next: string): string {
  const bits = `CAST(CAST(${xmin} AS text) AS bigint)`;
  return `CASE WHEN ${bits} < 3 THEN 0 ELSE ${next} - ((${next} - ${bits}) & 4294967295) END`;
}

/** Asked once a statement, not for every row. */
const setting = (name: string) => `(SELECT current_setting('loadline.${name}'))`;
const nextNumber = `(SELECT CAST(current_setting('loadline.next') AS bigint))`;

export const xminCounter: CounterDialect<PostgresSession> = {
  cursor: "xmin",
  async countRows(session, source) {
    await refuseUncounted(session, source);
    return {
      version: `${setting("timeline")} || '/' || lpad(CAST(${widen("q.xmin", nextNumber)} AS text), 20, '0')`,
      within: `${widen("q.xmin", nextNumber)} >= (SELECT CAST(current_setting('loadline.first') AS bigint))`,
    };
  },
  readPosition,
  bind: bindCounter,
};

/** Of a standby the newest that it knows of, for it can't be asked where it writes: it does not. */
const readTimeline = `CASE WHEN pg_is_in_recovery()
    THEN upper(lpad(to_hex((SELECT greatest(c.timeline_id, r.min_recovery_end_timeline) FROM pg_control_checkpoint() c, pg_control_recovery() r)), 8, '0'))
    ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END`;

/** Settings of the transaction, as of its snapshot. `from`: a position; undefined takes all. */
async function bindCounter(session: PostgresSession, from: string | undefined): Promise<void> {
  const first = String(BigInt(positionForm.exec(from ?? "")?.[2] ?? "0"));
  await session.query(
    `SELECT set_config('loadline.first', $1, true), set_config('loadline.timeline', ${readTimeline}, true),
      set_config('loadline.next', CAST(txid_snapshot_xmax(txid_current_snapshot()) AS text), true)`,
    [first],
  );
}

async function refuseUncounted(session: PostgresSession, source: ObjectSource): Promise<void> {
  const refuse = (message: string, next: string): never => {
    throw usageFailure(`incremental.cursor: xmin ${message}`, {
      where: source.incremental?.place ?? source.place,
      next,
    });
  };
  if (source.sql?.query !== undefined)
    refuse("is of a table's rows; a query has none", "source.table, with source.where");
  const table = await findTable(session, source.object, source.place);
  if (!table.isTable) refuse(`is of a table's rows; ${table.name} is none`, "name the table behind it");
  const [row = {}] = await session.rows(
    `${treeOf} SELECT row_security_active(CAST($1 AS oid)) AS hidden, bool_or(c.relkind = 'f') AS "isForeign"
      FROM tree JOIN pg_class c USING (oid)`,
    [table.oid],
  );
  if (row["isForeign"] === "t") refuse(`is not told by foreign tables, of which ${table.name} has one`, "a column");
  if (row["hidden"] === "t") {
    const why = `can't tell what row security lets this role see only later: ${table.name} has policies`;
    refuse(why, "a role with BYPASSRLS, or a column that tells when a row changed");
  }
}

/** The table and all that its rows may lie in: partitions, children. */
const treeOf = `WITH RECURSIVE tree AS (SELECT CAST($1 AS oid) AS oid
    UNION SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid)`;

async function readPosition(
  session: PostgresSession,
  source: ObjectSource,
  since: string | undefined,
): Promise<{ to: string; lost?: string }> {
  const table = await findTable(session, source.object, source.place);
  const next = "(SELECT txid_snapshot_xmax(txid_current_snapshot()))";
  // What is written of a table in the catalogue is changed by whatever brings rows in that no transaction wrote since: a
  // partition that is attached, a table that gets the name of another.
  const [row = {}] = await session.rows(
    `${treeOf} SELECT txid_snapshot_xmin(txid_current_snapshot()) AS first, ${next} AS next, ${readTimeline} AS timeline,
      greatest((SELECT max(${widen("c.xmin", next)}) FROM tree JOIN pg_class c USING (oid)),
        (SELECT max(${widen("i.xmin", next)}) FROM tree JOIN pg_inherits i ON i.inhrelid = tree.oid)) AS altered`,
    [table.oid],
  );
  const to = `${row["timeline"]}/${String(row["first"]).padStart(20, "0")}`;
  const lost = since === undefined ? undefined : findLost(since, row, table.name);
  return { to, ...(lost === undefined ? {} : { lost }) };
}

/** Why nothing can go on from a position. */
function findLost(since: string, row: Readonly<Record<string, string | null>>, table: string): string | undefined {
  const [, timeline, first] = positionForm.exec(since) ?? [];
  if (first === undefined) return `${since} is no transaction`;
  const mark = BigInt(first);
  const next = BigInt(row["next"] ?? "0");
  if (timeline !== row["timeline"]) {
    return `the server was restored, or another took its place (timeline ${row["timeline"]}, was ${timeline}): the same numbers may be of other transactions`;
  }
  if (mark > next) return `the server counts transactions from ${next} on, and was at ${mark} before`;
  if (next - mark >= ageMax) return `${next - mark} transactions have passed, and rows tell 2^31 of them apart`;
  if (BigInt(row["altered"] ?? "0") < mark) return undefined;
  return `${table} was altered since, which may bring in rows that nobody wrote since (a partition, another table by its name)`;
}
