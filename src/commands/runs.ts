// loadline runs: the history, newest first, of the real systems and of the sandbox.

import { Ledger } from "../checkpoint/ledger.ts";
import { exitCode } from "../core/exit-code.ts";
import { type ToldRun, tellRun } from "../pipeline/runs/recovery.ts";
import { lookOfOut, printOut } from "../report/output.ts";
import { overviewJson, renderRuns } from "../report/runs-view.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProject, sandboxState } from "./project.ts";

export async function listRuns(globals: Globals): CommandResult {
  const project = findProject(globals);
  const runs = [
    ...readRuns(project.stateFolder).map((run) => ({ ...run, sandbox: false })),
    ...readRuns(sandboxState(project)).map((run) => ({ ...run, sandbox: true })),
  ].sort((left, right) => right.started.localeCompare(left.started));
  printOut(globals.json ? JSON.stringify(runs.map(overviewJson)) : renderRuns(runs, lookOfOut(globals.color)));
  return exitCode.done;
}

function readRuns(stateFolder: string): ToldRun[] {
  if (!Ledger.exists(stateFolder)) return [];
  using ledger = Ledger.open(stateFolder);
  return ledger.runs().map((run) => tellRun(stateFolder, run));
}
