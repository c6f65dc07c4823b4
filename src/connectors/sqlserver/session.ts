// A session in a transaction. In: statements. Out: rows of texts; a CSV file of a SELECT as its rows come. Must hold: memory does
// not grow with a result; values are bound, by the names that SQL has for them.

import type { Column, Connection, Request } from "tedious";
import { writeCopiedGroups } from "../../core/copied-file.ts";
import type { CopiedRows, Row, SqlSession } from "../sql/dialect.ts";
import { writeDouble } from "../sql/double.ts";

export type Tedious = typeof import("tedious");

type Cells = (string | null)[];

/** So many rows are held at once. */
const groupRows = 1000;

export class SqlserverSession implements SqlSession {
  /** Values that SQL can name: `@loadline_from`. */
  readonly bound: Record<string, string> = {};
  readonly #driver: Tedious;
  readonly #connection: Connection;

  constructor(driver: Tedious, connection: Connection) {
    this.#driver = driver;
    this.#connection = connection;
  }

  bind(values: Readonly<Record<string, string>>): void {
    Object.assign(this.bound, values);
  }

  async rows(statement: string, values: readonly (string | null)[] = []): Promise<Row[]> {
    const rows: Row[] = [];
    await this.#execute(statement, values, (columns) => {
      rows.push(Object.fromEntries(columns.map(({ metadata, value }) => [metadata.colName, textOf(value)])));
    });
    return rows;
  }

  /** Statements without values, of which the session keeps what they set and the temporary tables that they make. */
  run(statements: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connection.execSqlBatch(
        new this.#driver.Request(statements, (error) => (error ? reject(error) : resolve())),
      );
    });
  }

  #execute(
    statement: string,
    values: readonly (string | null)[],
    take: (columns: readonly Column[]) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = new this.#driver.Request(statement, (error) => (error ? reject(error) : resolve()));
      for (const [index, value] of values.entries()) this.#bind(request, `p${index + 1}`, value);
      request.on("row", take);
      if (values.length === 0) this.#connection.execSqlBatch(request);
      else this.#connection.execSql(request);
    });
  }

  #bind(request: Request, name: string, value: string | null): void {
    request.addParameter(name, this.#driver.TYPES.NVarChar, value);
  }

  /** Rows into a table by the protocol's own way for many: a number, and texts. */
  load(table: string, columns: readonly string[], rows: Iterable<readonly (number | string | null)[]>): Promise<void> {
    const { Int, NVarChar } = this.#driver.TYPES;
    return new Promise((resolve, reject) => {
      const load = this.#connection.newBulkLoad(table, (error) => (error ? reject(error) : resolve()));
      for (const name of columns) {
        if (name === "n" || name === "g") load.addColumn(name, Int, { nullable: false });
        else load.addColumn(name, NVarChar, { length: Number.POSITIVE_INFINITY, nullable: true });
      }
      this.#connection.execBulkLoad(load, rows);
    });
  }

  /** Copies a SELECT with the bound values. Gives how many rows there were. */
  async copyOut(select: string, path: string, signal: AbortSignal): Promise<CopiedRows> {
    const names: string[] = [];
    return await writeCopiedGroups(path, names, this.#groups(select, names), signal);
  }

  /** `names`: is filled before the first group comes. */
  async *#groups(select: string, names: string[]): AsyncGenerator<Cells[]> {
    let group: Cells[] = [];
    let wake: () => void = () => undefined;
    let ended: { error: Error | null | undefined } | undefined;
    const request = new this.#driver.Request(select, (error) => {
      ended = { error };
      wake();
    });
    for (const [name, value] of Object.entries(this.bound)) this.#bind(request, `loadline_${name}`, value);
    request.on("columnMetadata", (columns: readonly { colName: string }[]) => {
      names.push(...columns.map(({ colName }) => colName));
    });
    request.on("row", (columns: readonly Column[]) => {
      group.push(columns.map(({ value }) => textOf(value)));
      if (group.length < groupRows) return;
      request.pause();
      wake();
    });
    this.#connection.execSql(request);
    while (true) {
      if (ended === undefined && group.length < groupRows) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const full = group;
      group = [];
      const over = ended;
      if (over?.error != null) throw over.error;
      yield full;
      if (over !== undefined) return;
      request.resume();
    }
  }
}

/** Doubles come as such: the server's own text of them has more digits than they are told apart by. */
function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "number" ? writeDouble(value) : String(value);
}
