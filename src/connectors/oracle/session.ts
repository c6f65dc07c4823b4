// A session in a transaction. In: statements. Out: rows of texts; a CSV file of a SELECT as its rows come; many rows by one
// statement. Must hold: no number of Oracle's becomes one of JavaScript's; values are bound.

import type { Connection, Metadata } from "oracledb";
import { writeCopiedGroups } from "../../core/copied-file.ts";
import { CallFault } from "../../http/outcome.ts";
import type { CopiedRows, Row, SqlSession } from "../sql/dialect.ts";
import { writeDouble } from "../sql/double.ts";

export type Oracledb = typeof import("oracledb")["default"];

/** So many rows are held at once. */
const groupRows = 1000;

/** Longer texts are bound as CLOB. */
const shortBytes = 32_767;

export interface ManyResult {
  /** Rows that the statement changed, of each row of values; none where it was refused. */
  counts: readonly number[];
  /** By the place of the row. */
  refused: ReadonlyMap<number, Error>;
}

export class OracleSession implements SqlSession {
  /** Values that SQL can name: `:loadline_from`. */
  readonly bound: Record<string, string> = {};
  readonly #driver: Oracledb;
  readonly #connection: Connection;

  constructor(driver: Oracledb, connection: Connection) {
    this.#driver = driver;
    this.#connection = connection;
  }

  bind(values: Readonly<Record<string, string>>): void {
    Object.assign(this.bound, values);
  }

  /** Values for :p1, :p2, …. Columns are called as the statement calls them: in quotes, for capital letters otherwise. */
  async rows(statement: string, values: readonly (string | null)[] = []): Promise<Row[]> {
    const binds = Object.fromEntries(values.map((value, index) => [`p${index + 1}`, this.#bind(value)]));
    const { rows = [], metaData = [] } = await this.#connection.execute(statement, binds, this.#reading());
    return rows.map((cells) => Object.fromEntries(metaData.map(({ name }, index) => [name, textOf(cells[index])])));
  }

  /** Columns of a SELECT, which the server reads and does not run. Throws a CallFault for any other statement. */
  async columns(select: string): Promise<readonly Metadata[]> {
    const { statementType, metaData = [] } = await this.#connection.getStatementInfo(select);
    if (statementType === this.#driver.STMT_TYPE_SELECT) return metaData;
    throw new CallFault("no SELECT that only reads", { outcome: "refused", transient: false });
  }

  /** Copies a SELECT with the bound values that it names. Gives how many rows there were. */
  async copyOut(select: string, path: string, signal: AbortSignal): Promise<CopiedRows> {
    const named = Object.entries(this.bound).filter(([name]) => new RegExp(`:loadline_${name}\\b`).test(select));
    const binds = Object.fromEntries(named.map(([name, value]) => [`loadline_${name}`, this.#bind(value)]));
    const options = { ...this.#reading(), resultSet: true, fetchArraySize: groupRows };
    const { resultSet } = await this.#connection.execute(select, binds, options);
    if (resultSet === undefined) throw new Error("the SELECT has no result");
    const names = resultSet.metaData.map(({ name }) => name);
    const groups = async function* () {
      let rows = await resultSet.getRows(groupRows);
      yield rows.map((row) => row.map(textOf));
      while (rows.length > 0) {
        rows = await resultSet.getRows(groupRows);
        yield rows.map((row) => row.map(textOf));
      }
    };
    try {
      return await writeCopiedGroups(path, names, groups(), signal);
    } finally {
      await resultSet.close();
    }
  }

  /** One statement for many rows; a row that is refused costs no other. */
  async many(statement: string, rows: readonly Readonly<Record<string, string | null>>[]): Promise<ManyResult> {
    const [first = {}] = rows;
    const longest = (name: string) => Math.max(1, ...rows.map((row) => Buffer.byteLength(row[name] ?? "")));
    const bindDefs = Object.fromEntries(
      Object.keys(first).map((name) => [name, { type: this.#driver.STRING, maxSize: longest(name) }]),
    );
    const options = { bindDefs, batchErrors: true, dmlRowCounts: true, autoCommit: false };
    const { batchErrors = [], dmlRowCounts = [] } = await this.#connection.executeMany(statement, rows, options);
    return { counts: dmlRowCounts, refused: new Map(batchErrors.map((error) => [error.offset, error])) };
  }

  /** Makes one row. Gives the text that the statement returns into :loadline_made. */
  async make(statement: string, values: Readonly<Record<string, string | null>>): Promise<string> {
    const out = { dir: this.#driver.BIND_OUT, type: this.#driver.STRING, maxSize: 4000 };
    const texts = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, this.#bind(value)]));
    const { outBinds } = await this.#connection.execute(statement, { ...texts, loadline_made: out });
    return outBinds?.["loadline_made"]?.[0] ?? "";
  }

  /** Keeps bytes. */
  async keep(statement: string, mark: string, bytes: Buffer): Promise<void> {
    await this.#connection.execute(statement, { p1: mark, p2: bytes });
  }

  #bind(value: string | null) {
    if (value === null || Buffer.byteLength(value) <= shortBytes) return { val: value, type: this.#driver.STRING };
    return { val: value, type: this.#driver.CLOB };
  }

  #reading() {
    const { STRING, BUFFER, OUT_FORMAT_ARRAY } = this.#driver;
    return {
      outFormat: OUT_FORMAT_ARRAY,
      fetchTypeHandler: ({ dbTypeName }: Metadata) => {
        if (dbTypeName === "NUMBER") return { type: STRING, converter: inFull };
        if (dbTypeName === "CLOB" || dbTypeName === "NCLOB") return { type: STRING };
        return dbTypeName === "BLOB" ? { type: BUFFER } : undefined;
      },
    };
  }
}

/** With a digit before its point. */
function inFull(number: string | null): string | null {
  return number?.replace(/^(-?)\./, "$10.") ?? null;
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return value.toString("hex");
  if (typeof value === "number") return writeDouble(value);
  return typeof value === "string" ? value : String(value);
}
