// The one door to DuckDB, the staging engine. In: SQL that the steps wrote. Out: rows, or files in the run folder.
// What must hold: an engine holds nothing that can't be made again from the extracted parts, so it lives in memory and
// spills into the run folder; it runs in UTC; a join holds its right side in memory, so the smaller one is written there; it reaches no file outside that folder, loads no extension, and of its
// settings the number of threads alone can be changed later, and none by an expression of a job (measured: reading, COPY, ATTACH, INSTALL, LOAD are refused).

import { type DuckDBConnection, DuckDBInstance, DuckDBScalarFunction, StatementType, VARCHAR } from "@duckdb/node-api";
import { literal } from "../core/sql.ts";
import { defineSettledJson } from "../values/settled-json.ts";

export type Row = Record<string, unknown>;

export interface EngineOptions {
  /** The only folder that the engine may read and write. */
  folder: string;
  /** Spilled data goes here, inside `folder`. */
  spillFolder: string;
  /** Fields of the widest rows, where they may be many: what is joined and written of such rows takes more room. */
  fields?: number;
  /** Interrupts the statement that runs, and refuses further ones. */
  signal?: AbortSignal;
}

/** A statement that the engine refused. */
export class EngineError extends Error {
  /** DuckDB's own words. Of data they quote values, so `message`, which is shown whatever happens, has the kind alone. */
  readonly said: string;

  constructor(said: string, options?: ErrorOptions) {
    const [, kind] = dataErrors.exec(said) ?? [];
    super(kind === undefined ? said : `${kind}: a value can't be computed`, options);
    this.said = said;
  }

  /** Whether the data may be why: not so where memory or the disk fails, or the statement is no good. */
  get isAboutData(): boolean {
    return dataErrors.test(this.said);
  }
}

const dataErrors = /^((?:Conversion|Out of Range|Invalid Input) Error)/;

/** What `act` gives; where the data may be why the engine refuses it, what `otherwise` does. */
export async function orWhereDataFails<T, Other = T>(
  act: () => Promise<T>,
  otherwise: (error: EngineError) => Other | Promise<Other>,
): Promise<T | Other> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof EngineError) || !error.isAboutData) throw error;
    return await otherwise(error);
  }
}

const interruptMs = 50;

const usualMegabytes = 512;

/** Measured: a million rows of 60 fields, of which a tenth changes, don't end in 832 MB, and take 752 of 1,000. */
function megabytesFor(fields: number): number {
  return usualMegabytes + 16 * Math.max(0, fields - 20);
}
/** Rows that are on their way into a table. */
const appendedTogether = 2_000;

/** Measured: a second thread costs a run of a few rows 30 ms of processor time, 13 % of all that the engine does for it. */
const bytesOfTwoThreads = 8_000_000;

export class Engine implements Disposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #signal: AbortSignal | undefined;
  #threads = 1;
  #interrupting: NodeJS.Timeout | undefined;
  /** Again and again, because an interrupt is lost on a statement that is still being prepared. */
  readonly #interrupt = () => {
    this.#connection.interrupt();
    this.#interrupting = setInterval(() => this.#connection.interrupt(), interruptMs).unref();
  };

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, signal: AbortSignal | undefined) {
    this.#instance = instance;
    this.#connection = connection;
    this.#signal = signal;
    // Node joins its threads when it exits: a statement that goes on would hold up the end of the process.
    signal?.addEventListener("abort", this.#interrupt, { once: true });
  }

  static async open(options: EngineOptions): Promise<Engine> {
    // Joins run as they are written, the right side in memory. Left to itself the engine held the snapshot there instead
    // of the keys: twice the memory, and 40 % longer (measured).
    // An expression that stands twice would be computed once, but outside of the TRY that guards it.
    const optimizers = "SET disabled_optimizers = 'join_order,build_side_probe_side,common_subexpressions'";
    const engine = await Engine.#start(":memory:", options, {}, [optimizers, "SET allowed_configs = ['threads']"]);
    defineSettledJson(engine);
    return engine;
  }

  /** A database file of DuckDB's, which others have made, to read from. Throws EngineError where it can't be opened. */
  static async openFile(path: string, options: EngineOptions): Promise<Engine> {
    return await Engine.#start(path, options, { access_mode: "READ_ONLY" }, []);
  }

  static async #start(
    path: string,
    options: EngineOptions,
    more: Record<string, string>,
    settings: readonly string[],
  ): Promise<Engine> {
    const instance = await createInstance(path, {
      memory_limit: `${megabytesFor(options.fields ?? 0)}MB`,
      threads: "1",
      temp_directory: options.spillFolder,
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      ...more,
    });
    const engine = new Engine(instance, await instance.connect(), options.signal);
    const first = ["SET TimeZone = 'UTC'", `SET allowed_directories = [${literal(options.folder)}]`];
    const last = ["SET enable_external_access = false", "SET lock_configuration = true"];
    // At once: by itself each took 0.2 ms of every run (measured).
    await engine.run([...first, ...settings, ...last].join("; "));
    return engine;
  }

  /** What comes has so many bytes: from some megabytes on it is worth a second thread, which then stays. */
  async prepareFor(bytes: number): Promise<void> {
    if (this.#threads > 1 || bytes < bytesOfTwoThreads) return;
    await this.run("SET threads = 2");
    this.#threads = 2;
  }

  /**
   * A function of texts that is computed here, a few thousand rows a call. Its first argument is the same in all rows. What
   * `compute` throws fails the row's expression as a value that can't be cast does. NULL is handed over as any other value.
   */
  define(name: string, compute: (first: string | null, others: readonly (string | null)[]) => string | null): void {
    const scalar = DuckDBScalarFunction.create({
      name,
      varArgsType: VARCHAR,
      returnType: VARCHAR,
      specialHandling: true,
      mainFunction(info, rows, results) {
        const [first, ...others] = Array.from({ length: rows.columnCount }, (_, index) => rows.getColumnVector(index));
        try {
          const asked = rows.rowCount === 0 ? null : (first?.getItem(0) as string | null);
          for (let row = 0; row < rows.rowCount; row += 1) {
            results.setItem(
              row,
              compute(
                asked,
                others.map((column) => column.getItem(row) as string | null),
              ),
            );
          }
          results.flush();
        } catch {
          info.setError("a value can't be computed");
        }
      },
    });
    this.#connection.registerScalarFunction(scalar);
  }

  /** Runs a statement. Throws EngineError. */
  async run(sql: string): Promise<void> {
    await this.#guard(sql, () => this.#connection.run(sql));
  }

  /** Runs statements one after another, handed over at once: by itself each costs a way to the engine's thread and back. */
  async runAll(statements: readonly string[]): Promise<void> {
    if (statements.length > 0) await this.run(statements.join(";\n"));
  }

  /** Whether a text is one statement, and that a SELECT. Throws EngineError where it is no SQL. */
  async isOneSelect(sql: string): Promise<boolean> {
    const statements = await this.#guard(sql, () => this.#connection.extractStatements(sql));
    if (statements.count !== 1) return false;
    const statement = await this.#guard(sql, () => statements.prepare(0));
    return statement.statementType === StatementType.SELECT;
  }

  /** Adds rows of texts to a table whose columns are texts. */
  async append(table: string, rows: AsyncIterable<readonly (string | null)[]>): Promise<void> {
    const appender = await this.#connection.createAppender(table);
    let waiting = 0;
    for await (const row of rows) {
      for (const value of row) {
        if (value === null) appender.appendNull();
        else appender.appendVarchar(value);
      }
      appender.endRow();
      waiting += 1;
      if (waiting < appendedTogether) continue;
      appender.flushSync();
      waiting = 0;
    }
    appender.closeSync();
  }

  /** All rows of a small result: numbers as numbers, 64-bit integers too (they must fit 2^53), the rest as text. */
  async all(sql: string): Promise<Row[]> {
    const reader = await this.#guard(sql, () => this.#connection.runAndReadAll(sql));
    return reader.getRowObjectsJS().map(toPlainRow);
  }

  /** The only row of a result. */
  async one(sql: string): Promise<Row> {
    const [row] = await this.all(sql);
    if (row === undefined) throw new EngineError(`no row: ${sql}`);
    return row;
  }

  /** Rows of a large result, in bounded memory. */
  async *stream(sql: string): AsyncGenerator<Row> {
    const result = await this.#guard(sql, () => this.#connection.stream(sql));
    for await (const rows of result.yieldRowObjectJs()) for (const row of rows) yield toPlainRow(row);
  }

  /** Columns of whole numbers of a large result, some thousand rows at a time: a tenth of the time that rows take. */
  async *numbers(sql: string): AsyncGenerator<readonly number[][]> {
    const result = await this.#guard(sql, () => this.#connection.stream(sql));
    for (;;) {
      const chunk = await this.#guard(sql, () => result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) return;
      yield Array.from({ length: chunk.columnCount }, (_, column) => chunk.getColumnValues(column).map(Number));
    }
  }

  /** A column of a large result, as text. */
  async *texts(sql: string, column: string): AsyncGenerator<string> {
    for await (const row of this.stream(sql)) yield String(row[column]);
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener("abort", this.#interrupt);
    clearInterval(this.#interrupting);
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  async #guard<T>(sql: string, act: () => Promise<T>): Promise<T> {
    this.#signal?.throwIfAborted();
    try {
      return await act();
    } catch (error) {
      this.#signal?.throwIfAborted();
      const text = error instanceof Error ? error.message : String(error);
      throw new EngineError(text, { cause: sql });
    }
  }
}

async function createInstance(path: string, settings: Record<string, string>): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.create(path, settings);
  } catch (error) {
    throw new EngineError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function toPlainRow(row: Row): Row {
  const plain: Row = {};
  for (const [name, value] of Object.entries(row)) plain[name] = typeof value === "bigint" ? Number(value) : value;
  return plain;
}
