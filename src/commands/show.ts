// loadline show: one run.

import { Ledger } from "../checkpoint/ledger.ts";
import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { readReasons } from "../pipeline/rows/reject-reasons.ts";
import { runFolder } from "../pipeline/run/run-files.ts";
import { tellRun } from "../pipeline/runs/recovery.ts";
import { lookOfOut, printOut } from "../report/output.ts";
import { reasonsShownMax } from "../report/reject-reasons.ts";
import type { RunDetails } from "../report/run-record.ts";
import { renderRun, runJson } from "../report/show-view.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProject, sandboxState } from "./project.ts";

export async function showRun(globals: Globals, id: string): CommandResult {
  const project = findProject(globals);
  const run = readRun(project.stateFolder, id, false) ?? readRun(sandboxState(project), id, true);
  if (run === undefined) throw usageFailure(`there is no run ${id}`, { next: "loadline runs" });
  printOut(globals.json ? JSON.stringify(runJson(run)) : renderRun(run, lookOfOut(globals.color)));
  return exitCode.done;
}

function readRun(stateFolder: string, id: string, sandbox: boolean): RunDetails | undefined {
  if (!Ledger.exists(stateFolder)) return undefined;
  using ledger = Ledger.open(stateFolder);
  const run = ledger.run(id);
  if (run === undefined) return undefined;
  const streams = ledger.streams(id).map((stream) => ({
    ...stream,
    rejectReasons: readReasons(runFolder(stateFolder, id), stream.name).slice(0, reasonsShownMax),
    parts: ledger.parts(id, stream.name),
    batches: ledger.batches(id, stream.name),
  }));
  return { ...tellRun(stateFolder, run), sandbox, folder: runFolder(stateFolder, id), streams };
}
