// `keep: { runs: 14d }`: after each run, folders of older ended runs go, and with them the ledger's details of them. Runs
// that can still be resumed stay, however old.

import { rmSync } from "node:fs";
import type { Ledger } from "../checkpoint/ledger.ts";
import { now } from "../core/clock.ts";
import { isResumable, runFolder } from "./runs.ts";

/** Deletes what is older than `keepRunsMs`; the runs themselves stay in the history. */
export function purgeOldRuns(ledger: Ledger, stateFolder: string, job: string, keepRunsMs: number): void {
  const oldest = new Date(now().getTime() - keepRunsMs).toISOString();
  for (const run of ledger.runs({ job })) {
    const ended = run.finished !== null && run.finished < oldest;
    if (!ended || isResumable(ledger, run)) continue;
    rmSync(runFolder(stateFolder, run.id), { recursive: true, force: true });
    ledger.forgetRunDetails(run.id);
  }
}
