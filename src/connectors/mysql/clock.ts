// Up to where all changes are there to be read. In: a transaction. Out: a time. Must hold: what was written before it is
// committed: NOW() is the time at which the writer's statement began, and the row shows when its transaction ends.

import type { Account } from "../../contract/account.ts";
import { isServerError } from "./faults.ts";
import type { MysqlSession } from "./session.ts";

/**
 * How long ago the oldest transaction began that has written, writes, or is prepared (XA: thread 0). Their times are compared
 * with that of this transaction, for they are told in the zone of the server. To see them wants the right PROCESS
 * (https://dev.mysql.com/doc/refman/8.4/en/information-schema-innodb-trx-table.html).
 */
const writers = `SELECT CAST(MAX(TIMESTAMPDIFF(SECOND, w.trx_started, own.trx_started)) AS CHAR) AS seconds
  FROM information_schema.INNODB_TRX w CROSS JOIN information_schema.INNODB_TRX own
  WHERE own.trx_mysql_thread_id = CONNECTION_ID() AND w.trx_mysql_thread_id <> CONNECTION_ID()
    AND (w.trx_rows_modified > 0 OR w.trx_query IS NOT NULL OR w.trx_mysql_thread_id = 0)`;

const lacksRight = 1227;

/** The server's time, or that at which the oldest running writer began. */
export async function openedAt(session: MysqlSession, { warnings }: Pick<Account, "warnings">): Promise<Date> {
  const tell = (text: string) => {
    if (!warnings.includes(text)) (warnings as string[]).push(text);
  };
  const asked = `SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ') AS now, CAST(@@GLOBAL.read_only AS CHAR) AS readOnly`;
  const [row = {}] = await session.rows(asked);
  const now = new Date(row["now"] ?? "");
  if (row["readOnly"] !== "0") {
    tell(
      "a replica does not show who is writing on its primary: what comes late is found as far as overlap reaches back",
    );
  }
  const seconds = await session.rows(writers).then(
    ([found]) => found?.["seconds"],
    (error: unknown) => {
      if (!isServerError(error) || error.errno !== lacksRight) throw error;
      tell(
        "others may be writing, and since when this user may not see: what they commit late is found as far as overlap reaches back; GRANT PROCESS ON *.* shows it",
      );
      return null;
    },
  );
  // Whole seconds are told, cut off.
  return seconds == null ? now : new Date(now.getTime() - (Number(seconds) + 1) * 1000);
}
