// Where a batch stands for its statements: a temporary table of texts. In: a batch file. Out: its rows, numbered in their order.
// Must hold: the bytes go to the server as they are in the file.

import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import type { PostgresSession } from "./client.ts";

export const stageName = "loadline_rows";

/** Makes the stage. Rows are counted from 0, as they are copied. */
export function stageOf(headers: readonly string[]): string {
  const cells = headers.map((_, index) => `c${index} text, `).join("");
  return `CREATE TEMP TABLE ${stageName} (${cells}n int GENERATED ALWAYS AS IDENTITY (MINVALUE 0 START 0 CACHE 1000) PRIMARY KEY) ON COMMIT DROP`;
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
  // The planner knows nothing of it otherwise, and takes it for small.
  await session.rows(`ANALYZE ${stageName}`);
}
