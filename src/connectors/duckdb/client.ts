// A database file of DuckDB's, read by an engine of its own beside that of the run. In: a connection. Out: sessions. Must hold:
// the file is opened to be read, so that nobody writes it meanwhile; what a job says in SQL reaches no other file; no
// extension is loaded.

import { realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { literal } from "../../core/sql.ts";
import { CallFault } from "../../http/outcome.ts";
import { Engine, EngineError } from "../../stage/engine.ts";
import { requireFile } from "../kit/database-file.ts";
import { DatabaseAccount } from "../sql/account.ts";
import type { CopiedRows, Row, SqlClient, SqlSession, TransactionKind } from "../sql/dialect.ts";
import type { DuckdbConnection } from "./connection.ts";

export class DuckdbSession implements SqlSession {
  readonly #engine: Engine;
  readonly #openIn: (folder: string) => Promise<Engine>;
  readonly #bound = new Map<string, string>();

  constructor(engine: Engine, openIn: (folder: string) => Promise<Engine>) {
    this.#engine = engine;
    this.#openIn = openIn;
  }

  /** Rows of texts. */
  async rows(sql: string): Promise<Row[]> {
    return (await this.#engine.all(sql)) as Row[];
  }

  /** The columns of a text that is one SELECT, and their types. Throws EngineError where it is none. */
  async describe(select: string): Promise<{ name: string; type: string }[]> {
    if (!(await this.#engine.isOneSelect(select))) {
      throw new EngineError("more than one statement, or none that only reads");
    }
    const rows = await this.#engine.all(`DESCRIBE ${select}`);
    return rows.map((row) => ({ name: String(row["column_name"]), type: String(row["column_type"]) }));
  }

  /** The columns as a query names them; none of SUMMARIZE, DESCRIBE and SHOW, which name each once. */
  async namesOf(query: string): Promise<string[]> {
    try {
      return (await this.describe(query)).map(({ name }) => name);
    } catch (error) {
      // What no engine takes was refused before.
      if (error instanceof EngineError) return [];
      throw error;
    }
  }

  /** Gives what is copied values that SQL can name. */
  bind(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) this.#bound.set(name, value);
  }

  /** By an engine that may write into the file's folder, and there alone; this one keeps the database as it is. */
  async copyOut(select: string, path: string): Promise<CopiedRows> {
    using engine = await this.#openIn(dirname(path));
    for (const [name, value] of this.#bound) await engine.run(`SET VARIABLE loadline_${name} = ${literal(value)}`);
    const { Count } = await engine.one(`COPY (${select}) TO ${literal(path)} (FORMAT csv, HEADER, FORCE_QUOTE *)`);
    return { rows: Number(Count) };
  }
}

export class DuckdbClient extends DatabaseAccount<DuckdbConnection> implements SqlClient<DuckdbSession> {
  #file = "";

  /** The file, links followed: nothing in it says which database it is. */
  get orgId(): string {
    return this.#file;
  }

  /** Throws a Failure where there is no database, or none that can be read. */
  async connect(): Promise<void> {
    requireFile(this.connection, "the program that fills it does");
    this.#file = realpathSync(this.connection.file);
    await this.explain("opening it", () => this.transact("read", (session) => session.rows("SELECT 1")));
  }

  async readIdentity(): Promise<{ user: null; name: string; kind: string }> {
    const [row] = await this.transact("read", (session) => session.rows("SELECT version() AS version"));
    return { user: null, name: this.#file, kind: `DuckDB ${row?.["version"]}` };
  }

  async transact<T>(_kind: TransactionKind, act: (session: DuckdbSession) => Promise<T>): Promise<T> {
    this.context.signal.throwIfAborted();
    try {
      using engine = await this.#open(join(tmpdir(), "loadline-nowhere"));
      return await act(new DuckdbSession(engine, (folder) => this.#open(folder)));
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new CallFault(error.message, { outcome: "refused", transient: false, cause: error });
    }
  }

  #open(folder: string): Promise<Engine> {
    return Engine.openFile(this.#file, { folder, spillFolder: join(folder, "spill"), signal: this.context.signal });
  }

  protected explainFault(fault: CallFault, doing: string): Failure {
    const { cause } = fault;
    if (!(cause instanceof EngineError)) throw fault;
    return explainRefusal(cause, doing, this.connection);
  }

  close(): void {
    // Each transaction has an engine of its own.
  }
}

/** What the engine says of a file or of SQL, as a person can act on it. */
function explainRefusal(error: EngineError, doing: string, { name, place }: DuckdbConnection): Failure {
  const told = { where: place, why: error.message, cause: error };
  if (/Could not set lock|Conflicting lock/.test(error.said)) {
    return new Failure(exitCode.tryLater, `${name}: another process has the database open to write`, {
      ...told,
      next: "loadline resume, when it has ended: DuckDB lets nobody read meanwhile",
    });
  }
  if (/version number|newer version|storage version/i.test(error.said)) {
    return new Failure(exitCode.usage, `${name}: another version of DuckDB has written the file`, {
      ...told,
      next: "in that version: ATTACH 'new.duckdb' (STORAGE_VERSION 'v1.0.0'), then COPY FROM DATABASE into it",
    });
  }
  if (/encrypt/i.test(error.said)) {
    return new Failure(exitCode.usage, `${name}: the file is encrypted, and can't be read`, {
      ...told,
      next: "in DuckDB: COPY FROM DATABASE into a file that is not",
    });
  }
  if (/Permission denied/i.test(error.said)) {
    return new Failure(exitCode.signIn, `${name}: ${doing} is refused`, {
      ...told,
      next: "let this user read the file",
    });
  }
  if (/^IO Error/.test(error.said)) {
    return new Failure(exitCode.failed, `${name}: ${doing} fails`, {
      ...told,
      next: "check the path, and that the file is whole: CHECKPOINT in the program that fills it, and copy it anew",
    });
  }
  const isMemory = /^Out of Memory/.test(error.said);
  return new Failure(isMemory ? exitCode.failed : exitCode.usage, `${name}: ${doing} is refused`, {
    ...told,
    next: isMemory
      ? "give the table a primary key, or the job a simpler query"
      : "correct the table, query or where of the job",
  });
}
