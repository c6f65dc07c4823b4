// A table of the ledger as plain records: each row is hashed when it is written and checked when it is read.

import { createHash } from "node:crypto";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { DatabaseSync } from "../core/sqlite.ts";
import { type TableName, tables } from "./ledger-schema.ts";

export type Cell = string | number | null;
export type Cells = Record<string, Cell>;

export class Table {
  readonly #database: DatabaseSync;
  readonly #name: TableName;
  readonly #columns: readonly string[];
  readonly #key: readonly string[];

  constructor(database: DatabaseSync, name: TableName) {
    this.#database = database;
    this.#name = name;
    this.#columns = tables[name].columns;
    this.#key = tables[name].key;
  }

  /** Writes a row, in place of one with the same key. Columns left out are NULL. */
  put(cells: Cells): void {
    const values = this.#columns.map((column) => cells[column] ?? null);
    const names = [...this.#columns, "hash"];
    this.#database
      .prepare(`INSERT OR REPLACE INTO ${this.#name} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`)
      .run(...values, hashOf(values));
  }

  /** Rows whose columns equal the given ones, in the order of the key. Throws a Failure on a damaged row. */
  find(where: Cells, order = this.#key.join(", ")): Cells[] {
    const names = Object.keys(where);
    const condition = names.length === 0 ? "" : `WHERE ${names.map((name) => `${name} IS ?`).join(" AND ")}`;
    const rows = this.#database
      .prepare(`SELECT * FROM ${this.#name} ${condition} ORDER BY ${order}`)
      .all(...Object.values(where)) as Cells[];
    for (const row of rows) this.#verify(row);
    return rows;
  }

  get(key: Cells): Cells | undefined {
    return this.find(key)[0];
  }

  #verify(row: Cells): void {
    if (row["hash"] === hashOf(this.#columns.map((column) => row[column] ?? null))) return;
    throw damaged(this.#name, this.#key.map((column) => row[column]).join(" "));
  }
}

export function damaged(table: TableName, key: string): Failure {
  return new Failure(exitCode.failed, `the ledger is damaged: ${table} ${key} is not what was written`, {
    next: "restore ledger.db from a backup; without one, run loadline plan to compare with the live system before loading",
  });
}

/** The hash that a row carries over its other columns. */
export function hashOf(values: readonly Cell[]): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("hex");
}
