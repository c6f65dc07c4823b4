// Up to where all changes are there to be read. In: a transaction. Out: a time. Must hold: what was written before it is
// committed: a row shows when its writer's transaction ends, and its time is from before.

import type { Account } from "../../contract/account.ts";
import type { OracleSession } from "./session.ts";

/** The server's time, or that at which the oldest transaction began that is writing. To see it wants a right. */
export async function openedAt(session: OracleSession, { warnings }: Pick<Account, "warnings">): Promise<Date> {
  const [row = {}] = await session.rows(
    `SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), 'YYYY-MM-DD"T"HH24:MI:SS.FF3') || 'Z' AS "now" FROM dual`,
  );
  const now = new Date(row["now"] ?? "");
  const oldest = `SELECT TO_CHAR(CEIL((SYSDATE - MIN(start_date)) * 86400)) AS "seconds" FROM v$transaction`;
  const seconds = await session.rows(oldest).then(
    ([found]) => found?.["seconds"],
    (error: unknown) => {
      if (!(error instanceof Error) || !/ORA-0*(942|1031)\b/.test(error.message)) throw error;
      const text =
        "others may be writing, and since when this user may not see: what they commit late is found as far as overlap reaches back; GRANT SELECT ON sys.v_$transaction shows it";
      if (!warnings.includes(text)) (warnings as string[]).push(text);
      return null;
    },
  );
  // A start is told to the second.
  return seconds == null ? now : new Date(now.getTime() - (Number(seconds) + 1) * 1000);
}
