// The original cells of single rows of a part, for people: a second look at the source for the few rows that need it.

import type { Part } from "../core/model.ts";
import { identifier } from "../core/sql.ts";
import { scanCsv } from "./csv-scan.ts";
import type { Engine } from "./engine.ts";
import { type OpenPart, readCarefully } from "./open-part.ts";
import { lineColumn } from "./record-copy.ts";

export interface SourceRowsInput {
  engine: Engine;
  part: Part;
  open: OpenPart;
  /** Whether the part was staged with its lines. */
  careful: boolean;
  /** A query that yields `position`, 0-based in the part. */
  wanted: string;
  /** For a clean copy, where one is needed. */
  copyPath: string;
}

/** Makes the table `source_rows` (position, line or NULL, cells as VARCHAR[]) of the wanted rows. */
export async function readSourceRows(input: SourceRowsInput): Promise<void> {
  const { engine, part, wanted } = input;
  await engine.run(`CREATE OR REPLACE TEMP TABLE source_rows (position BIGINT, line BIGINT, cells VARCHAR[])`);
  const { count } = await engine.one(`SELECT count(*) AS count FROM (${wanted})`);
  if (Number(count) === 0) return;
  const { scan, line } = await scanRows(input);
  const cells = `[${part.columns.map((column) => identifier(column)).join(", ")}]`;
  await engine.run(`INSERT INTO source_rows
    SELECT position, line, cells FROM (SELECT row_number() OVER () - 1 AS position, ${line} AS line, ${cells} AS cells FROM ${scan})
    SEMI JOIN (${wanted}) USING (position)`);
}

async function scanRows({ open, careful, copyPath }: SourceRowsInput): Promise<{ scan: string; line: string }> {
  const known = `CAST(${identifier(lineColumn)} AS BIGINT)`;
  if ("lined" in open) return { scan: open.lined.scan, line: known };
  if (careful) return { scan: (await readCarefully(open.text, copyPath)).scan, line: known };
  return { scan: scanCsv(open.text.part, open.text.format), line: "CAST(NULL AS BIGINT)" };
}
