// A row for each version of a record. In: rows of a stage, when they came to hold. Out: versions that end and versions that
// begin. Must hold: a record has one version without an end; versions of one record don't overlap; one ends and the next
// begins in one statement.

import type { Batch, BatchHistory } from "../../contract/write.ts";
import { idColumn } from "../sql/names.ts";
import { carriedColumns, endedVersion, lateVersion, metVersion } from "../sql/versions.ts";
import type { PostgresTable, TableColumn } from "./fields.ts";
import { quoteName } from "./names.ts";
import { nameOfRow, readCell, settledText } from "./present.ts";
import { stageName, stageOf } from "./stage.ts";
import {
  type BatchStatements,
  between,
  isNamed,
  rowsOf,
  valueIn,
  type WrittenColumn,
  writtenColumns,
  writtenRow,
} from "./statements.ts";

type Write = BatchStatements["write"];

interface Named {
  described: PostgresTable;
  written: readonly WrittenColumn[];
  /** The cell that names a row, of updates and deletes. */
  idCell: string;
}

/** Versions begin of records that have none that holds; one that holds ends, and in updates the next one begins. */
export function versionStatementsOf(
  described: PostgresTable,
  { operation }: Pick<Batch, "operation">,
  headers: readonly string[],
  history: BatchHistory,
): BatchStatements {
  const named: Named = {
    described,
    written: writtenColumns(described, headers),
    idCell: `s.c${headers.indexOf(idColumn)}`,
  };
  const stage = stageOf(headers);
  if (operation === "upsert") return { stage, write: begin(named, history) };
  return { stage, write: endVersions(named, history, operation === "update") };
}

function endVersions(named: Named, history: BatchHistory, isFollowed: boolean): Write {
  const { described, idCell } = named;
  const { table, key } = described;
  const [from, to] = [quoteName(history.from), quoteName(history.to)];
  const holds = `t.${to} IS NULL AND ${isNamed(described, idCell)}`;
  const at = "CAST($3 AS timestamptz)";
  const ends = (returned: string) => `UPDATE ${table.quoted} AS t SET ${to} = ${at} FROM ${stageName} s
    WHERE ${between} AND ${holds} AND t.${from} < ${at} RETURNING s.n, ${nameOfRow(key)} AS id${returned}`;
  const late = `SELECT s.n, t.${from} AS since FROM ${stageName} s JOIN ${table.quoted} t ON ${holds} WHERE ${between} AND t.${from} >= ${at}`;
  const act = isFollowed
    ? followed(named, history, ends)
    : `WITH ended AS (${ends("")}) SELECT n, id, false AS created FROM ended`;
  const over = isFollowed ? selectEnded(named, history) : undefined;
  return locked(described, async (session, first, last) => {
    const values = [String(first), String(last), history.at];
    const rows = await session.rows(act, values);
    if (rows.some((row) => row["whole"] === "f")) throw keptBack();
    const written = rows.map(writtenRow);
    if (written.length === last - first + 1) return written;
    const known = new Set(written.map(({ n }) => n));
    const ended = over === undefined ? [] : await session.rows(over, values);
    const refused = await session.rows(late, values);
    return [
      ...written,
      ...ended
        .filter((row) => !known.has(Number(row["n"])))
        .map((row) =>
          row["ours"] === "t" ? writtenRow(row) : { n: Number(row["n"]), error: endedVersion(row["until"]) },
        ),
      ...refused.map((row) => ({ n: Number(row["n"]), error: lateVersion(row["since"], history.at) })),
    ];
  });
}

/** Versions that were to end and have ended; `ours`: at this very time, where one begins that holds what the row says. */
function selectEnded({ described, written, idCell }: Named, history: BatchHistory): string {
  const { table, key } = described;
  const [from, to] = [quoteName(history.from), quoteName(history.to)];
  const at = "CAST($3 AS timestamptz)";
  const same = history.key.map((name) => `v.${quoteName(name)} = t.${quoteName(name)}`);
  const holds = written.map((one) => {
    const value = `v.${quoteName(one.column.name)}`;
    return `${comparable(one.column, value)} IS NOT DISTINCT FROM ${comparable(one.column, valueIn(one, value))}`;
  });
  const next = `SELECT FROM ${table.quoted} v WHERE ${[`v.${from} = ${at}`, ...same, ...holds].join(" AND ")}`;
  return `SELECT s.n, ${nameOfRow(key)} AS id, false AS created, t.${to} AS until, t.${to} = ${at} AND EXISTS (${next}) AS ours
    FROM ${stageName} s JOIN ${table.quoted} t ON ${isNamed(described, idCell)} WHERE ${between} AND t.${to} IS NOT NULL`;
}

/** Not every type has an equality, but each has a text, and texts have one to the byte. */
function comparable({ isText, isSettled }: TableColumn, sql: string): string {
  if (isSettled) return settledText(sql);
  return isText ? `CAST(${sql} AS text) COLLATE "C"` : sql;
}

/** Two loads of one table would each find a record without a version that holds. Readers go on. */
function locked({ table }: PostgresTable, write: Write): Write {
  return async (session, first, last) => {
    await session.query(`LOCK TABLE ${table.quoted} IN SHARE ROW EXCLUSIVE MODE`);
    return write(session, first, last);
  };
}

/** As what a trigger says of a row: the one that it is about is found by halves. */
function keptBack(): Error {
  return Object.assign(new Error("a trigger keeps the next version from being inserted"), { code: "P0001" });
}

function followed({ described, written }: Named, history: BatchHistory, ends: (returned: string) => string): string {
  const carried = carriedColumns(
    described.columns.values(),
    history,
    ({ initial, isIdentity }) => isIdentity || initial !== "NULL",
  );
  const old = carried.map((column, index) => `, t.${quoteName(column.name)} AS o${index}`).join("");
  const values = carried.map((column, index) => {
    const own = written.find((one) => one.column.name === column.name);
    return own === undefined ? `e.o${index}` : valueIn(own, `e.o${index}`);
  });
  const names = [...carried.map(({ name }) => name), history.from].map(quoteName).join(", ");
  return `WITH ended AS (${ends(old)}),
      begun AS (INSERT INTO ${described.table.quoted} (${names}) SELECT ${[...values, "CAST($3 AS timestamptz)"].join(", ")}
        FROM ended e JOIN ${stageName} s ON s.n = e.n RETURNING 1)
    SELECT n, id, false AS created, (SELECT count(*) FROM begun) = (SELECT count(*) FROM ended) AS whole FROM ended`;
}

function begin({ described, written }: Named, history: BatchHistory): Write {
  const { table, key: primary } = described;
  const at = "CAST($3 AS timestamptz)";
  const keys = history.key.flatMap((name) => written.find(({ column }) => column.name === name) ?? []);
  const [from, to] = [quoteName(history.from), quoteName(history.to)];
  const isSame = (of: string) =>
    keys.map(({ column, cell }) => `${of}.${quoteName(column.name)} = ${readCell(column, cell)}`).join(" AND ");
  const overlaps = `${isSame("t")} AND (t.${to} IS NULL OR t.${to} > ${at})`;
  const names = [...written.map(({ column }) => column.name), history.from].map(quoteName).join(", ");
  const values = [...written.map((one) => valueIn(one, one.column.initial)), at].join(", ");
  const returned = keys.map(({ column }, index) => `t.${quoteName(column.name)} AS k${index}`).join(", ");
  const isMade = keys.map(({ column, cell }, index) => `made.k${index} = ${readCell(column, cell)}`).join(" AND ");
  const insert = `WITH made AS (INSERT INTO ${table.quoted} AS t (${names}) SELECT ${values} FROM ${stageName} s
      WHERE ${between} AND NOT EXISTS (SELECT FROM ${table.quoted} t WHERE ${overlaps}) RETURNING ${nameOfRow(primary)} AS id, ${returned})
    SELECT s.n, made.id, true AS created FROM made JOIN ${stageName} s ON ${isMade} WHERE ${between}`;
  // One that begins at this very time is of an earlier try, whose answer nobody heard.
  const met = `SELECT DISTINCT ON (s.n) s.n, t.${from} AS since, t.${to} AS until, t.${from} = ${at} AND t.${to} IS NULL AS ours, ${nameOfRow(primary)} AS id, true AS created
    FROM ${stageName} s JOIN ${table.quoted} t ON ${overlaps} WHERE ${between} ORDER BY s.n, t.${to} DESC NULLS FIRST`;
  return locked(described, async (session, first, last) => {
    const values = [String(first), String(last), history.at];
    const made = await rowsOf(session, insert, values);
    if (made.length === last - first + 1) return made;
    const known = new Set(made.map(({ n }) => n));
    const rows = (await session.rows(met, values)).filter((row) => !known.has(Number(row["n"])));
    return [
      ...made,
      ...rows.map((row) =>
        row["ours"] === "t"
          ? writtenRow(row)
          : { n: Number(row["n"]), error: metVersion(row["since"], row["until"], history.at) },
      ),
    ];
  });
}
