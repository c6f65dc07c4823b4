// What `plan --out` does beside the plan: one file with all of it.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { writePlanFile } from "../checkpoint/carry/plan-file.ts";
import type { Recipients } from "../checkpoint/carry/plan-seal.ts";
import { Ledger } from "../checkpoint/ledger.ts";
import { pathInCommand, showPath, usageFailure } from "../core/errors.ts";
import { failpoint } from "../core/failpoint.ts";
import type { Job } from "../job/job.ts";
import type { EndedRun } from "../pipeline/runs/runs.ts";
import { printNotice } from "../report/output.ts";
import { outFile } from "./out-file.ts";
import type { OpenProject } from "./project.ts";

export interface PlanFileFlags {
  out?: string;
  encryptTo?: string[];
}

/** Before the plan is made. Throws a Failure (2). */
export function refuseOut(jobs: readonly string[], out: string): void {
  if (jobs.length > 1) throw usageFailure("--out writes the plan of one job", { next: "plan each job by itself" });
  if (existsSync(outFile(out))) {
    throw usageFailure(`${showPath(out)} is there already: a plan is not written over`, {
      next: "name another file, or remove it",
    });
  }
}

/** What two jobs agree on moves with each run of either. Throws a Failure (2). */
export function refuseTwin({ twin, file }: Job): void {
  if (twin === undefined) return;
  throw usageFailure("a plan of a job with a twin is not written to a file: it can't be applied later", {
    where: { file },
    next: `loadline plan ${pathInCommand(file)} --all shows every change; loadline run ${pathInCommand(file)} writes them`,
  });
}

/** Who may read the file. Throws a Failure (2) for what can't be. */
export async function chooseRecipients({ out, encryptTo = [] }: PlanFileFlags): Promise<Recipients> {
  if (out === undefined) {
    throw usageFailure("--encrypt-to is of a plan in a file, and none is asked for", { next: "add --out <file>" });
  }
  const { makeSealing, readRecipients } = await import("../checkpoint/carry/plan-seal.ts");
  const recipients = await readRecipients(encryptTo.map((path) => resolve(path)));
  // A key that can't be used is told before the plan is made.
  await makeSealing(recipients, "");
  return recipients;
}

/** Writes the file, where a plan was made. */
export async function keepPlan(
  { stateFolder }: Pick<OpenProject, "stateFolder">,
  ended: EndedRun,
  out: string,
  recipients: Recipients | undefined,
): Promise<void> {
  const { run, status } = ended.summary;
  if (run === null || status !== "planned") return;
  const file = outFile(out);
  using ledger = Ledger.open(stateFolder);
  const record = ledger.run(run);
  if (record === undefined) throw new Error(`run ${run} is not in the ledger`);
  const sealing = recipients === undefined ? undefined : await sealFor(recipients, run);
  // First: a file that nobody knows of here could be written a second time.
  const kept = { ...record, options: { ...record.options, planFile: file } };
  ledger.saveRun(kept);
  failpoint("plan-recorded");
  writePlanFile(ledger, { run: kept, folder: ended.folder, file, sealing });
  const [how, flag] = sealing === undefined ? ["", ""] : [", encrypted", " with --decrypt-with"];
  printNotice(`plan written to ${showPath(file)}${how}: loadline show, approve and apply take it${flag}`);
}

async function sealFor(recipients: Recipients, run: string) {
  const { makeSealing } = await import("../checkpoint/carry/plan-seal.ts");
  return makeSealing(recipients, run);
}
