// A session in a transaction. In: statements. Out: rows as the server writes them. Must hold: a statement is one, whatever
// stands in it; a value that the server changed while it read or wrote it, which it only warns of, is a fault by name.

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Connection, FieldPacket, QueryError } from "mysql2";
import { PartContent } from "../../core/part-file.ts";
import type { CopiedRows, Row, SqlSession } from "../sql/dialect.ts";
import { ChangedValue } from "./faults.ts";

/** mysql2's typings don't have all of it. */
export type ResultField = FieldPacket & {
  columnLength: number;
  columnType: number;
  flags: number;
  characterSet: number;
  /** MariaDB: uuid, inet6. */
  extendedTypeName?: string;
};

interface Answer {
  rows: Row[];
  fields: ResultField[];
  /** The server says something of the statement. */
  warned: boolean;
}

/**
 * Warnings that a value is another one now: NULL for what there is no value for, cut, out of range, no number, no date, too
 * long for a function, divided by zero, of another character set
 * (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html).
 */
const changing = new Set([
  1048, 1260, 1264, 1265, 1292, 1300, 1301, 1364, 1365, 1366, 1406, 1411, 1441, 1690, 1918, 3143, 4078,
]);

export class MysqlSession implements SqlSession {
  readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async rows(statement: string, values: readonly (string | null)[] = []): Promise<Row[]> {
    return (await this.#send(statement, values)).rows;
  }

  /** Columns of a SELECT. */
  async fields(statement: string): Promise<ResultField[]> {
    return (await this.#send(statement, [])).fields;
  }

  /** What changes rows. Throws a ChangedValue where a value would be stored as another one. */
  async write(statement: string, values: readonly (string | null)[] = []): Promise<void> {
    const { warned } = await this.#send(statement, values);
    if (warned) await this.refuseChanges();
  }

  /** Of the statement before. */
  async refuseChanges(): Promise<void> {
    const warnings = await this.rows("SHOW WARNINGS");
    const found = warnings.find((row) => changing.has(Number(row["Code"])));
    if (found !== undefined) throw new ChangedValue(Number(found["Code"]), found["Message"] ?? "");
  }

  /** Values are bound by the server, in a statement that it has prepared. */
  #send(statement: string, values: readonly (string | null)[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const done = (error: QueryError | null, result: unknown, fields?: FieldPacket[]) => {
        if (error !== null && error !== undefined) return reject(error);
        const rows = Array.isArray(result) ? (result as Row[]) : [];
        const warned = !Array.isArray(result) && ((result as { warningStatus?: number }).warningStatus ?? 0) > 0;
        resolve({ rows, fields: (fields ?? []) as ResultField[], warned });
      };
      const options = {
        sql: statement,
        typeCast: (field: { string(encoding: "utf8"): string | null }) => field.string("utf8"),
      };
      if (values.length === 0) this.connection.query(options as { sql: string }, done);
      else this.connection.execute({ sql: statement }, [...values], done);
    });
  }
}

type Cells = (Buffer | null)[];

/** So much text is written at once. */
const chunkBytes = 1 << 16;

/**
 * Copies a SELECT into a CSV file as its rows come: values in quotes, nothing at all for NULL, bytes as they are. Whole only
 * if the server says that it ends there: a connection that is lost ends the stream of mysql2 in no way by itself.
 */
export async function copyOut(
  session: MysqlSession,
  select: string,
  path: string,
  signal: AbortSignal,
): Promise<CopiedRows> {
  const { connection } = session;
  const query = connection.query({ sql: select, rowsAsArray: true, typeCast: (field) => field.buffer() });
  const rows = query.stream({ highWaterMark: 256 });
  const content = new PartContent();
  const encode = (text: string) => content.add(Buffer.from(text, "latin1"));
  let header = "";
  let count = 0;
  query.on("fields", (fields: FieldPacket[]) => {
    header = lineOf(fields.map(({ name }) => Buffer.from(name)));
  });
  const csv = async function* (source: AsyncIterable<Cells>) {
    let text = "";
    for await (const cells of source) {
      text += count === 0 ? header + lineOf(cells) : lineOf(cells);
      count += 1;
      if (text.length < chunkBytes) continue;
      yield encode(text);
      text = "";
    }
    yield encode(count === 0 ? header : text);
  };
  const fail = (error: Error) => void rows.destroy(error);
  connection.on("error", fail);
  try {
    await pipeline(rows, csv, createWriteStream(path, { mode: 0o600 }), { signal });
  } finally {
    connection.off("error", fail);
  }
  await session.refuseChanges();
  return { rows: count, content: content.told() };
}

/** Each byte as a character of its own, so that none is read as another. */
function lineOf(cells: Cells): string {
  const texts = cells.map((cell) => {
    if (cell === null) return "";
    const text = cell.toString("latin1");
    return text.includes('"') ? `"${text.replaceAll('"', '""')}"` : `"${text}"`;
  });
  return `${texts.join(",")}\n`;
}
