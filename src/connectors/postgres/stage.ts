// Where a batch stands for its statements: a temporary table, of texts or of the columns' own types. In: a batch file. Out: its
// rows, numbered in their order. Must hold: the bytes go to the server as they are in the file.

import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import type { Batch } from "../../contract/write.ts";
import { countOf } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { PostgresSession } from "./client.ts";

export const stageName = "loadline_rows";

/** Makes the stage. Rows are counted from 0, as they are copied. `types`: of the cells, in the order of `headers`. */
export function stageOf(headers: readonly string[], types: readonly string[] = []): string {
  const cells = headers.map((_, index) => `c${index} ${types[index] ?? "text"}, `).join("");
  return `CREATE TEMP TABLE ${stageName} (${cells}n int GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0 CACHE 1000)) ON COMMIT DROP`;
}

/** A batch is mostly written as a whole: for that an index is of no use. */
export async function indexStage(session: PostgresSession): Promise<void> {
  await session.rows(`CREATE INDEX ON ${stageName} (n)`);
}

/** A cell that is empty says nothing of its column: NULL, in the stage. */
export async function copyBatch(
  session: PostgresSession,
  { path, rows }: Pick<Batch, "path" | "rows">,
  headers: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const columns = headers.map((_, index) => `c${index}`).join(", ");
  const copy = `COPY ${stageName} (${columns}) FROM STDIN WITH (FORMAT csv, HEADER true, FORCE_NULL (${columns}), ENCODING 'UTF8')`;
  const into = session.client.query(copyFrom(copy));
  const file = createReadStream(path);
  const stopped = signal === undefined ? {} : { signal };
  if (headers.length === 1) await pipeline(file, quoteEnds, into, stopped);
  else await pipeline(file, into, stopped);
  if (into.rowCount !== rows) {
    throw new Failure(exitCode.failed, `the server took ${countOf(into.rowCount, "row")}, and the batch has ${rows}`, {
      where: { file: path },
      next: "nothing of it is written; this is a defect of loadline or of what stands between it and the server",
    });
  }
  // The planner takes it for small otherwise. One column tells how many rows there are, and costs a fifth of all (measured).
  await session.rows(`ANALYZE ${stageName} (n)`);
}

/**
 * A line that is `\.` and no more ends the data, whatever comes after it, unless it stands in quotes
 * (https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.3). Only a file of one column has such lines.
 */
async function* quoteEnds(file: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = "";
  let isQuoted = false;
  const line = (text: string) => {
    const isEnd = !isQuoted && text === "\\.";
    if (text.split('"').length % 2 === 0) isQuoted = !isQuoted;
    return isEnd ? '"\\."' : text;
  };
  for await (const bytes of file) {
    const lines = (left + bytes.toString("latin1")).split("\n");
    left = lines.pop() ?? "";
    yield Buffer.from(lines.map((text) => `${line(text)}\n`).join(""), "latin1");
  }
  yield Buffer.from(line(left), "latin1");
}
