// Records that a run could not load, when the next one takes them again by their ids. In: what the watermark says, what was
// done with the run's rows since. Out: the ids that are still wanted, and those that are not. What must hold: a row that a
// person has dropped, or another run has loaded, comes again only where its record has changed.

import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { PartRecord, Watermark } from "../../checkpoint/ledger.ts";
import { hasRecords } from "../../core/model.ts";
import type { Stream } from "../../job/job.ts";
import { readUnloaded } from "../rows/unloaded-rows.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { runFolder, verifyRunFile } from "../run/run-files.ts";

export interface PendingNow {
  pending: readonly string[];
  /** Ended since, by whatever. */
  ended: readonly string[];
}

export const noPending: PendingNow = { pending: [], ended: [] };

export async function findPending(
  context: RunContext,
  { name }: Stream,
  mark: Pick<Watermark, "run" | "pending">,
): Promise<PendingNow> {
  const { ledger, folder } = context;
  const closedOf = (run: string) =>
    new Map(ledger.closedRows(run).flatMap(({ stream, row, by }) => (stream === name ? [[row, by] as const] : [])));
  if (closedOf(mark.run).size === 0) return { pending: mark.pending, ended: [] };
  const leftOf = async (run: string): Promise<Set<string>> => {
    const closed = closedOf(run);
    const left = new Set<string>();
    const retried = new Map<string, Set<string>>();
    for await (const { id, cells } of readUnloaded(runFolder(dirname(dirname(folder)), run), name)) {
      // Every row of records begins with its id.
      const [record = ""] = cells.values();
      const by = closed.get(id);
      if (by === undefined) left.add(record);
      if (by === undefined || by === null) continue;
      const leftBy = retried.get(by) ?? (await leftOf(by));
      retried.set(by, leftBy);
      if (leftBy.has(record)) left.add(record);
    }
    return left;
  };
  const left = await leftOf(mark.run);
  return {
    pending: mark.pending.filter((record) => left.has(record)),
    ended: mark.pending.filter((record) => !left.has(record)),
  };
}

/** The parts of the run that set the watermark, copied to where the engine may read them. None where they are gone. */
export async function copyParts(context: RunContext, { name }: Stream, run: string): Promise<PartRecord[]> {
  const parts = context.ledger.parts(run, name).filter((part) => hasRecords(part) && existsSync(part.path));
  const copies: PartRecord[] = [];
  for (const part of parts) {
    await verifyRunFile({ run, what: part.label, path: part.path, sha256: part.sha256 });
    const path = join(subfolder(context, "stage"), `before-${name}-${basename(part.path)}`);
    await copyFile(part.path, path);
    copies.push({ ...part, path });
  }
  return copies;
}
