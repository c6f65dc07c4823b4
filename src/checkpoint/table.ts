// A table of the ledger as plain records: each row is hashed when it is written and checked when it is read, and rows
// that belong together are counted (sums.ts), so that one that is gone is noticed as one that has changed is.

import type { DatabaseSync } from "../core/sqlite.ts";
import { damaged, hashOf } from "./integrity.ts";
import { type TableName, tables } from "./ledger-schema.ts";
import type { Group, Sums } from "./sums.ts";

export type Cell = string | number | null;
export type Cells = Record<string, Cell>;

export class Table {
  readonly #database: DatabaseSync;
  readonly #name: TableName;
  readonly #columns: readonly string[];
  readonly #key: readonly string[];
  readonly #group: readonly string[];
  readonly #sums: Sums;

  constructor(database: DatabaseSync, name: TableName, sums: Sums) {
    this.#database = database;
    this.#name = name;
    this.#columns = tables[name].columns;
    this.#key = tables[name].key;
    this.#group = tables[name].group ?? [];
    this.#sums = sums;
  }

  /** Writes a row, in place of one with the same key. Columns left out are NULL. In a transaction. */
  put(cells: Cells): void {
    this.putAll([cells]);
  }

  putAll(rows: readonly Cells[]): void {
    const names = [...this.#columns, "hash"];
    const known = this.#database.prepare(`SELECT hash FROM ${this.#name} WHERE ${equal(this.#key)}`);
    const write = this.#database.prepare(
      `INSERT OR REPLACE INTO ${this.#name} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    );
    for (const cells of rows) {
      const values = this.#columns.map((column) => cells[column] ?? null);
      const hash = hashOf(values);
      const before = known.get(...this.#key.map((name) => cells[name] ?? null)) as { hash: string } | undefined;
      write.run(...values, hash);
      this.#sums.change(this.#name, this.#groupOf(cells), before?.hash, hash);
    }
    this.#sums.write();
  }

  /**
   * Rows whose columns equal the given ones, the columns of their group among them or none of it, in the order of the
   * key. Throws a Failure where one of their group is damaged or gone.
   */
  find(where: Cells, order = this.#key.join(", ")): Cells[] {
    const grouped = this.#group.filter((name) => where[name] !== undefined);
    const condition = grouped.length === 0 ? "" : `WHERE ${equal(grouped)}`;
    const select = `SELECT * FROM ${this.#name} ${condition} ORDER BY ${order}`;
    const values = grouped.map((name) => where[name] ?? null);
    const rows = this.#atOnce(() => {
      const all = this.#database.prepare(select).all(...values) as Cells[];
      for (const row of all) this.#verify(row);
      this.#sums.verify(
        this.#name,
        values,
        all.map((row) => [this.#groupOf(row), String(row["hash"])]),
      );
      return all;
    });
    const others = Object.keys(where).filter((name) => !grouped.includes(name));
    return rows.filter((row) => others.every((name) => row[name] === where[name]));
  }

  /** Rows whose columns equal the given ones, those with the greatest key first, at most so many: for memories that may lack one. */
  newest(where: Cells, max: number): Cells[] {
    const names = Object.keys(where);
    const order = this.#key.map((name) => `${name} DESC`).join(", ");
    const select = `SELECT * FROM ${this.#name} WHERE ${equal(names)} ORDER BY ${order} LIMIT ?`;
    const rows = this.#database.prepare(select).all(...Object.values(where), max) as Cells[];
    for (const row of rows) this.#verify(row);
    return rows;
  }

  /** The row with this key. That there is none is believed only of a group that is whole. */
  get(key: Cells): Cells | undefined {
    const values = this.#key.map((name) => key[name] ?? null);
    const select = `SELECT * FROM ${this.#name} WHERE ${equal(this.#key)}`;
    const row = this.#database.prepare(select).get(...values) as Cells | undefined;
    if (row === undefined) return this.find(key)[0];
    this.#verify(row);
    return row;
  }

  /** Deletes a row; in a transaction. */
  delete(key: Cells): void {
    const row = this.get(key);
    if (row === undefined) return;
    const values = this.#key.map((name) => key[name] ?? null);
    this.#database.prepare(`DELETE FROM ${this.#name} WHERE ${equal(this.#key)}`).run(...values);
    this.#sums.change(this.#name, this.#groupOf(row), String(row["hash"]), undefined);
    this.#sums.write();
  }

  /** Deletes all rows whose first column has this value, with their sums; in a transaction. */
  deleteOf(first: string): void {
    this.#database.prepare(`DELETE FROM ${this.#name} WHERE ${this.#group[0]} = ?`).run(first);
    this.#sums.forget(this.#name, first);
  }

  #groupOf(cells: Cells): Group {
    const [first = "", second = ""] = this.#group.map((name) => String(cells[name] ?? ""));
    return [first, second];
  }

  /** Rows and their sums as they were at one moment. */
  #atOnce<T>(read: () => T): T {
    if (this.#database.isTransaction) return read();
    this.#database.exec("BEGIN");
    try {
      return read();
    } finally {
      this.#database.exec("COMMIT");
    }
  }

  #verify(row: Cells): void {
    if (row["hash"] === hashOf(this.#columns.map((column) => row[column] ?? null))) return;
    throw damaged(`${this.#name} ${this.#key.map((column) => row[column]).join(" ")} is not what was written`);
  }
}

function equal(names: readonly string[]): string {
  return names.map((name) => `${name} IS ?`).join(" AND ");
}
