// Up to where all changes are there to be read. In: a transaction. Out: a time. Must hold: what began to be written before it
// is committed, for `updated_at` is mostly the time at which the writer's transaction began, and it shows when that ends.

import type { Account } from "../../contract/account.ts";
import type { PostgresSession } from "./client.ts";

/**
 * The server's time, or that at which the oldest running writer began. Whose writer it is counts only where the role may see
 * it: all that pg_read_all_stats shows (https://www.postgresql.org/docs/current/monitoring-stats.html). Prepared
 * transactions are seen by everybody.
 */
export async function openedAt(session: PostgresSession, { warnings }: Pick<Account, "warnings">): Promise<Date> {
  const [row = {}] = await session.rows(`SELECT to_json(least(clock_timestamp(), min(began))) AS now,
      count(*) FILTER (WHERE began IS NULL) AS hidden, pg_is_in_recovery() AS standby
    FROM (SELECT xact_start AS began FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND (backend_xid IS NOT NULL OR (backend_type IS NULL AND datid IS NOT NULL))
              AND datid = (SELECT oid FROM pg_database WHERE datname = current_database())
          UNION ALL SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()) writers`);
  const tell = (text: string) => {
    if (!warnings.includes(text)) (warnings as string[]).push(text);
  };
  if (row["standby"] === "t") {
    tell(
      "a standby does not show who is writing on its primary: what commits late is found as far as overlap reaches back",
    );
  } else if (Number(row["hidden"]) > 0) {
    tell(
      "others are writing, and since when this role may not see: what they commit late is found as far as overlap reaches back; GRANT pg_read_all_stats shows it",
    );
  }
  return new Date(JSON.parse(row["now"] ?? "null") as string);
}
