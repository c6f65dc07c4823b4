// What `plan --out` does beside the plan: one file with all of it.

import { existsSync } from "node:fs";
import { writePlanFile } from "../checkpoint/carry/plan-file.ts";
import { Ledger } from "../checkpoint/ledger.ts";
import { showPath, usageFailure } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import type { EndedRun } from "../pipeline/runs/runs.ts";
import { printNotice } from "../report/output.ts";
import { outFile } from "./out-file.ts";
import type { OpenProject } from "./project.ts";

/** Before the plan is made. Throws a Failure (2). */
export function refuseOut(jobs: readonly string[], out: string): void {
  if (jobs.length > 1) throw usageFailure("--out writes the plan of one job", { next: "plan each job by itself" });
  if (existsSync(outFile(out))) {
    throw usageFailure(`${showPath(out)} is there already: a plan is not written over`, {
      next: "name another file, or remove it",
    });
  }
}

/** Writes the file, where a plan was made. */
export function keepPlan({ stateFolder }: Pick<OpenProject, "stateFolder">, ended: EndedRun, out: string): void {
  const { run, status } = ended.summary;
  if (run === null || status !== "planned") return;
  const planFile = outFile(out);
  using ledger = Ledger.open(stateFolder);
  const record = ledger.run(run);
  if (record === undefined) throw new Error(`run ${run} is not in the ledger`);
  // First: a file that nobody knows of here could be written a second time.
  const kept = { ...record, options: { ...record.options, planFile } };
  ledger.saveRun(kept);
  failpoint("plan-recorded");
  writePlanFile(ledger, kept, ended.folder, planFile);
  printNotice(`plan written to ${showPath(planFile)}: loadline show, approve and apply take it`);
}
