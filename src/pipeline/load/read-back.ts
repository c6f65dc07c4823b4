// Rows in doubt whose key is several fields: sent again they would be there twice, but the target can be asked who has the
// keys. In: the batches in doubt. Out: rows that are there have landed. What must hold: a row that is not found may be on its
// way yet, and stays in doubt; rows without a key are left to a person.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import { CallFault } from "../../http/outcome.ts";
import type { Stream } from "../../job/job.ts";
import { replacesTable } from "../../job/mode.ts";
import { countOf } from "../../report/numbers.ts";
import { isMatchedByUs } from "../batches/ways.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { settleFound } from "./decision.ts";
import { findPresentKeys } from "./present-now.ts";

export async function readBackDoubtful(
  context: RunContext,
  stream: Stream,
  isWanted: (batch: BatchRecord) => boolean,
): Promise<void> {
  const target = targetOf(context, stream.target.connection);
  if (
    takesWholeFiles(target) ||
    replacesTable(stream.target) ||
    (stream.target.mode === "insert" && stream.target.undoes !== true) ||
    !isMatchedByUs(stream.target)
  )
    return;
  const isDoubtful = (batch: BatchRecord) => batch.state === "in-doubt" && batch.action === "create" && isWanted(batch);
  const scans = new Map<string, string>();
  let found = 0;
  try {
    for (const batch of context.ledger.batches(context.run.id, stream.name).filter(isDoubtful)) {
      const isFound = await findPresentKeys(context, stream, batch, { reads: "all", scans });
      if (isFound !== undefined) found += await settleFound(context, batch, isFound);
    }
  } catch (error) {
    // A target that can't be asked now leaves them in doubt.
    if (!(error instanceof CallFault)) throw error;
    context.emit({ type: "warning", message: `${stream.name}: rows in doubt can't be looked up: ${error.message}` });
  }
  if (found === 0) return;
  const message = `${stream.name}: ${countOf(found, "row")} in doubt found by their keys: they have landed`;
  context.emit({ type: "warning", message });
}
