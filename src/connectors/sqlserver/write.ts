// A batch in SQL Server: loaded into a temporary table, from which statements write. In: rows of a batch file. Out: what writes
// them. Must hold: a statement names only the columns of which its rows say something; a value that the server would make another
// one of is refused before anything is written; what has the value already is left alone.

import type { Batch } from "../../contract/write.ts";
import type { BatchRows } from "../kit/batch-file.ts";
import { clearCell } from "../sql/cells.ts";
import type { RowRefusal, WriteRows, WrittenRow } from "../sql/dialect.ts";
import { type GroupedRows, groupRows, type RowGroup, type WrittenColumn, writtenColumns } from "../sql/groups.ts";
import { idColumn } from "../sql/names.ts";
import type { SqlserverTable, TableColumn } from "./fields.ts";
import { binary, quoteName } from "./names.ts";
import { differs, holds, isNamed, isUnwritable, nameOfRow, readCell } from "./present.ts";
import type { SqlserverSession } from "./session.ts";

const stageName = "#loadline_rows";
const madeName = "#loadline_made";

interface Stage {
  session: SqlserverSession;
  table: SqlserverTable;
  headers: readonly string[];
  grouped: GroupedRows<TableColumn>;
  /** By their numbers. They are not in the stage any more. */
  refused: ReadonlyMap<number, RowRefusal>;
}

export async function stageBatch(
  session: SqlserverSession,
  table: SqlserverTable,
  batch: Batch,
  read: BatchRows,
): Promise<WriteRows> {
  const { headers, rows } = read;
  const grouped = groupRows(table.columns, read);
  const cells = headers.map((_, index) => `c${index}`);
  const declared = cells.map((cell) => `${cell} nvarchar(max) ${binary} NULL`);
  await session.run(`DROP TABLE IF EXISTS ${stageName}, ${madeName};
    CREATE TABLE ${stageName} (${["n int NOT NULL PRIMARY KEY", "g int NOT NULL", ...declared].join(", ")});
    CREATE TABLE ${madeName} (n int NOT NULL, id nvarchar(max) NULL)`);
  // A cell that is empty says nothing of its column: NULL, in the stage.
  const lines = rows.map((row, n) => [
    n,
    Number(grouped.groupOf(n)),
    ...row.map((cell) => (cell === "" ? null : cell)),
  ]);
  await session.load(stageName, ["n", "g", ...cells], lines);
  const refused = await refuseUnwritable(session, table, headers);
  const write = writerOf({ session, table, headers, grouped, refused }, batch);
  return async (first, last) => {
    const lacking = [...refused].filter(([n]) => n >= first && n <= last).map(([n, error]) => ({ n, error }));
    return [...lacking, ...(await write(first, last))];
  };
}

/** Takes rows out of the stage that the server would write otherwise than they are. */
async function refuseUnwritable(
  session: SqlserverSession,
  table: SqlserverTable,
  headers: readonly string[],
): Promise<Map<number, RowRefusal>> {
  const conditions = writtenColumns(table.columns, headers).flatMap(({ column, index }) => {
    const wrong = isUnwritable(column, `s.c${index}`);
    if (wrong === undefined) return [];
    return [{ column, sql: `s.c${index} IS NOT NULL AND s.c${index} <> N'${clearCell}' AND ${wrong}` }];
  });
  const refused = new Map<number, RowRefusal>();
  for (const { column, sql } of conditions) {
    const rows = await session.rows(`SELECT CONVERT(nvarchar(10), s.n) AS n FROM ${stageName} s WHERE ${sql}`);
    const message = `${column.name} is of type ${column.declared}${column.collation === null ? "" : ` (${column.collation})`}, which does not hold the value`;
    for (const row of rows) refused.set(Number(row["n"]), { code: "VALUE", message, fields: [column.name] });
  }
  if (refused.size > 0) {
    await session.rows(`DELETE s FROM ${stageName} s WHERE s.n IN (SELECT CONVERT(int, value) FROM OPENJSON(@p1))`, [
      JSON.stringify([...refused.keys()]),
    ]);
  }
  return refused;
}

const between = "s.n BETWEEN @p1 AND @p2";
const rangeOf = (first: number, last: number) => [String(first), String(last)];

function writerOf(
  stage: Stage,
  { operation, externalId }: Batch,
): (first: number, last: number) => Promise<WrittenRow[]> {
  const { table, headers } = stage;
  if (operation === "insert") return (first, last) => insertGroups(stage, first, last);
  if (operation === "upsert") return upserts(stage, externalId ?? "");
  const found = isNamed(table, `s.c${headers.indexOf(idColumn)}`);
  return async (first, last) => {
    const there = await findRows(stage, found, first, last);
    if (there.length === 0) return there;
    if (operation === "update") await updateRows(stage, found, first, last);
    else await stage.session.rows(`DELETE t FROM ${joined(table, found)} WHERE ${between}`, rangeOf(first, last));
    return there;
  };
}

function valueIn({ column, index }: WrittenColumn<TableColumn>): string {
  const cell = `s.c${index}`;
  return `CASE WHEN ${cell} = N'${clearCell}' THEN NULL ELSE ${readCell(column, cell)} END`;
}

function joined({ table }: SqlserverTable, found: string, hint = ""): string {
  return `${stageName} s JOIN ${table.quoted} t${hint} ON ${found}`;
}

/** Rows that are there, held until the transaction ends; what is not there is not made by others meanwhile. */
async function findRows({ session, table }: Stage, found: string, first: number, last: number): Promise<WrittenRow[]> {
  const from = joined(table, found, " WITH (UPDLOCK, HOLDLOCK)");
  const rows = await session.rows(
    `SELECT CONVERT(nvarchar(10), s.n) AS n, ${nameOfRow(table)} AS id FROM ${from} WHERE ${between}`,
    rangeOf(first, last),
  );
  return rows.map((row) => ({ n: Number(row["n"]), id: row["id"] ?? "", created: false }));
}

export function updateOf(
  table: SqlserverTable,
  { written }: Pick<RowGroup<TableColumn>, "written">,
  found: string,
): string {
  const sets = written.map((one) => `t.${quoteName(one.column.name)} = ${valueIn(one)}`);
  const changed = written.map((one) => differs(one.column, valueIn(one)));
  return `UPDATE t SET ${sets.join(", ")} FROM ${joined(table, found)} WHERE ${between} AND s.g = @p3 AND (${changed.join(" OR ")})`;
}

async function updateRows(stage: Stage, found: string, first: number, last: number): Promise<void> {
  for (const group of stage.grouped.between(first, last)) {
    if (group.written.length === 0) continue;
    await stage.session.rows(updateOf(stage.table, group, found), [...rangeOf(first, last), group.number]);
  }
}

/**
 * By MERGE, for it tells which row of the stage a new one is of, with the number that the server gave it. What is there is not
 * met: `unless` keeps it out.
 */
export function insertOf(
  table: SqlserverTable,
  { written }: Pick<RowGroup<TableColumn>, "written">,
  unless?: string,
): string {
  const values = written.map((one, at) => `${valueIn(one)} AS v${at}`);
  const missing = unless === undefined ? "" : ` AND NOT EXISTS (SELECT 1 FROM ${table.table.quoted} t WHERE ${unless})`;
  const using = `SELECT ${["s.n", ...values].join(", ")} FROM ${stageName} s WHERE ${between} AND s.g = @p3${missing}`;
  const into =
    written.length === 0
      ? "DEFAULT VALUES"
      : `(${written.map(({ column }) => quoteName(column.name)).join(", ")}) VALUES (${written.map((_, at) => `r.v${at}`).join(", ")})`;
  return `MERGE INTO ${table.table.quoted} t USING (${using}) r ON 1 = 0 WHEN NOT MATCHED THEN INSERT ${into}
    OUTPUT r.n, ${nameOfRow(table, "inserted")} INTO ${madeName} (n, id);`;
}

async function insertGroups(stage: Stage, first: number, last: number, unless?: string): Promise<WrittenRow[]> {
  const { session, table, grouped } = stage;
  await session.rows(`DELETE FROM ${madeName}`);
  for (const group of grouped.between(first, last)) {
    await session.rows(insertOf(table, group, unless), [...rangeOf(first, last), group.number]);
  }
  const rows = await session.rows(`SELECT CONVERT(nvarchar(10), n) AS n, id FROM ${madeName}`);
  return rows.map((row) => ({ n: Number(row["n"]), id: row["id"] ?? "", created: true }));
}

/** Those that are there are changed, the others are made. */
function upserts(stage: Stage, key: string): (first: number, last: number) => Promise<WrittenRow[]> {
  const own = writtenColumns(stage.table.columns, stage.headers).find(({ column }) => column.name === key);
  if (own === undefined) throw new Error(`the batch has no column ${key}`);
  const found = holds(own.column, readCell(own.column, `s.c${own.index}`));
  return async (first, last) => {
    const there = await findRows(stage, found, first, last);
    if (there.length > 0) await updateRows(stage, found, first, last);
    if (there.length === last - first + 1) return there;
    return [...there, ...(await insertGroups(stage, first, last, found))];
  };
}
