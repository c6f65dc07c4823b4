// Rows of a batch as statements write them, one by one. In: a table, cells. Out: what a row says, what its key is, what became
// of it. Must hold: an empty cell says nothing; a row whose parent is not there is refused by itself.

import { identifier } from "../../core/sql.ts";
import type { StatementSync } from "../../core/sqlite.ts";
import { clearCell } from "../sql/cells.ts";
import type { RowResult } from "../sql/dialect.ts";
import { idColumn } from "../sql/names.ts";
import type { SqliteSession } from "./client.ts";
import type { SqliteDescribed } from "./fields.ts";
import { nameByKey } from "./read.ts";
import type { Parent, SqliteColumn } from "./tables.ts";
import type { ColumnClass } from "./types.ts";
import { meantBy } from "./values.ts";

export type Bound = string | number | bigint | Uint8Array | null;

/** Columns of a row that say something. */
interface Said {
  names: string[];
  values: Bound[];
}

/** Writes one row; undefined where there is none to write. */
export type WriteRow = (row: readonly string[]) => RowResult | undefined;

export function columnOf({ columns, table }: SqliteDescribed, name: string): SqliteColumn {
  const column = columns.get(name);
  if (column === undefined) throw new Error(`${table.name} has no column ${name}`);
  return column;
}

export function readerOf({ columns }: SqliteDescribed, headers: readonly string[]): (row: readonly string[]) => Said {
  const written = headers.flatMap((name, index) => {
    const column = columns.get(name);
    return column === undefined || name === idColumn ? [] : [{ column, index }];
  });
  return (row) => {
    const said = written.filter(({ index }) => (row[index] ?? "") !== "");
    return {
      names: said.map(({ column }) => column.name),
      values: said.map(({ column, index }) => {
        const cell = row[index] ?? "";
        return cell === clearCell ? null : meantBy(column.kind, cell);
      }),
    };
  };
}

/** The key of a row, of what names it; of a key that is NULL what finds no row. */
export function keyValues(table: SqliteDescribed, id: string): Bound[] {
  const parts = table.key.length === 1 ? [id] : id === "NULL" ? [] : (JSON.parse(id) as string[]);
  return table.key.map((name, index) => keyValue(columnOf(table, name).kind, parts[index]));
}

/** Text is as it is there: marks are for cells. */
function keyValue(kind: ColumnClass, part: string | undefined): Bound {
  if (part === undefined) return null;
  if (kind === "bytes") return Buffer.from(part.slice(2, -1), "hex");
  if (!["integer", "boolean", "numeric", "real"].includes(kind)) return part;
  return /^-?\d+$/.test(part) ? meantBy("numeric", part) : Number(part);
}

interface RowStatement {
  sql: string;
  values: readonly Bound[];
  /** Columns that it writes. */
  names: readonly string[];
}

/** Rows that say the same columns go by one statement. */
export function runnerOf(session: SqliteSession, { table, key, parents }: SqliteDescribed) {
  const id = key.length === 0 ? "''" : nameByKey(key.map(identifier));
  const prepared = new Map<string, { statement: StatementSync; checked: Parent[] }>();
  const prepare = ({ sql, names }: RowStatement) => {
    const checked = parents.filter(({ columns }) => columns.some((name) => names.includes(name)));
    const lacks = checked.map((parent) => lacksParent(table.quoted, parent));
    return { checked, statement: session.prepare(`${sql} RETURNING ${[id, ...lacks].join(", ")}`) };
  };
  return (written: RowStatement, created = false): ReturnType<WriteRow> => {
    const known = prepared.get(written.sql) ?? prepare(written);
    prepared.set(written.sql, known);
    // To its end: only there SQLite looks at its foreign keys.
    const [row] = known.statement.all(...written.values) as unknown as (string | bigint | null)[][];
    if (row === undefined) return undefined;
    const orphan = known.checked.find((_, index) => row[index + 1] === 1n);
    if (orphan !== undefined) throw new MissingParent(orphan);
    return { id: String(row[0]), created };
  };
}

/** A constraint that is looked at when the transaction ends would refuse all of it, and name no row. */
export class MissingParent extends Error {
  readonly columns: readonly string[];

  constructor({ columns, table }: Parent) {
    super(`FOREIGN KEY constraint failed: there is no such row in ${table}`);
    this.columns = columns;
  }
}

function lacksParent(own: string, { columns, table, keys }: Parent): string {
  const isSaid = columns.map((name) => `${own}.${identifier(name)} IS NOT NULL`).join(" AND ");
  const same = columns.map(
    (name, index) => `loadline_parent.${identifier(keys[index] ?? "")} = ${own}.${identifier(name)}`,
  );
  return `(${isSaid} AND NOT EXISTS (SELECT 1 FROM ${identifier(table)} AS loadline_parent WHERE ${same.join(" AND ")}))`;
}
