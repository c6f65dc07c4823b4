// What the command line asks of a run. In: flags, and the job that they are about. Out: the run's options. Must hold: a
// flag that would change nothing is refused by name, for who gives it expects something of it.

import type { RunOptions } from "../checkpoint/ledger.ts";
import { usageFailure } from "../core/errors.ts";
import { suggest } from "../core/suggest.ts";
import type { Job, Stream } from "../job/job.ts";
import { readKeysFile } from "../job/keys-file.ts";
import { readInstant } from "../job/object-source.ts";
import type { PlanForm } from "../report/plan-form.ts";
import type { Globals } from "./globals.ts";

export interface RunFlags {
  sandbox?: boolean;
  schema?: string;
  streams?: string;
  limit?: number;
  keys?: string;
  from?: string;
  to?: string;
  fresh?: boolean;
  again?: boolean;
  adopt?: boolean;
  yes?: boolean;
  dryRun?: boolean;
  detailedExitcode?: boolean;
  all?: boolean;
  /** Of a plan: the file that it is written to. */
  out?: string;
  /** Files of public keys: who may read that file. */
  encryptTo?: string[];
  format?: PlanForm;
  formatOut?: string;
}

/** Whatever the job. Throws a Failure (2). */
export function refuseUseless(globals: Globals, flags: RunFlags, command: "plan" | "run"): void {
  const ofPlans = { "--all": flags.all, "--detailed-exitcode": flags.detailedExitcode };
  const [wrong] = Object.entries(ofPlans).find(([, given]) => given === true) ?? [];
  if (wrong !== undefined && command === "run")
    throw usageFailure(`${wrong} is of a plan, and this run loads`, { next: "add --dry-run, or use loadline plan" });
  if (flags.all === true && globals.json) {
    throw usageFailure("--all lists changes for people: with --json there is one object a job", {
      next: "loadline show latest --changes --json lists them, once the plan is made",
    });
  }
  if (flags.limit === 0) {
    throw usageFailure("--limit 0 takes no row", { next: "give the number of rows, or leave --limit out to take all" });
  }
}

/** Throws a Failure (2) for what the job has no use for. */
export function optionsOf(job: Job, flags: RunFlags): RunOptions {
  const streams = readStreams(job, flags.streams);
  const taken = job.streams.filter(({ name }) => streams === undefined || streams.includes(name));
  const window = readWindow(flags);
  if (window.from !== undefined || window.to !== undefined) refuseWithoutWindow(taken, job);
  if (flags.again === true) refuseNothingAgain(taken);
  if (flags.adopt === true && job.twin === undefined)
    throw usageFailure("--adopt is for a job with a twin", { where: { file: job.file }, next: "leave it out" });
  return {
    ...(streams === undefined ? {} : { streams }),
    ...(flags.limit === undefined ? {} : { limit: flags.limit }),
    ...(flags.keys === undefined ? {} : { keys: readKeysFile(flags.keys) }),
    ...window,
    ...(flags.fresh === true ? { fresh: true } : {}),
    ...(flags.again === true ? { again: true } : {}),
    ...(flags.adopt === true ? { adopt: true } : {}),
    ...(flags.yes === true ? { yes: true } : {}),
    ...(flags.sandbox === true ? { sandbox: true } : {}),
  };
}

export function readStreams(job: Job, text: string | undefined): string[] | undefined {
  const streams = text?.split(",").map((name) => name.trim());
  // What makes records for a stream goes with it.
  const names = job.streams.flatMap(({ name, madeFor }) => (madeFor === undefined ? [name] : []));
  const unknown = streams?.find((name) => !names.includes(name));
  if (unknown === undefined) return streams;
  const meant = suggest(unknown, names);
  throw usageFailure(`job ${job.name} has no stream ${unknown === "" ? '""' : unknown}`, {
    where: { file: job.file },
    next: meant === undefined ? `streams: ${names.join(", ")}` : `did you mean ${meant}?`,
  });
}

function readWindow(flags: RunFlags): Pick<RunOptions, "from" | "to"> {
  const read = (name: "from" | "to"): string | undefined => {
    const text = flags[name];
    const instant = text === undefined ? undefined : readInstant(text);
    if (text === undefined || instant !== undefined) return instant;
    throw usageFailure(`--${name} ${text} is no date or time`, { next: "e.g. 2026-01-31 or 2026-01-31T08:00:00Z" });
  };
  const from = read("from");
  const to = read("to");
  if (from !== undefined && to !== undefined && from >= to) throw usageFailure("--from is not before --to");
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function hasWindow({ source }: Stream): boolean {
  return source.kind === "object" && source.incremental !== undefined;
}

/** Of a stream without one, all would be taken, whatever the time. */
function refuseWithoutWindow(streams: readonly Stream[], { streams: all }: Job): void {
  const without = streams.find((stream) => !hasWindow(stream));
  if (without === undefined) return;
  const incremental = all.filter(hasWindow).map(({ name }) => name);
  const others = incremental.length === 0 ? "" : `, or take those that are: --streams ${incremental.join(",")}`;
  const { name, source } = without;
  const why = source.kind === "files" ? "takes files" : "is not incremental";
  throw usageFailure(`stream ${name} ${why}: it has no window that --from and --to could choose`, {
    where: source.place,
    next: `leave them out${source.kind === "files" ? "" : ", add source.incremental"}${others}`,
  });
}

function refuseNothingAgain(streams: readonly Stream[]): void {
  if (streams.some(({ target }) => target.mode === "insert")) return;
  throw usageFailure("--again is for mode insert, and none of the streams that are taken is in it", {
    next: "leave it out: what other modes write is compared with what is there",
  });
}
