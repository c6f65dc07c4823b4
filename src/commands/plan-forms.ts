// A plan in a form of its own: `--format`, of plan, run --dry-run and show. In: a kept plan, and what was asked for. Out: text
// on stdout, or a file. What must hold: what `redact` names is in none of them; a form that can't come about is refused before
// the plan is made.

import { resolve } from "node:path";
import { Ledger } from "../checkpoint/ledger.ts";
import { showPath, usageFailure } from "../core/errors.ts";
import { redactSecrets } from "../core/secret.ts";
import type { EndedRun } from "../pipeline/runs/runs.ts";
import { reportShown, type ShownPlan } from "../pipeline/tools/shown-plan.ts";
import { writePrivately } from "../report/html/write-file.ts";
import { planMarkdown, summaryMarkdown } from "../report/markdown.ts";
import { roomOfComment } from "../report/markdown-room.ts";
import { lookOfOut, printNotice, printOut } from "../report/output.ts";
import { printPaged } from "../report/pager.ts";
import { type ChosenForm, type FormFlags, isPrinted, isText, type PlanForm } from "../report/plan-form.ts";
import type { Globals } from "./globals.ts";
import { openShown } from "./open-shown.ts";
import { outFile } from "./out-file.ts";
import type { OpenProject } from "./project.ts";
import { changesOf, tellUnplanned } from "./show-changes.ts";

/** Throws a Failure (2) for what can't be. `planFile`: the file that the plan is in, or goes to. */
export function chooseForm(
  { json }: Globals,
  { format: form, formatOut }: FormFlags,
  planFile: string | undefined,
): ChosenForm | undefined {
  if (form === undefined) {
    if (formatOut === undefined) return undefined;
    throw usageFailure("--format-out says where a form of the plan goes, and none is asked for", {
      next: "add --format html, say",
    });
  }
  if (formatOut === undefined) {
    if (json && isText(form)) {
      throw usageFailure(`--format ${form} and --json are two forms: only one can be printed`, {
        next: "leave one out, or name a file with --format-out",
      });
    }
    return { form };
  }
  const out = outFile(formatOut);
  if (planFile === undefined || out !== resolve(planFile)) return { form, out };
  throw usageFailure(`--format-out names the file of the plan itself: ${showPath(out)}`, { next: "name another file" });
}

/** Before a plan is made. Throws a Failure (2). */
export function refuseForm(jobs: readonly string[], { isLoad, all }: { isLoad: boolean; all: boolean }): void {
  if (isLoad)
    throw usageFailure("--format is of a plan, and this run loads", { next: "add --dry-run, or use loadline plan" });
  if (jobs.length > 1) throw usageFailure("--format is of the plan of one job", { next: "plan each job by itself" });
  if (all)
    throw usageFailure("--all lists changes for people: --format has a form of its own", { next: "leave --all out" });
}

/** Of the plan that was just made. Of one that could not be made a pull request has the reason. */
export async function printPlanned(
  globals: Globals,
  { stateFolder }: Pick<OpenProject, "stateFolder">,
  { summary, folder, error }: EndedRun,
  chosen: ChosenForm,
): Promise<void> {
  if (summary.status === "planned" && summary.run !== null) {
    using ledger = Ledger.open(stateFolder);
    const record = ledger.run(summary.run);
    if (record === undefined) throw new Error(`run ${summary.run} is not in the ledger`);
    const run = { ...record, stateFolder, sandbox: record.options.sandbox === true };
    await printForm(globals, openShown(run), chosen);
  } else if (chosen.form === "markdown") {
    const text = summaryMarkdown({ summary, folder, error }, roomOfComment);
    if (chosen.out === undefined) printOut(text.trimEnd());
    else await writePrivately(chosen.out, [redactSecrets(text)]);
  }
}

export async function printForm(globals: Globals, plan: ShownPlan, chosen: ChosenForm): Promise<void> {
  tellUnplanned(plan);
  if (isPrinted(chosen)) return printPaged(textsOf(globals, plan, chosen.form));
  const path = await writeForm(globals, plan, chosen);
  if (globals.json) printNotice(`plan as ${chosen.form}: ${showPath(path)}`);
  else printOut(showPath(path));
}

async function writeForm(globals: Globals, plan: ShownPlan, { form, out }: ChosenForm): Promise<string> {
  const path = out ?? `${plan.folder}/plan.${form}`;
  if (form === "html") await (await import("../pipeline/tools/write-report.ts")).writePage(plan, path);
  else if (form === "parquet") await (await import("../pipeline/tools/write-changes.ts")).writeChanges(plan, path);
  else await writePrivately(path, withoutSecrets(textsOf(globals, plan, form)));
  return path;
}

async function* textsOf(globals: Globals, plan: ShownPlan, form: PlanForm): AsyncGenerator<string> {
  if (form === "json" || form === "csv") yield* changesOf(plan, form, lookOfOut(globals.color));
  else yield planMarkdown(await reportShown(plan), roomOfComment);
}

/** As stdout has it. */
async function* withoutSecrets(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const piece of pieces) yield redactSecrets(piece);
}
