// `keep: { runs: 14d }`: after each run, folders of older ended runs go, and with them the ledger's details of them. Runs
// that can still be resumed stay, however old. A dry run that was killed can't, and has no end in the ledger: it goes too.

import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Ledger, RunRecord } from "../../checkpoint/ledger.ts";
import { now } from "../../core/clock.ts";
import { isResumable } from "../run/resumable.ts";
import { runFolder } from "../run/run-files.ts";

/** No dry run takes so long: one without an end that began before was killed. */
const dryRunMsMax = 24 * 60 * 60 * 1000;

/** A file is recorded moments after it was written. */
const unrecordedMsMax = 60 * 60 * 1000;

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

/**
 * Present values that no run has read for as long go with their files; so do files that a run which was killed had not
 * recorded yet.
 */
export function purgePresent(ledger: Ledger, stateFolder: string, keepRunsMs: number): void {
  const folder = join(stateFolder, "present");
  if (!existsSync(folder)) return;
  const oldest = new Date(now().getTime() - keepRunsMs).toISOString();
  for (const record of ledger.present.all()) if (record.asOf < oldest) ledger.present.forget(record);
  const named = new Set(ledger.present.all().map(({ file }) => file));
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    // Another run may be about to record what it has just written.
    const isNew = now().getTime() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < unrecordedMsMax;
    if (!named.has(name) && !isNew) rmSync(path, { force: true });
  }
}

function endOf({ command, started, finished }: RunRecord): string | null {
  if (finished !== null || command !== "plan") return finished;
  return new Date(Date.parse(started) + dryRunMsMax).toISOString();
}
