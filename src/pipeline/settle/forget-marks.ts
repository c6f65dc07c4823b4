// What a database remembers of batches is of use until the ledger says that they are settled. In: the batches of a stream
// that is. Out: a database without their marks. Must hold: a mark that a run may still ask for stays; that one stays too
// long does no harm, so nothing fails for it.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import type { Target } from "../../contract/target.ts";
import { CallFault } from "../../http/outcome.ts";

export async function forgetMarks({ writes }: Target, batches: readonly BatchRecord[]): Promise<void> {
  const marks = batches.flatMap(({ via, handle }) => (via === "transaction" && handle !== null ? [handle] : []));
  if (marks.length === 0) return;
  try {
    await writes.transaction?.forget?.(marks);
  } catch (error) {
    if (!(error instanceof CallFault)) throw error;
  }
}
