// The source's cells of rows that the target did not take, for the files that name them. In: a table of planned rows with
// their `part` and `position`. Out: part by part the table `source_rows` of them. What must hold: the part is still the
// one that was planned from.

import { join } from "node:path";
import type { Part } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { outcomeColumns } from "../../load/results.ts";
import { foldId } from "../../load/row-key.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { type OpenPart, openPart } from "../../stage/open-part.ts";
import { readParquet } from "../../stage/parquet.ts";
import { readSourceRows } from "../../stage/source-rows.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { verifyRunFile } from "../run/run-files.ts";

/** Of a disposable copy of a part. */
export function copyPath(context: RunContext, stream: Stream, part: Part, what: string): string {
  return join(subfolder(context, "stage"), `${what}-${stream.name}-${part.ordinal}.csv`);
}

/** FROM and JOIN of the plan's rows `p` with what became of them, `r`, for these outcomes: each by its key or its id. */
export function joinOutcomes(plan: string | null, resultFiles: readonly string[], outcomes: readonly string[]): string {
  const told = scanCsvFiles(resultFiles, outcomeColumns);
  return `${readParquet(plan ?? "")} p
    JOIN (SELECT * FROM ${told} WHERE outcome IN (${outcomes.map(literal).join(", ")})) r
    ON r.action = p.action AND r.match_key = CASE WHEN p.action = 'create' THEN p.key ELSE ${foldId("p.id")} END`;
}

/** The stream whose rows a stream's plan is of: another one where it makes records for that one's. */
export function holderOfRows({ job }: Pick<RunContext, "job">, stream: Stream): Stream {
  return job.streams.find(({ name }) => name === stream.madeFor?.stream) ?? stream;
}

/** Calls `use` for each part that has rows in the table, once `source_rows` holds them. */
export async function visitPlannedRows(
  context: RunContext,
  stream: Stream,
  table: string,
  use: (part: Part, open: OpenPart) => Promise<void>,
): Promise<void> {
  const { engine, ledger, run } = context;
  for (const part of ledger.parts(run.id, holderOfRows(context, stream).name)) {
    const wanted = `SELECT position FROM ${table} WHERE part = ${part.ordinal}`;
    const { found } = await engine.one(`SELECT EXISTS (${wanted}) AS found`);
    if (found !== true) continue;
    await verifyRunFile({ run: run.id, what: part.label, path: part.path, sha256: part.sha256 });
    const open = await openPart(engine, part, stream.source.format, copyPath(context, stream, part, "text"));
    const { careful } = part;
    await readSourceRows({ engine, part, open, careful, wanted, copyPath: copyPath(context, stream, part, "again") });
    await use(part, open);
  }
}
