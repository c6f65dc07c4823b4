// A row for each version of a record, in MySQL. In: rows of a stage, when they came to hold. Out: versions that end and versions
// that begin. Must hold: a record has one version without an end; versions of one record don't overlap; one ends and the next
// begins in one transaction, which holds the rows, and the gaps between them, that it has looked at.

import type { Batch, BatchHistory } from "../../contract/write.ts";
import type { Row, WriteRows, WrittenRow } from "../sql/dialect.ts";
import * as groups from "../sql/groups.ts";
import { idColumn } from "../sql/names.ts";
import { carriedColumns, endedVersion, lateVersion, metVersion } from "../sql/versions.ts";
import { ChangedValue } from "./faults.ts";
import { quoteName } from "./names.ts";
import { differs, holds, isNamed, nameOfRow, readCell } from "./present.ts";
import { readInstant } from "./reading.ts";
import { between, joined, rangeOf, type Stage, stageName, valueIn } from "./statements.ts";

/** Takes one value, `history.at`. */
const at = readInstant("?");

interface Versions extends Stage {
  history: BatchHistory;
}

/** Versions begin of records that have none that holds; one that holds ends, and in updates the next one begins. */
export function versionWriterOf(versions: Versions, { operation }: Pick<Batch, "operation">): WriteRows {
  return operation === "upsert" ? beginner(versions) : ender(versions, operation === "update");
}

const numberOf = ({ n }: Row) => Number(n);

/** Of some rows of the stage; all of those between, where there are no others. */
function among(rows: readonly Row[], first: number, last: number): string {
  return rows.length === last - first + 1 ? "" : ` AND s.n IN (${rows.map(numberOf).join(", ")})`;
}

function ender(versions: Versions, isFollowed: boolean): WriteRows {
  const { session, table, headers, history } = versions;
  const [from, to] = [`t.${quoteName(history.from)}`, `t.${quoteName(history.to)}`];
  const named = isNamed(table, `s.c${headers.indexOf(idColumn)}`);
  const found = joined(versions, named);
  const find = `SELECT CAST(s.n AS CHAR) AS n, ${nameOfRow(table)} AS id, CAST(${from} AS CHAR) AS since, CAST(${to} AS CHAR) AS until,
      IF(${from} < ${at}, 'y', 'n') AS early, IF(${to} = ${at}, 'y', 'n') AS now FROM ${found} WHERE ${between} FOR UPDATE`;
  return async (first, last) => {
    const range = rangeOf(first, last);
    const rows = await session.rows(find, [history.at, history.at, ...range]);
    const ended = rows.filter(({ until }) => until !== null);
    const holding = rows.filter(({ until }) => until === null);
    const early = holding.filter((row) => row["early"] === "y");
    const only = among(early, first, last);
    if (early.length > 0) {
      // A first TIMESTAMP of a table may be one that the server sets anew with each UPDATE.
      const end = `UPDATE ${found} SET ${from} = ${from}, ${to} = ${at} WHERE ${between}${only}`;
      await session.write(end, [history.at, ...range]);
      if (isFollowed) await follow(versions, named, { first, last, only, count: early.length });
    }
    const known = isFollowed ? await findNext(versions, { first, last, isAsked: true }) : new Set<number>();
    return [
      ...early.map((row): WrittenRow => ({ n: numberOf(row), id: row["id"] ?? "", created: false })),
      ...holding
        .filter((row) => row["early"] !== "y")
        .map((row) => ({ n: numberOf(row), error: lateVersion(row["since"], history.at) })),
      // A delete finds no version that holds. Ended at this very time, and the next one is as it is to be: an earlier try did it.
      ...(isFollowed ? ended : []).map((row) =>
        row["now"] === "y" && known.has(numberOf(row))
          ? { n: numberOf(row), id: row["id"] ?? "", created: false }
          : { n: numberOf(row), error: endedVersion(row["until"]) },
      ),
    ];
  };
}

interface Followed {
  first: number;
  last: number;
  /** Which of them have ended just now, and how many. */
  only: string;
  count: number;
}

/** Throws a ChangedValue where a version does not begin as it was sent. */
async function follow(versions: Versions, named: string, { first, last, only, count }: Followed): Promise<void> {
  const { session, table, history } = versions;
  const carried = carriedColumns(table.columns.values(), history, (column) => column.isFilled);
  const names = [...carried.map(({ name }) => name), history.from].map(quoteName).join(", ");
  for (const { number, written } of versions.groupsBetween(first, last)) {
    const values = carried.map((column) => {
      const own = written.find((one) => one.column === column);
      return own === undefined ? `t.${quoteName(column.name)}` : valueIn(own);
    });
    const insert = `INSERT INTO ${table.table.quoted} (${names}) SELECT ${[...values, at].join(", ")}
      FROM ${joined(versions, named)} WHERE ${between} AND s.g = ?${only} ORDER BY s.n`;
    await session.write(insert, [history.at, ...rangeOf(first, last), number]);
  }
  const begun = await findNext(versions, { first, last, only });
  if (begun.size < count) throw new ChangedValue(0, "a trigger keeps the next version from beginning as it was sent");
}

/** Numbers of rows of whose record a version begins now. `isAsked`: which holds what the row says. */
async function findNext(
  versions: Versions,
  { first, last, only = "", isAsked = false }: { first: number; last: number; only?: string; isAsked?: boolean },
): Promise<Set<number>> {
  const { session, table, headers, history } = versions;
  const named = isNamed(table, `s.c${headers.indexOf(idColumn)}`, "e");
  const next = `t.${quoteName(history.from)} = ${at}`;
  const keys = history.key.flatMap((name) => table.columns.get(name) ?? []);
  const same = keys.map((column) => holds(column, `e.${quoteName(column.name)}`));
  const found = new Set<number>();
  for (const { number, written } of versions.groupsBetween(first, last)) {
    const other = isAsked ? written.map((one) => ` AND NOT (${differs(one.column, valueIn(one))})`).join("") : "";
    const select = `SELECT CAST(s.n AS CHAR) AS n FROM ${stageName} AS s STRAIGHT_JOIN ${table.table.quoted} AS e ON ${named}
      STRAIGHT_JOIN ${table.table.quoted} AS t ON ${[...same, next].join(" AND ")} WHERE ${between} AND s.g = ?${only}${other}`;
    const rows = await session.rows(select, [history.at, ...rangeOf(first, last), number]);
    for (const row of rows) found.add(numberOf(row));
  }
  return found;
}

function beginner(versions: Versions): WriteRows {
  const { session, table, headers, history } = versions;
  const [from, to] = [`t.${quoteName(history.from)}`, `t.${quoteName(history.to)}`];
  const written = groups.writtenColumns(table.columns, headers);
  const same = history.key
    .flatMap((name) => written.find(({ column }) => column.name === name) ?? [])
    .map(({ column, index }) => holds(column, readCell(column, `s.c${index}`)))
    .join(" AND ");
  const overlaps = `(${to} IS NULL OR ${to} > ${at})`;
  const begun = `${from} = ${at} AND ${to} IS NULL`;
  const found = joined(versions, same);
  const meet = `SELECT CAST(s.n AS CHAR) AS n, ${nameOfRow(table)} AS id, CAST(${from} AS CHAR) AS since, CAST(${to} AS CHAR) AS until,
      IF(${begun}, 'y', 'n') AS ours FROM ${found} WHERE ${between} AND ${overlaps} ORDER BY s.n, ${to} IS NOT NULL, ${to} DESC FOR UPDATE`;
  const made = `SELECT CAST(s.n AS CHAR) AS n, ${nameOfRow(table)} AS id FROM ${found} WHERE ${between} AND ${begun}`;
  return async (first, last) => {
    const range = rangeOf(first, last);
    const met = new Map<number, Row>();
    for (const row of await session.rows(meet, [history.at, ...range, history.at]))
      if (!met.has(numberOf(row))) met.set(numberOf(row), row);
    for (const group of versions.groupsBetween(first, last)) {
      const names = [...group.written.map(({ column }) => column.name), history.from].map(quoteName).join(", ");
      const insert = `INSERT INTO ${table.table.quoted} (${names}) SELECT ${[...group.written.map(valueIn), at].join(", ")} FROM ${stageName} AS s
        WHERE ${between} AND s.g = ? AND NOT EXISTS (SELECT 1 FROM ${table.table.quoted} AS t WHERE ${same} AND ${overlaps}) ORDER BY s.n`;
      await session.write(insert, [history.at, ...range, group.number, history.at]);
    }
    const rows = await session.rows(made, [...range, history.at]);
    const created = rows.filter((row) => !met.has(numberOf(row)));
    if (created.length + met.size < last - first + 1)
      throw new ChangedValue(0, "a trigger keeps the version from beginning as it was sent");
    return [
      ...created.map((row): WrittenRow => ({ n: numberOf(row), id: row["id"] ?? "", created: true })),
      // One that begins at this very time is of an earlier try, whose answer nobody heard.
      ...[...met].map(([n, row]) =>
        row["ours"] === "y"
          ? { n, id: row["id"] ?? "", created: true }
          : { n, error: metVersion(row["since"], row["until"], history.at) },
      ),
    ];
  };
}
