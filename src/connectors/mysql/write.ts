// A batch in MySQL: inserted into a temporary table, from which statements write. In: rows of a batch file. Out: what writes
// them. Must hold: values are bound; what the server says of a row is told from what it says of the statement.

import type { Batch } from "../../contract/write.ts";
import type { OpenBatch } from "../kit/batch-file.ts";
import type { RowRefusal, WriteRows } from "../sql/dialect.ts";
import { groupRows } from "../sql/groups.ts";
import { ChangedValue, isServerError } from "./faults.ts";
import type { MysqlTable } from "./fields.ts";
import { versionWriterOf } from "./history.ts";
import type { MysqlSession } from "./session.ts";
import { stageName, writerOf } from "./statements.ts";

/** A statement takes 65,535 values; and one of some rows is prepared once. */
const valuesMax = 60_000;
const rowsMax = 500;
const bytesMax = 4 << 20;

export async function stageBatch(
  session: MysqlSession,
  table: MysqlTable,
  batch: Batch,
  read: OpenBatch,
): Promise<WriteRows> {
  const { headers, rows } = read;
  const cells = headers.map((_, index) => `c${index} LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  await session.rows(`DROP TEMPORARY TABLE IF EXISTS ${stageName}`);
  await session.rows(
    `CREATE TEMPORARY TABLE ${stageName} (${["n INT PRIMARY KEY", "g INT NOT NULL", ...cells].join(", ")}) ENGINE = InnoDB`,
  );
  const grouped = groupRows(table.columns, read);
  const tooLarge = await fillStage(session, headers.length, rows, grouped.groupOf);
  const stage = { session, table, headers, groupsBetween: grouped.between };
  const { history } = batch;
  const write = history === undefined ? writerOf(stage, batch) : versionWriterOf({ ...stage, history }, batch);
  return (first, last) => {
    if (tooLarge.some((n) => n >= first && n <= last)) {
      throw new ChangedValue(0, "the row is larger than max_allowed_packet, what the server takes at once");
    }
    return write(first, last);
  };
}

/** Gives the rows that the server would not take. */
async function fillStage(
  session: MysqlSession,
  columns: number,
  rows: readonly string[][],
  groupOf: (n: number) => string,
): Promise<number[]> {
  const [row] = await session.rows("SELECT CAST(@@max_allowed_packet AS CHAR) AS bytes");
  const packet = Number(row?.["bytes"]) - (64 << 10);
  const most = Math.min(rowsMax, Math.floor(valuesMax / (columns + 2)));
  const line = `(${Array.from({ length: columns + 2 }, () => "?").join(", ")})`;
  const tooLarge: number[] = [];
  let values: (string | null)[] = [];
  let count = 0;
  let bytes = 0;
  const send = async () => {
    if (count > 0) {
      const lines = Array.from({ length: count }, () => line);
      await session.write(`INSERT INTO ${stageName} VALUES ${lines.join(", ")}`, values);
    }
    [values, count, bytes] = [[], 0, 0];
  };
  for (const [n, cells] of rows.entries()) {
    const size = cells.reduce((sum, cell) => sum + Buffer.byteLength(cell) + 9, 0);
    if (size > packet) {
      tooLarge.push(n);
      continue;
    }
    if (count === most || (count > 0 && bytes + size > Math.min(bytesMax, packet))) await send();
    // A cell that is empty says nothing of its column: NULL, in the stage.
    values.push(String(n), groupOf(n), ...cells.map((cell) => (cell === "" ? null : cell)));
    count += 1;
    bytes += size;
  }
  await send();
  return tooLarge;
}

/**
 * Values, constraints and what triggers signal are about a row; all else is about the statement
 * (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html).
 */
const ofRows = new Set([
  1048, 1062, 1136, 1216, 1217, 1264, 1265, 1292, 1364, 1366, 1369, 1406, 1411, 1451, 1452, 1557, 1586, 1644, 1690,
  1761, 3140, 3819, 4025, 4078,
]);

export function refusalOf(error: unknown, { constraints, columns }: MysqlTable): RowRefusal | undefined {
  if (error instanceof ChangedValue) return refusalSaying(error.message, String(error.errno), constraints, columns);
  if (!isServerError(error)) return undefined;
  const { errno, sqlState, message } = error;
  if (!ofRows.has(errno) && !/^(?:22|23|44|45)/.test(sqlState)) return undefined;
  return refusalSaying(message, sqlState, constraints, columns);
}

/** Which row of a statement it was says nothing to anybody, and the value stands beside the message. */
function refusalSaying(
  said: string,
  code: string,
  constraints: MysqlTable["constraints"],
  columns: MysqlTable["columns"],
): RowRefusal {
  const message = said
    .replace(/ at row \d+$/, "")
    .replace(/^(Duplicate entry) '.*'( for key '[^']*')$/s, "$1$2")
    .replace(/^((?:Incorrect|Truncated incorrect) [\w ]+ value:) '.*'( for column .*)?$/s, "$1 …$2");
  const [, index] = /for key '(?:[^'.]*\.)?([^']+)'/.exec(message) ?? [];
  // MariaDB calls a check of a column `table.column`, MySQL quotes it otherwise.
  const [, constraint] =
    /CONSTRAINT `(?:[^`.]*\.)?([^`]+)`|[Cc]heck constraint '([^']+)'/.exec(message)?.filter(Boolean) ?? [];
  const [, column] = /(?:[Cc]olumn|Field) ['`](?:[^'`]+`\.`[^'`]+`\.`)?([^'`]+)['`]/.exec(message) ?? [];
  const named = column === undefined || !columns.has(column) ? [] : [column];
  return { code, message, fields: constraints.get(index ?? constraint ?? "") ?? named };
}
