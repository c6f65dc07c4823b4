// loadline show: one run.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { isPlanFile } from "../checkpoint/carry/plan-file.ts";
import { Ledger } from "../checkpoint/ledger.ts";
import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { tellReasons } from "../pipeline/rows/reject-reasons.ts";
import { runFolder } from "../pipeline/run/run-files.ts";
import { lookOfOut, printOut } from "../report/output.ts";
import type { FormFlags } from "../report/plan-form.ts";
import type { RunDetails } from "../report/run-record.ts";
import { renderRun, runJson } from "../report/show-view.ts";
import { findRun, type KeptRun } from "./find-run.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { openShown } from "./open-shown.ts";
import { findProject } from "./project.ts";
import type { UnlockFlags } from "./unlock-plan.ts";

export interface ShowFlags extends FormFlags, UnlockFlags {
  job?: string;
  changes?: boolean;
  stream?: string;
  csv?: boolean;
}

export async function showRun(globals: Globals, id: string | undefined, flags: ShowFlags): CommandResult {
  refuseUseless(globals, flags);
  if (id !== undefined && isPlanFile(id)) return (await import("./show-plan-file.ts")).showPlanFile(globals, id, flags);
  if (flags.decryptWith !== undefined) {
    throw usageFailure("--decrypt-with is of a plan in a file, and no file is named", { next: "leave it out" });
  }
  const found = findRun(findProject(globals), id, flags.job);
  if (flags.format !== undefined || flags.formatOut !== undefined) {
    const { chooseForm, printForm } = await import("./plan-forms.ts");
    const chosen = chooseForm(globals, flags, found.options.planFile);
    if (chosen !== undefined) await printForm(globals, openShown(found, flags.stream), chosen);
    return exitCode.done;
  }
  if (flags.changes === true) {
    const { changesForm, showChanges } = await import("./show-changes.ts");
    return showChanges(globals, openShown(found, flags.stream), changesForm(globals, flags));
  }
  const run = readDetails(found);
  printOut(globals.json ? JSON.stringify(runJson(run)) : renderRun(run, lookOfOut(globals.color)));
  return exitCode.done;
}

function refuseUseless({ json }: Globals, { changes, stream, csv, format }: ShowFlags): void {
  if (changes !== true) {
    const isOfStreams = format !== undefined;
    const [flag] = [stream === undefined || isOfStreams ? [] : ["--stream"], csv === true ? ["--csv"] : []].flat();
    if (flag !== undefined) throw usageFailure(`${flag} goes with --changes`, { next: "add --changes" });
  }
  if (csv === true && json) throw usageFailure("--csv and --json are two forms: only one can be printed");
  if (csv === true && format !== undefined)
    throw usageFailure(`--csv and --format ${format} are two forms: leave one out`);
}

function readDetails({ stateFolder, ...run }: KeptRun): RunDetails {
  using ledger = Ledger.open(stateFolder);
  const folder = runFolder(stateFolder, run.id);
  const streams = ledger.streams(run.id).map((stream) => ({
    ...stream,
    ...tellReasons(folder, stream.name),
    parts: ledger.parts(run.id, stream.name),
    batches: ledger.batches(run.id, stream.name),
  }));
  const report = join(folder, "report.html");
  return { ...run, folder, report: existsSync(report) ? report : null, streams };
}
