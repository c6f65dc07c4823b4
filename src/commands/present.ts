// What a command shows of a run: JSON on stdout for machines, text for people, Markdown for CI.

import { exitCodeOf, explain, Failure } from "../core/errors.ts";
import { quoteForShell, withGivenFlags } from "../core/next-command.ts";
import type { Job } from "../job/job.ts";
import type { EndedRun } from "../pipeline/runs/runs.ts";
import { readPlan } from "../pipeline/tools/read-plan.ts";
import type { RunEvent } from "../report/events.ts";
import { appendOutputs, isGithub } from "../report/github.ts";
import { appendStepSummary, planMarkdown, summaryMarkdown } from "../report/markdown.ts";
import {
  chosenLog,
  errorScreen,
  isOutScreen,
  lookOfOut,
  printError,
  printFailure,
  printNotice,
  printOut,
} from "../report/output.ts";
import type { PlanReport } from "../report/plan.ts";
import { renderPlan } from "../report/plan-view.ts";
import { openProgress, type Progress } from "../report/progress.ts";
import type { RunSummary } from "../report/summary.ts";
import { renderSummary } from "../report/summary-view.ts";
import { visible } from "../report/visible-text.ts";
import type { Globals } from "./globals.ts";

/** Progress, and what the end of a run wants to know of its way. */
export interface Watch extends Progress {
  /** By connection: which it answered with. */
  orgs: Map<string, string>;
  /** By stream. */
  warnings: Map<string, number>;
}

export async function watchRun(globals: Globals): Promise<Watch> {
  const progress = await openLog(globals);
  const warnings = new Map<string, number>();
  const orgs = new Map<string, string>();
  return {
    warnings,
    orgs,
    consume: (event: RunEvent) => {
      if (event.type === "connected") orgs.set(event.connection, event.org);
      if (event.type === "planned") warnings.set(event.stream, event.warnings);
      progress.consume(event);
    },
    stop: () => progress.stop(),
  };
}

async function openLog({ color, verbose }: Globals): Promise<Progress> {
  const { isJson, isQuiet } = chosenLog();
  if (isQuiet) return { consume: () => undefined, stop: () => undefined };
  if (isJson) return (await import("../report/event-lines.ts")).openEventLines();
  return openProgress({ screen: errorScreen(), color, verbose });
}

/** A run that recovers an earlier one is told on stderr: stdout belongs to the run that was asked for. */
export async function presentRun(
  globals: Globals,
  job: Job,
  ended: EndedRun,
  watch: Watch,
  recovering: boolean,
): Promise<void> {
  const { outcome, folder, error } = ended;
  const summary = { ...ended.summary, next: withGivenFlags(ended.summary.next) };
  const look = lookOfOut(globals.color);
  const planned = summary.status === "planned" && outcome !== undefined;
  const stepSummary = process.env["GITHUB_STEP_SUMMARY"] ?? "";
  const countsOnly = globals.json && globals.all !== true && stepSummary === "";
  const report = planned ? await describePlan(job, { ...ended, summary }, { watch, countsOnly }) : undefined;
  const view = report === undefined ? renderSummary({ summary, folder, error }, look) : renderPlan(report, look);
  const isForPeople = !chosenLog().isJson && !chosenLog().isQuiet;
  const isPrinted = !recovering && globals.isFormPrinted !== true;
  if (isPrinted && report !== undefined && globals.all === true) await printWholePlan(globals, job, report, ended);
  else if (isPrinted) printOut(globals.json ? JSON.stringify(summary) : view);
  else if (recovering && isForPeople) printNotice(view);
  if (error !== undefined) printFailure(error, { run: summary.run, verbose: globals.verbose });
  // On a screen the plan itself says it.
  else if (report !== undefined && (globals.json || globals.isFormPrinted === true || !isOutScreen()))
    tellObjections(report);
  if (!recovering) tellSteps(summary);
  if (stepSummary !== "") {
    appendStepSummary(stepSummary, (room) =>
      report === undefined ? summaryMarkdown({ summary, folder, error }, room) : planMarkdown(report, room),
    );
  }
}

/** Outputs of a step of GitHub Actions. */
function tellSteps(summary: RunSummary): void {
  const path = process.env["GITHUB_OUTPUT"] ?? "";
  if (isGithub() && path !== "") appendOutputs(path, summary);
}

async function printWholePlan(
  globals: Globals,
  job: Job,
  report: PlanReport,
  { outcome, folder }: EndedRun,
): Promise<void> {
  const { printPlan } = await import("./show-changes.ts");
  await printPlan(globals, { job, folder }, report, outcome?.streams.map(({ record }) => record) ?? []);
}

/** A plan that would be stopped has failed, also for who reads stderr alone. */
function tellObjections({ objections, run }: PlanReport): void {
  if (objections.length === 0) return;
  const lines = objections.map((objection) => `  ✗ ${visible(objection)}`);
  printError([`a run of plan ${run} would stop before it writes anything:`, ...lines].join("\n"));
}

async function describePlan(
  job: Job,
  { summary, outcome, folder }: EndedRun,
  { watch, countsOnly }: { watch: Watch; countsOnly: boolean },
): Promise<PlanReport> {
  if (outcome === undefined) throw new Error("a plan was not made");
  const run = summary.run ?? "";
  return readPlan({
    job,
    run,
    next: summary.next,
    outcome,
    folder,
    waiting: summary.waiting ?? [],
    apiCalls: summary.apiCalls,
    warnings: watch.warnings,
    countsOnly,
  });
}

/** A job that could not begin: its file is wrong, its lock is held, its connection is missing. */
export function presentUnstarted(globals: Globals, file: string, error: unknown): void {
  const summary = unstartedSummary(file, error);
  if (globals.json) printOut(JSON.stringify(summary));
  tellSteps(summary);
  printFailure(error, { verbose: globals.verbose });
}

/** The summary of a job that is known, and could not begin: its failure is told by whoever catches it. */
export function printUnstarted(globals: Globals, job: string, { error, next }: { error: unknown; next: string }): void {
  const told = { ...unstartedSummary(job, error), next: withGivenFlags(commandIn(error) ?? next) };
  if (globals.json) printOut(JSON.stringify(told));
}

/** Does what may not be able to begin, by what a run has left. */
export async function orUnstarted<T>(
  globals: Globals,
  { job, id }: { job: string; id: string },
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    printUnstarted(globals, job, { error, next: `loadline show ${id}` });
    throw error;
  }
}

/** What the failure itself says to run next. */
function commandIn(error: unknown): string | undefined {
  return error instanceof Failure && error.next?.startsWith("loadline ") === true ? error.next : undefined;
}

export function unstartedSummary(file: string, error: unknown): RunSummary {
  return {
    run: null,
    job: file,
    status: "failed",
    streams: {},
    apiCalls: {},
    seconds: 0,
    exitCode: exitCodeOf(error),
    next: withGivenFlags(commandIn(error) ?? `loadline check ${quoteForShell(file)}`),
    error: explain(error),
  };
}
