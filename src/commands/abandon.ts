// loadline abandon: gives an unfinished run up, of the real systems or of the sandbox.

import { Ledger, type RunRecord } from "../checkpoint/ledger.ts";
import { takeLock } from "../checkpoint/lock.ts";
import { Failure, pathInCommand, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { isResumable } from "../pipeline/run/resumable.ts";
import { runFolder } from "../pipeline/run/run-files.ts";
import { abandonRun, tellBatches } from "../pipeline/runs/abandon.ts";
import { jobLockName } from "../pipeline/runs/runs.ts";
import { dropWorkFiles } from "../pipeline.ts";
import { abandonedJson, renderAbandoned } from "../report/abandoned.ts";
import { printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { tellDamage } from "./lock.ts";
import { findProject, sandboxState } from "./project.ts";

export async function abandon(globals: Globals, id: string, flags: { yes?: boolean }): CommandResult {
  const project = findProject(globals);
  const stateFolder = [project.stateFolder, sandboxState(project)].find((folder) => findRun(folder, id) !== undefined);
  const found = stateFolder === undefined ? undefined : findRun(stateFolder, id);
  if (stateFolder === undefined || found === undefined) {
    throw usageFailure(`there is no run ${id}`, { next: "loadline runs" });
  }
  // Its own process may still be at work.
  using _lock = await takeLock({
    stateFolder,
    name: jobLockName(found.job),
    what: `job ${found.job}`,
    waitMs: 0,
    signal: globals.signal,
    onDamage: tellDamage,
  });
  using ledger = Ledger.open(stateFolder);
  const run = ledger.run(id) ?? found;
  refuseEnded(ledger, run);
  ledger.checkRun(id);
  const streams = tellBatches(ledger, id);
  const isDone = flags.yes === true;
  if (isDone) {
    await abandonRun(ledger, stateFolder, run);
    dropWorkFiles(runFolder(stateFolder, id));
  }
  const isDoubtful = streams.some(({ inDoubt }) => inDoubt > 0);
  const anew = `loadline run ${pathInCommand(run.jobFile)}${run.options.sandbox === true ? " --sandbox" : ""}`;
  const look = isDoubtful ? "look in the target for the rows in doubt; then " : "";
  const next = isDone ? `${look}${anew}` : `loadline abandon ${id} --yes`;
  const told = { run: id, job: run.job, isDone, streams, next };
  const code = isDone ? exitCode.done : exitCode.guard;
  printOut(globals.json ? abandonedJson(told, code) : renderAbandoned(told));
  if (isDone) return code;
  throw new Failure(code, `giving up run ${id} wants --yes`, {
    why: "what it has not sent is not sent then, and nobody asks any more what became of rows in doubt",
    next: `loadline resume ${id} goes on with it; ${next} gives it up`,
  });
}

function findRun(stateFolder: string, id: string): RunRecord | undefined {
  if (!Ledger.exists(stateFolder)) return undefined;
  using ledger = Ledger.open(stateFolder);
  return ledger.run(id);
}

function refuseEnded(ledger: Ledger, run: RunRecord): void {
  if (run.command === "plan")
    throw usageFailure(`${run.id} is a plan: it writes nothing, and there is nothing to give up`);
  if (isResumable(ledger, run)) return;
  throw usageFailure(`run ${run.id} has ended (${run.status}): there is nothing to give up`, {
    next: `loadline show ${run.id}`,
  });
}
