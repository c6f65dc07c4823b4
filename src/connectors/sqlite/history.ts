// A row for each version of a record, in SQLite. In: rows of a batch, when they came to hold. Out: versions that end and
// versions that begin. Must hold: a record has one version without an end; versions of one record don't overlap; one ends and
// the next begins in one transaction, while nobody else can write the file.

import type { Batch, BatchHistory } from "../../contract/write.ts";
import { identifier } from "../../core/sql.ts";
import { idColumn } from "../sql/names.ts";
import { carriedColumns, endedVersion, lateVersion, metVersion, untimedVersion } from "../sql/versions.ts";
import type { SqliteSession, SqliteValue } from "./client.ts";
import type { SqliteDescribed } from "./fields.ts";
import { type Bound, columnOf, keyValues, readerOf, runnerOf, type WriteRow } from "./rows.ts";
import type { SqliteColumn } from "./tables.ts";
import { instantOf, meantBy } from "./values.ts";

interface Versions {
  session: SqliteSession;
  table: SqliteDescribed;
  headers: readonly string[];
  history: BatchHistory;
}

/** Versions begin of records that have none that holds; one that holds ends, and in updates the next one begins. */
export function versionWriterOf(versions: Versions, operation: Batch["operation"]): WriteRow {
  return operation === "upsert" ? beginner(versions) : ender(versions, operation === "update");
}

type FoundVersion = Record<"since" | "until", string | null>;

function finderOf({ session, table, history: { from, to } }: Versions, where: string) {
  const statement = session.prepare(
    `SELECT ${identifier(from)}, ${identifier(to)} FROM ${table.table.quoted} WHERE ${where} ORDER BY ${identifier(to)} DESC`,
  );
  return (values: readonly Bound[]): FoundVersion[] =>
    (statement.all(...values) as unknown as SqliteValue[][]).map(([since, until]) => ({
      since: since == null ? null : String(since),
      until: until == null ? null : String(until),
    }));
}

function ender(versions: Versions, isFollowed: boolean): WriteRow {
  const { session, table, headers, history } = versions;
  const { quoted } = table.table;
  const { from, to, at } = history;
  const byId = table.key.map((name) => `${identifier(name)} = ?`).join(" AND ");
  const find = finderOf(versions, byId);
  const isNext = nextOf(versions, byId);
  const run = runnerOf(session, table);
  const say = readerOf(table, headers);
  const carried = carriedColumns(table.columns.values(), history, filledBy(table)).map(({ name }) => name);
  const time = meantBy("datetime", at);
  const now = timeOf(at);
  const end = `UPDATE OR ABORT ${quoted} SET ${identifier(to)} = ? WHERE ${byId}`;
  return (row) => {
    const name = row[headers.indexOf(idColumn)] ?? "";
    const id = keyValues(table, name);
    const [held] = find(id);
    if (held === undefined) return undefined;
    if (held.until !== null) {
      if (!isFollowed) return undefined;
      // Ended at this very time, and the next one is as it is to be: an earlier try did it.
      return held.until === time && isNext(row, id)
        ? { id: name, created: false }
        : { error: endedVersion(held.until) };
    }
    const since = instantOf(held.since ?? "");
    if (since === undefined) return { error: untimedVersion(from, held.since) };
    if (since >= now) return { error: lateVersion(held.since, at) };
    const ended = run({ sql: end, values: [time, ...id], names: [to] });
    if (!isFollowed) return ended;
    const { names: said, values } = say(row);
    const own = carried.map((name) => (said.includes(name) ? "?" : identifier(name)));
    const given = carried.flatMap((name) => (said.includes(name) ? [values[said.indexOf(name)] ?? null] : []));
    const names = [...carried, from];
    const sql = `INSERT OR ABORT INTO ${quoted} (${names.map(identifier).join(", ")})
      SELECT ${[...own, "?"].join(", ")} FROM ${quoted} WHERE ${byId}`;
    if (run({ sql, values: [...given, time, ...id], names }) === undefined) throw keptBack();
    return ended;
  };
}

function timeOf(at: string): bigint {
  const time = instantOf(at);
  if (time === undefined) throw new Error(`${at} is no time`);
  return time;
}

/** Whether a version of the record begins now that holds what a row says. `where`: of the one that has ended. */
function nextOf({ session, table, headers, history: { key, from, at } }: Versions, where: string) {
  const { quoted } = table.table;
  const say = readerOf(table, headers);
  const same = key.map((name) => `n.${identifier(name)} IS (SELECT ${identifier(name)} FROM ${quoted} WHERE ${where})`);
  return (row: readonly string[], id: readonly Bound[]): boolean => {
    const { names, values } = say(row);
    const holds = names.map((name) => `n.${identifier(name)} IS ? COLLATE BINARY`);
    const sql = `SELECT 1 FROM ${quoted} n WHERE ${[`n.${identifier(from)} = ?`, ...same, ...holds].join(" AND ")}`;
    const bound = [meantBy("datetime", at), ...key.flatMap(() => id), ...values];
    return session.prepare(sql).all(...bound).length > 0;
  };
}

/** As what a trigger says of a row, by RAISE(IGNORE) say. */
function keptBack(): Error {
  return Object.assign(new Error("a trigger keeps the next version from being inserted"), { errcode: 1811 });
}

/** By a default, or as the number of the row. */
function filledBy({ key }: SqliteDescribed): (column: SqliteColumn) => boolean {
  return ({ hasDefault, keyPlace, kind }) => hasDefault || (keyPlace > 0 && key.length === 1 && kind === "integer");
}

function beginner(versions: Versions): WriteRow {
  const { session, table, headers, history } = versions;
  const { key, from, to, at } = history;
  const now = timeOf(at);
  const { quoted } = table.table;
  const same = key.map((name) => `${identifier(name)} = ?`).join(" AND ");
  const find = finderOf(versions, same);
  const run = runnerOf(session, table);
  const say = readerOf(table, headers);
  const named = key.map((name) => ({ kind: columnOf(table, name).kind, index: headers.indexOf(name) }));
  const time = meantBy("datetime", at);
  return (row) => {
    const own = named.map(({ kind, index }) => meantBy(kind, row[index] ?? ""));
    // An end that is no time may be later.
    const met = find(own).filter(({ until }) => until === null || (instantOf(until) ?? now + 1n) > now);
    const holding = met.find(({ until }) => until === null) ?? met[0];
    if (holding === undefined) {
      const { names: said, values } = say(row);
      const names = [...said, from];
      const sql = `INSERT OR ABORT INTO ${quoted} (${names.map(identifier).join(", ")}) VALUES (${names.map(() => "?").join(", ")})`;
      return run({ sql, values: [...values, time], names }, true);
    }
    if (holding.until !== null && instantOf(holding.until) === undefined)
      return { error: untimedVersion(to, holding.until) };
    if (holding.since !== time || holding.until !== null)
      return { error: metVersion(holding.since, holding.until, at) };
    // Begun at this very time: an earlier try did it.
    const sql = `UPDATE OR ABORT ${quoted} SET ${identifier(from)} = ? WHERE ${same} AND ${identifier(from)} = ?`;
    return run({ sql, values: [time, ...own, time], names: [from] }, true);
  };
}
