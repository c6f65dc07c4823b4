// `keep: { runs: 14d }`: after each run, folders of older ended runs go, and with them the ledger's details of them. Runs
// that can still be resumed stay, however old. A dry run that was killed can't, and has no end in the ledger: it goes too.

import { rmSync } from "node:fs";
import type { Ledger, RunRecord } from "../../checkpoint/ledger.ts";
import { now } from "../../core/clock.ts";
import { isResumable } from "../run/resumable.ts";
import { runFolder } from "../run/run-files.ts";

/** No dry run takes so long: one without an end that began before was killed. */
const dryRunMsMax = 24 * 60 * 60 * 1000;

/** Deletes what is older than `keepRunsMs`; the runs themselves stay in the history. */
export function purgeOldRuns(ledger: Ledger, stateFolder: string, job: string, keepRunsMs: number): void {
  const oldest = new Date(now().getTime() - keepRunsMs).toISOString();
  for (const run of ledger.runs({ job })) {
    const isOver = (endOf(run) ?? oldest) < oldest;
    if (!isOver || isResumable(ledger, run)) continue;
    rmSync(runFolder(stateFolder, run.id), { recursive: true, force: true });
    ledger.forgetRunDetails(run.id);
  }
}

function endOf({ command, started, finished }: RunRecord): string | null {
  if (finished !== null || command !== "plan") return finished;
  return new Date(Date.parse(started) + dryRunMsMax).toISOString();
}
