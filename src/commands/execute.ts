// One run as commands see it: watched while it goes on, presented when it has ended, then told to others. In: what to
// run. Out: how it ended. Must hold: whoever else is told of a run can't change how it ends; what can't be told is said.

import { explain } from "../core/errors.ts";
import { type EndedRun, executeRun, type RunRequest } from "../pipeline/runs/runs.ts";
import type { RunEvent } from "../report/events.ts";
import { printWarning } from "../report/output.ts";
import type { Follower } from "../telemetry/follower.ts";
import type { EndOfRun } from "./end-of-run.ts";
import type { Globals } from "./globals.ts";
import { presentRun, watchRun } from "./present.ts";

/** Somebody beside who asked for the run: a service, a file. */
interface Listener {
  /** As a warning names it. */
  name: string;
  wants: (end: EndOfRun) => boolean;
  /** Imported when it is wanted, so that other runs don't pay for it. */
  tell: (end: EndOfRun) => Promise<void>;
}

const collectors = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

const listeners: readonly Listener[] = [
  {
    name: "the report",
    wants: ({ request }) => request.job.report === true,
    tell: async (end) => (await import("./report.ts")).reportEndedRun(end),
  },
  {
    name: "metrics",
    wants: ({ globals, request }) => metricsPath(globals, request) !== undefined,
    tell: async ({ globals, request, ended }) =>
      (await import("../telemetry/metrics-file.ts")).writeMetrics(metricsPath(globals, request) ?? "", ended.summary),
  },
  // The last one: it waits for others.
  {
    name: "notify",
    wants: ({ request: { job, command, options } }) =>
      command !== "plan" ? isHeard(job) : options.reconcile !== undefined && job.notify.length > 0,
    tell: async (end) => (await import("./notify.ts")).tellEndOfRun(end),
  },
];

function isHeard({ notify, ping }: RunRequest["job"]): boolean {
  return notify.length > 0 || ping !== undefined;
}

/** A dry run loads nothing, and a rehearsal is nothing to watch over, but where that is asked for. */
function metricsPath({ metrics }: Globals, { command, job, options }: RunRequest): string | undefined {
  return metrics ?? (command !== "plan" && options.sandbox !== true ? job.metrics : undefined);
}

/** `isRecovery`: the run was not asked for, it recovers an earlier one. Throws as executeRun does. */
export async function execute(globals: Globals, request: RunRequest, isRecovery: boolean): Promise<EndedRun> {
  const watch = await watchRun(globals);
  const begun = tellBeginning(request);
  const followers = await openFollowers(request);
  const emit = (event: RunEvent) => {
    watch.consume(event);
    for (const { consume } of followers) consume(event);
  };
  const ended = await executeRun({ ...request, emit }).finally(() => watch.stop());
  await presentRun(globals, request.job, ended, watch, isRecovery);
  await begun;
  for (const { name, tell } of followers) await warnUnlessDone(name, ended, tell(ended.summary));
  await tellListeners({ globals, request, ended, orgs: watch.orgs });
  return ended;
}

/** Goes out while the run goes on; the end is told after it. */
async function tellBeginning(request: RunRequest): Promise<void> {
  if (request.command === "plan" || request.job.ping === undefined) return;
  try {
    await (await import("./notify.ts")).tellStart(request);
  } catch (error) {
    printWarning(`ping: ${explain(error)}`);
  }
}

async function tellListeners(end: EndOfRun): Promise<void> {
  for (const { name, wants, tell } of listeners) {
    if (!wants(end)) continue;
    await warnUnlessDone(name, end.ended, tell(end));
  }
}

async function warnUnlessDone(name: string, { summary }: EndedRun, done: Promise<void>): Promise<void> {
  await done.catch((error: unknown) => printWarning(`${name}: ${explain(error)}`, summary.run));
}

/** Who follows the run from its beginning; imported only where it is wanted. What can't be followed is told. */
async function openFollowers(request: RunRequest): Promise<Follower[]> {
  const { environment, command, job, options } = request;
  const isTraced = collectors.some((name) => (environment[name] ?? "") !== "");
  const hasLineage = command !== "plan" && options.sandbox !== true && job.lineage !== undefined;
  const opened = [
    isTraced ? import("../telemetry/traced-run.ts").then(({ traceRun }) => traceRun(environment)) : undefined,
    hasLineage ? import("../telemetry/lineage-run.ts").then(({ followLineage }) => followLineage(request)) : undefined,
  ];
  const followers: Follower[] = [];
  for (const one of await Promise.allSettled(opened)) {
    if (one.status === "rejected") printWarning(explain(one.reason));
    else if (one.value !== undefined) followers.push(one.value);
  }
  return followers;
}
