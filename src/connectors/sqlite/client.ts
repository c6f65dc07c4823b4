// Transactions of an SQLite database. In: a connection. Out: sessions, each a database of its own handle. Must hold: a reader
// can't write; one that writes holds the database from its beginning, so that what it found is so until it ends; a handle
// that failed in any way is closed, which undoes what it did.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import type { Failure } from "../../core/errors.ts";
import { literal } from "../../core/sql.ts";
import { type DatabaseSync, openSqliteData, type StatementSync } from "../../core/sqlite.ts";
import type { CallFault } from "../../http/outcome.ts";
import { requireFile } from "../kit/database-file.ts";
import { DatabaseAccount } from "../sql/account.ts";
import type { Row, SqlClient, SqlSession } from "../sql/dialect.ts";
import type { SqliteConnection } from "./connection.ts";
import { explainFault, faultOf, SqliteFault } from "./faults.ts";

/** As SQLite has it: 64-bit integers, doubles, texts, bytes. */
export type SqliteValue = null | bigint | number | string | Uint8Array;

const begins = { read: "BEGIN", write: "BEGIN IMMEDIATE", history: "BEGIN IMMEDIATE" };

export class SqliteSession implements SqlSession {
  readonly database: DatabaseSync;
  /** By the names that SQL has for them: `:loadline_from`. */
  readonly bound: Record<string, string> = {};

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  /** One statement: what stands behind it would be left out in silence. Cells are in the order of its columns. */
  prepare(sql: string): StatementSync {
    const statement = this.database.prepare(sql);
    if (statement.sourceSQL.length < sql.length) throw new SqliteFault(new Error("more than one statement"), 1);
    statement.setReadBigInts(true);
    statement.setReturnArrays(true);
    statement.setAllowUnknownNamedParameters(true);
    return statement;
  }

  rows(sql: string, values: readonly (string | null)[] = []): Promise<Row[]> {
    const statement = this.prepare(sql);
    const names = statement.columns().map(({ name }) => name);
    const rows = statement.all(...values) as unknown as SqliteValue[][];
    return Promise.resolve(
      rows.map((row) => Object.fromEntries(row.map((value, index) => [names[index] ?? "", textOf(value)]))),
    );
  }

  *iterate(statement: StatementSync): Generator<SqliteValue[]> {
    yield* statement.iterate(this.bound) as unknown as Iterable<SqliteValue[]>;
  }
}

function textOf(value: SqliteValue): string | null {
  if (value === null) return null;
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);
}

export class SqliteClient extends DatabaseAccount<SqliteConnection> implements SqlClient<SqliteSession> {
  #file = "";

  /** The file, links followed: nothing in it says which database it is. */
  get orgId(): string {
    return this.#file;
  }

  /** Throws a Failure where there is no database, or none that can be read. */
  async connect(): Promise<void> {
    requireFile(this.connection, "sqlite3 makes one");
    this.#file = realpathSync(this.connection.file);
    await this.explain("opening it", async () => {
      await this.transact("read", (session) => session.rows("PRAGMA schema_version"));
      const { outbox } = this.connection;
      if (outbox !== undefined) this.#file = this.#copyInto(outbox);
    });
  }

  /** What a rehearsal works on. */
  #copyInto(folder: string): string {
    const copy = join(folder, basename(this.#file));
    if (existsSync(copy)) return copy;
    mkdirSync(folder, { recursive: true });
    const database = openSqliteData(this.#file, { readOnly: true });
    try {
      database.exec(`VACUUM INTO ${literal(copy)}`);
    } catch (error) {
      throw faultOf(error);
    } finally {
      database.close();
    }
    return copy;
  }

  async readIdentity(): Promise<{ user: null; name: string; kind: string }> {
    const [row] = await this.transact("read", (session) => session.rows("SELECT sqlite_version() AS version"));
    return { user: null, name: this.#file, kind: `SQLite ${row?.["version"]}` };
  }

  transact<T>(kind: keyof typeof begins, act: (session: SqliteSession) => Promise<T>): Promise<T> {
    return this.again(() => this.#transactOnce(kind, act));
  }

  async #transactOnce<T>(kind: keyof typeof begins, act: (session: SqliteSession) => Promise<T>): Promise<T> {
    this.context.signal.throwIfAborted();
    let database: DatabaseSync | undefined;
    try {
      database = openSqliteData(this.#file, { readOnly: kind === "read" });
      database.exec(begins[kind]);
      defineContents(database);
      const done = await act(new SqliteSession(database));
      database.exec("COMMIT");
      return done;
    } catch (error) {
      this.context.signal.throwIfAborted();
      throw faultOf(error);
    } finally {
      database?.close();
    }
  }

  protected explainFault(fault: CallFault, doing: string): Failure {
    return explainFault(fault, doing, this.connection);
  }

  close(): void {
    // Each transaction has a handle of its own.
  }
}

/** A short text that is equal where all values are, types too: SQLite has no such function. */
function defineContents(database: DatabaseSync): void {
  const options = { varargs: true, deterministic: true, directOnly: true, useBigIntArguments: true };
  database.function("loadline_content", options, (...values: SqliteValue[]) => {
    const hash = createHash("sha1");
    for (const value of values) {
      const text = textOf(value) ?? "";
      const type = value === null ? "null" : value instanceof Uint8Array ? "bytes" : typeof value;
      hash.update(`${type} ${text.length} ${text} `);
    }
    return hash.digest("hex");
  });
  // Of many of them, whatever their order.
  database.aggregate<bigint>("loadline_sum", {
    start: 0n,
    directOnly: true,
    useBigIntArguments: true,
    step: (sum, content) => (sum + BigInt(`0x${String(content)}`)) % 2n ** 160n,
    result: (sum) => sum.toString(16),
  });
}
