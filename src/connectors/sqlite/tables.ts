// Tables of an SQLite database. In: a name as a job has it. Out: the table, its columns, keys and parents as the schema has
// them (https://www.sqlite.org/pragma.html). Must hold: names are what they are but for capital letters.

import type { Place } from "../../core/errors.ts";
import type { ChildLink } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import { childLinks } from "../sql/child-links.ts";
import type { FoundTable, TableRow } from "../sql/dialect.ts";
import { tableUnknown } from "../sql/names.ts";
import type { SqliteSession } from "./client.ts";
import { type ColumnClass, classOf } from "./types.ts";

interface SqliteTable extends TableRow {
  kind: "table" | "view" | "virtual";
}

/** Tables and views of the database, SQLite's own and loadline's aside. */
export async function listTables(session: SqliteSession): Promise<SqliteTable[]> {
  const rows = await session.rows(`SELECT name, type FROM pragma_table_list
    WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'loadline_batch'
    ORDER BY name`);
  return rows.map(({ name: named, type }) => {
    const name = named ?? "";
    const isTable = type === "table";
    return {
      ...{ name, label: name, quoted: identifier(name), kind: type as SqliteTable["kind"], isTable },
      ...{ isReadable: true, isCreateable: isTable, isUpdateable: isTable, isDeletable: isTable },
    };
  });
}

/** Throws a Failure (2) where there is no such table. */
export async function findTable(session: SqliteSession, written: string, where?: Place): Promise<SqliteTable> {
  const tables = await listTables(session);
  const meant = unquote(written.trim()).toLowerCase();
  const found = tables.find(({ name }) => name.toLowerCase() === meant);
  if (found !== undefined) return found;
  const names = tables.map(({ name }) => name);
  throw tableUnknown(written, written, names, where);
}

/** A name as it is written, less its quotes. */
export function unquote(name: string): string {
  const [, inner] = /^"((?:[^"]|"")+)"$/.exec(name) ?? [];
  return inner === undefined ? name.replace(/^main\./i, "") : inner.replaceAll('""', '"');
}

export interface SqliteColumn {
  name: string;
  declared: string;
  kind: ColumnClass;
  isRequired: boolean;
  hasDefault: boolean;
  isGenerated: boolean;
  /** A job is to make it. */
  isPlanned?: true;
  /** Its place in the primary key, from 1; 0 for none. */
  keyPlace: number;
}

/** Of a table or a view, in its order; hidden ones of virtual tables aside. */
export async function readColumns(session: SqliteSession, table: FoundTable): Promise<SqliteColumn[]> {
  const rows = await session.rows(`SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)`, [
    table.name,
  ]);
  return rows
    .filter(({ hidden }) => hidden !== "1")
    .map((row) => ({
      name: row["name"] ?? "",
      declared: row["type"] ?? "",
      kind: classOf(row["type"]),
      isRequired: row["notnull"] === "1",
      hasDefault: row["dflt_value"] !== null,
      isGenerated: row["hidden"] !== "0",
      keyPlace: Number(row["pk"]),
    }));
}

/** Columns of an index that no two rows share, all of them and of the whole table. */
export interface UniqueIndex {
  columns: string[];
  /** Capital letters and small ones are one to it. */
  isCaseless: boolean;
}

export async function readUniques(session: SqliteSession, table: FoundTable): Promise<UniqueIndex[]> {
  const rows = await session.rows(
    `SELECT l.name AS "index", x.name, x.coll FROM pragma_index_list(?) AS l JOIN pragma_index_xinfo(l.name) AS x
     WHERE l."unique" = 1 AND l.partial = 0 AND x.key = 1 ORDER BY l.seq DESC, x.seqno`,
    [table.name],
  );
  const byIndex = Map.groupBy(rows, (row) => row["index"] ?? "");
  return [...byIndex.values()]
    .filter((parts) => parts.every(({ name, coll }) => name !== null && (coll === "BINARY" || coll === "NOCASE")))
    .map((parts) => ({
      columns: parts.map(({ name }) => name ?? ""),
      isCaseless: parts.some(({ coll }) => coll === "NOCASE"),
    }));
}

/** What names the rows of a table: its primary key, or unique columns that are never NULL. */
export function keyOf(columns: readonly SqliteColumn[], uniques: readonly UniqueIndex[]): string[] {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const isSure = (name: string) => byName.get(name)?.kind !== "any";
  const primary = columns.filter(({ keyPlace }) => keyPlace > 0).sort((a, b) => a.keyPlace - b.keyPlace);
  if (primary.length > 0) return primary.map(({ name }) => name).filter(isSure);
  const named = uniques.filter(({ columns: names }) =>
    names.every((name) => byName.get(name)?.isRequired === true && isSure(name)),
  );
  return named.sort((a, b) => a.columns.length - b.columns.length)[0]?.columns ?? [];
}

/** A foreign key. */
export interface Parent {
  columns: string[];
  table: string;
  /** Of the parent, one for each of `columns`. */
  keys: string[];
}

export async function readParents(session: SqliteSession, table: FoundTable): Promise<Parent[]> {
  // Without columns of the parent, its primary key is meant, whose place in the key is that of the column here.
  const rows = await session.rows(
    `SELECT f.id, f."table", f."from", coalesce(f."to", (SELECT name FROM pragma_table_xinfo(f."table") WHERE pk = f.seq + 1)) AS "to"
     FROM pragma_foreign_key_list(?) AS f ORDER BY f.id, f.seq`,
    [table.name],
  );
  const byId = Map.groupBy(rows, ({ id }) => id ?? "");
  return [...byId.values()].map((parts) => ({
    columns: parts.map((part) => part["from"] ?? ""),
    table: parts[0]?.["table"] ?? "",
    keys: parts.map((part) => part["to"] ?? ""),
  }));
}

/** Of foreign keys to the table, by which deleting a row changes others. */
export async function readChildren(session: SqliteSession, table: FoundTable): Promise<ChildLink[]> {
  // Without columns of the parent, its primary key is meant. What is said of it has its own capital letters.
  const rows = await session.rows(
    `SELECT m.name AS object, f.id AS "constraint", f."from" AS field, f.on_delete AS rule,
       (SELECT name FROM pragma_table_xinfo(?1) AS x WHERE CASE WHEN f."to" IS NULL THEN x.pk = f.seq + 1 ELSE lower(x.name) = lower(f."to") END) AS parent
     FROM sqlite_schema AS m JOIN pragma_foreign_key_list(m.name) AS f
     WHERE m.type = 'table' AND lower(f."table") = lower(?1) ORDER BY m.name, f.id, f.seq`,
    [table.name],
  );
  return childLinks(rows);
}
