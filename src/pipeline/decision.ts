// A person's decision on writes in doubt. In: the batches in doubt of a run, and whether their rows landed.
// Out: batches that are settled, or stand to be sent again. What must hold: a row whose result is known is never sent
// again; where only some rows of a batch are in doubt, those go into a batch of their own.

import { statSync } from "node:fs";
import { join } from "node:path";
import type { BatchRecord } from "../checkpoint/ledger.ts";
import { hashFile, syncPath } from "../core/files.ts";
import { identifier, literal } from "../core/sql.ts";
import { outcomeColumns } from "../load/results.ts";
import { scanCsvFiles } from "../stage/csv-scan.ts";
import { type RunContext, subfolder } from "./context.ts";
import { headerOf, resultsPath } from "./load-stream.ts";

export type Decision = "landed" | "not-landed";

/** Records what a person found out about the writes in doubt of a run. */
export async function decide(context: RunContext, decision: Decision): Promise<void> {
  const { ledger, run } = context;
  for (const batch of ledger.batches(run.id).filter(({ state }) => state === "in-doubt")) {
    if (decision === "landed") {
      const succeeded = batch.succeeded + batch.inDoubt;
      ledger.advance(batch, "settled", { succeeded, inDoubt: 0, message: "landed, by decision" });
    } else if (batch.inDoubt === batch.rows) {
      ledger.advance(batch, "intent", { handle: null, inDoubt: 0, message: "sent again, by decision" });
    } else {
      ledger.split(batch, await writeRest(context, batch));
    }
  }
}

/** The rows of a batch that the target gave no clear result of, as a batch that was never sent. */
async function writeRest(context: RunContext, batch: BatchRecord): Promise<BatchRecord> {
  const { engine, ledger, run } = context;
  const number = Math.max(...ledger.batches(run.id, batch.stream).map((other) => other.number)) + 1;
  const path = join(subfolder(context, "batches"), `${batch.stream}-${String(number).padStart(5, "0")}.csv`);
  const columns = headerOf(batch.path);
  // Results are kept in the order of the batch.
  const numbered = (rows: string) => `(SELECT *, row_number() OVER () AS "loadline row" FROM ${rows})`;
  const cells = columns.map((column) => `sent.${identifier(column)}`).join(", ");
  await engine.run(`COPY (SELECT ${cells} FROM ${numbered(scanCsvFiles([batch.path], columns))} sent
      JOIN ${numbered(scanCsvFiles([resultsPath(context, batch)], outcomeColumns))} told USING ("loadline row")
      WHERE told.outcome IN ('missing', 'contradictory') ORDER BY "loadline row")
    TO ${literal(path)} (FORMAT csv, HEADER true, DELIMITER ',', QUOTE '"', ESCAPE '"')`);
  syncPath(path);
  return {
    ...batch,
    number,
    path,
    bytes: statSync(path).size,
    rows: batch.inDoubt,
    sha256: await hashFile(path),
    state: "planned",
    handle: null,
    attempts: 0,
    succeeded: 0,
    failed: 0,
    conflicts: 0,
    inDoubt: 0,
    resultsSha256: null,
    message: `rows of batch ${batch.number} sent again, by decision`,
  };
}
