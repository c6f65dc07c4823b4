// Up to where all changes are there to be read. In: a transaction. Out: a time. Must hold: what was written before it is
// committed: a row shows when its writer's transaction ends, and its time is from before.

import type { Account } from "../../contract/account.ts";
import type { SqlserverSession } from "./session.ts";

/**
 * The server's time, or that at which the oldest transaction began that has written. To see them wants a right
 * (https://learn.microsoft.com/en-us/sql/relational-databases/system-dynamic-management-views/sys-dm-tran-database-transactions-transact-sql).
 */
export async function openedAt(session: SqlserverSession, { warnings }: Pick<Account, "warnings">): Promise<Date> {
  const [row = {}] = await session.rows(`SELECT CONVERT(nvarchar(40), SYSUTCDATETIME(), 126) AS now,
    CONVERT(nvarchar(1), HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE')) AS server,
    CONVERT(nvarchar(1), HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DATABASE STATE')) AS own,
    CONVERT(nvarchar(2), SERVERPROPERTY('EngineEdition')) AS edition`);
  const now = new Date(`${row["now"]?.slice(0, 23)}Z`);
  // Of a database of Azure's own (5) its own right is enough.
  if (row["server"] !== "1" && !(row["edition"] === "5" && row["own"] === "1")) {
    const text =
      "others may be writing, and since when this user may not see: what they commit late is found as far as overlap reaches back; GRANT VIEW SERVER STATE shows it";
    if (!warnings.includes(text)) (warnings as string[]).push(text);
    return now;
  }
  const [oldest] =
    await session.rows(`SELECT CONVERT(nvarchar(20), MAX(DATEDIFF(SECOND, database_transaction_begin_time, SYSDATETIME()))) AS seconds
    FROM sys.dm_tran_database_transactions WHERE database_id = DB_ID() AND database_transaction_begin_time IS NOT NULL`);
  const seconds = oldest?.["seconds"];
  // Borders of seconds are counted, so that one may be too few.
  return seconds == null ? now : new Date(now.getTime() - (Number(seconds) + 1) * 1000);
}
