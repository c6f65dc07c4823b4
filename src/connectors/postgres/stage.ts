// Where a batch stands for its statements: a temporary table, of texts or of the columns' own types. In: a batch file. Out: its
// rows, numbered in their order. Must hold: the bytes go to the server as they are in the file.

import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
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
  path: string,
  headers: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const columns = headers.map((_, index) => `c${index}`).join(", ");
  const copy = `COPY ${stageName} (${columns}) FROM STDIN WITH (FORMAT csv, HEADER true, FORCE_NULL (${columns}), ENCODING 'UTF8')`;
  const into = session.client.query(copyFrom(copy));
  await pipeline(createReadStream(path), into, signal === undefined ? {} : { signal });
  // The planner takes it for small otherwise. One column tells how many rows there are, and costs a fifth of all (measured).
  await session.rows(`ANALYZE ${stageName} (n)`);
}
