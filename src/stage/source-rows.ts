// The original cells of single rows of a part, for people: a second look at the source for the few rows that need it.

import { join } from "node:path";
import type { Part } from "../core/model.ts";
import { identifier } from "../core/sql.ts";
import type { CsvFormat } from "../job/job.ts";
import { cleanFormat, cleanPart, lineColumn } from "./clean.ts";
import { scanCsv } from "./csv-scan.ts";
import type { Engine } from "./engine.ts";

export interface SourceRowsInput {
  engine: Engine;
  part: Part & { careful: boolean };
  format: CsvFormat;
  /** A query that yields `position`, 0-based in the part. */
  wanted: string;
  /** For a clean copy, where one is needed. */
  folder: string;
}

/** Makes the table `source_rows` (position, line or NULL, cells as VARCHAR[]) of the wanted rows. */
export async function readSourceRows(input: SourceRowsInput): Promise<void> {
  const { engine, part, format, wanted } = input;
  await engine.run(`CREATE OR REPLACE TEMP TABLE source_rows (position BIGINT, line BIGINT, cells VARCHAR[])`);
  const { count } = await engine.one(`SELECT count(*) AS count FROM (${wanted})`);
  if (Number(count) === 0) return;
  const clean = part.careful
    ? await cleanPart(part, format, join(input.folder, `again-${part.ordinal}.csv`))
    : undefined;
  const scan =
    clean === undefined
      ? scanCsv(part, format)
      : scanCsv({ path: clean.path, compressed: false, columns: [lineColumn, ...part.columns] }, cleanFormat);
  const line = clean === undefined ? "CAST(NULL AS BIGINT)" : `CAST(${identifier(lineColumn)} AS BIGINT)`;
  const cells = `[${part.columns.map((column) => identifier(column)).join(", ")}]`;
  await engine.run(`INSERT INTO source_rows
    SELECT position, line, cells FROM (SELECT row_number() OVER () - 1 AS position, ${line} AS line, ${cells} AS cells FROM ${scan})
    SEMI JOIN (${wanted}) USING (position)`);
}
