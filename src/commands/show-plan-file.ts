// loadline show <file>: a plan that `plan --out` wrote, without the run folder that it was made in. In: the file. Out: the
// plan as `plan` prints it, its approvals, and whether it was applied. Must hold: nothing is written but a folder that goes
// again; what the job redacts is hidden here too.

import { dirname, join, resolve } from "node:path";
import { type OpenPlanFile, openPlanFile } from "../checkpoint/carry/plan-file.ts";
import { pathInCommand, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { failpoint } from "../core/failpoint.ts";
import { readJob } from "../job/read-job.ts";
import { approveCommand, guardOf } from "../pipeline/apply/kept-plan.ts";
import { reportShown, type ShownPlan } from "../pipeline/tools/shown-plan.ts";
import { lookOfOut, printOut } from "../report/output.ts";
import { type FormFlags, isText } from "../report/plan-form.ts";
import { renderPlan } from "../report/plan-view.ts";
import type { RunSummary } from "../report/summary.ts";
import { visible } from "../report/visible-text.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { streamsNamed } from "./open-shown.ts";
import { openPassingFolder } from "./passing-folder.ts";
import { findProjectIfAny } from "./project.ts";
import { keyFlag, type UnlockFlags, unlockPlan } from "./unlock-plan.ts";

interface PlanFileFlags extends FormFlags, UnlockFlags {
  changes?: boolean;
  stream?: string;
  csv?: boolean;
}

export async function showPlanFile(globals: Globals, named: string, flags: PlanFileFlags): CommandResult {
  const file = resolve(named);
  const key = await unlockPlan(globals, file, flags);
  using passing = openPassingFolder();
  const { path: folder } = passing;
  using opened = openPlanFile(file, () => ({ folder, project: findProjectIfAny(globals).project.folder }), key);
  opened.unpack(folder);
  failpoint("plan-to-show");
  const again = `${pathInCommand(file)}${keyFlag(flags)}`;
  const plan = shownPlan(opened, { folder, named: again, stream: flags.stream });
  if (flags.format !== undefined || flags.formatOut !== undefined) await formPlan(globals, plan, file, flags);
  else if (flags.changes === true) {
    const { changesForm, showChanges } = await import("./show-changes.ts");
    await showChanges(globals, plan, changesForm(globals, flags));
  } else printOut(globals.json ? JSON.stringify(asJson(opened)) : await asText(globals, opened, plan));
  return exitCode.done;
}

async function formPlan(globals: Globals, plan: ShownPlan, file: string, flags: PlanFileFlags): Promise<void> {
  const { chooseForm, printForm } = await import("./plan-forms.ts");
  const chosen = chooseForm(globals, flags, file);
  if (chosen === undefined) return;
  if (chosen.out === undefined && !isText(chosen.form)) {
    throw usageFailure(`where is the ${chosen.form} file to go? A plan in a file has no run folder`, {
      next: `add --format-out plan.${chosen.form}`,
    });
  }
  await printForm(globals, plan, chosen);
}

interface Place {
  folder: string;
  /** As a command takes it. */
  named: string;
  stream: string | undefined;
}

function shownPlan(opened: OpenPlanFile, { folder, named, stream }: Place): ShownPlan {
  const { run, streams } = opened.plan;
  const all = streams.map((one) => one.stream);
  const passed = opened.approvals.flatMap(({ guards }) => guards);
  const left = (summaryOf(opened).stops ?? []).filter((objection) => !passed.includes(guardOf(objection) ?? ""));
  const next =
    approveCommand(named, left) ?? `loadline ${opened.approvals.length === 0 ? "approve" : "apply"} ${named}`;
  return {
    job: readJob(join(folder, "job.yaml"), dirname(run.jobFile)),
    run: { ...run, next, sandbox: run.options.sandbox === true },
    folder,
    streams: streamsNamed(run.id, all, stream),
    batches: [],
    named,
    isOfFile: true,
    passed,
  };
}

function summaryOf({ plan: { run } }: OpenPlanFile): Partial<RunSummary> {
  return JSON.parse(run.summary ?? "{}") as Partial<RunSummary>;
}

/** The summary of the plan, with who approved it and which run has written it. */
function asJson(opened: OpenPlanFile): object {
  const approvals = opened.approvals.map(({ plan: _plan, number: _number, planHash: hash, ...told }) => ({
    ...told,
    hash,
  }));
  return { ...summaryOf(opened), approvals, applied: opened.claim ?? null };
}

async function asText(globals: Globals, opened: OpenPlanFile, plan: ShownPlan): Promise<string> {
  const told = [
    `made ${plan.run.started}`,
    ...opened.approvals.map(({ by, at, note, guards }) => {
      const passes = guards.length === 0 ? "" : `, passing ${guards.join(", ")}`;
      return `approved by ${by} at ${at}${passes}${note === null ? "" : `: ${note}`}`;
    }),
    ...(opened.claim === undefined ? [] : [`applied by run ${opened.claim.run} at ${opened.claim.at}`]),
  ];
  return [renderPlan(await reportShown(plan), lookOfOut(globals.color)), "", ...told.map(visible)].join("\n");
}
