// One crash at one place: a run that kills itself at its n-th failpoint, taken up again, judged by the oracle.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Finished } from "../support/rig.ts";
import { countEndedRuns } from "./batch-states.ts";
import { kindOf, type Lane, type LoadMode, resume } from "./load.ts";
import { isClean, type Verdict } from "./oracle.ts";
import { openVerb, type Verb, type VerbLoad } from "./verbs.ts";

/** What a person, or cron, does after a crash: `run` gives the same command once more. */
export type Continuation = "resume" | "run";

export interface CrashCase {
  mode: LoadMode;
  /** `run` where it is not said. */
  verb?: Verb;
  /** `<name>:<hit>` or `*:<hit>`. */
  failpoint: string;
  continuation: Continuation;
  /** Where the first attempt to go on is killed as well. */
  second?: string;
  /** Rows of a batch; fewer make more batches. */
  batchRows?: number;
}

export interface CrashResult {
  case: CrashCase;
  kills: number;
  /** Names of the failpoints that the last command came to. */
  returnHits: string[];
  verdict: Verdict;
  /** Set when the load did not come to its end. */
  problem?: string;
}

/** The failpoints that an undisturbed run hits, in their order. */
export async function countFailpoints(lane: Lane, mode: LoadMode, verb?: Verb): Promise<string[]> {
  await using load = await openVerb(lane, verb, mode);
  const folder = mkdtempSync(join(tmpdir(), "loadline-failpoints-"));
  const log = join(folder, "hits");
  try {
    const finished = await load.run(load.begin, { LOADLINE_FAILPOINT_LOG: log });
    if (finished.code !== 0 && finished.code !== 10) throw new Error(`the undisturbed run failed:\n${finished.stderr}`);
    return readFileSync(log, "utf8").trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function crashAndGoOn(lane: Lane, crash: CrashCase): Promise<CrashResult> {
  await using load = await openVerb(lane, crash.verb, crash.mode, crash.batchRows);
  const log = load.project.path("hits");
  let kills = 0;
  const killed = await load.run(load.begin, { LOADLINE_FAILPOINT: crash.failpoint });
  if (killed.signal === "SIGKILL") kills += 1;
  if (crash.second !== undefined) {
    const again = await goOn(load, crash.continuation, { LOADLINE_FAILPOINT: crash.second });
    if (again.signal === "SIGKILL") kills += 1;
  }
  const last = await goOn(load, crash.continuation, { LOADLINE_FAILPOINT_LOG: log });
  const returnHits = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
  return { case: crash, kills, returnHits, ...(await judgeEnd(load, crash, last)) };
}

/** One load that is killed again and again, each command at another failpoint, and judged at its end. */
export interface CrashChain {
  mode: LoadMode;
  verb?: Verb;
  failpoints: readonly string[];
  /** What follows on each kill. */
  continuation: Continuation;
  batchRows?: number;
}

export interface ChainResult {
  /** The failpoints at which a command was killed. */
  killedAt: string[];
  /** Names of all failpoints that the commands came to. */
  hits: string[];
  verdict: Verdict;
  /** Set when the load did not come to its end. */
  problem?: string;
}

/**
 * As many kills as `crashAndGoOn` has cases, for the cost of one load: a kill's command is short. Where a chain ends wrong,
 * `npm run crash:sweep` says by which step.
 */
export async function crashInTurn(lane: Lane, chain: CrashChain): Promise<ChainResult> {
  await using load = await openVerb(lane, chain.verb, chain.mode, chain.batchRows);
  const log = { LOADLINE_FAILPOINT_LOG: load.project.path("hits") };
  const killedAt: string[] = [];
  for (const [index, failpoint] of chain.failpoints.entries()) {
    const env = { ...log, LOADLINE_FAILPOINT: failpoint };
    const killed = index === 0 ? await load.run(load.begin, env) : await goOn(load, chain.continuation, env);
    if (killed.signal === "SIGKILL") killedAt.push(failpoint);
  }
  const last = await goOn(load, chain.continuation, log);
  const end = await judgeEnd(load, chain, last);
  return { killedAt, hits: load.project.read("hits").trim().split("\n"), ...end };
}

async function goOn(load: VerbLoad, continuation: Continuation, env?: Record<string, string>): Promise<Finished> {
  if (continuation === "run") return load.run(load.begin, env);
  const resumed = await load.run(resume, env);
  // It may have been killed before there was a run.
  const isUnbegun = resumed.stderr.includes("nothing to resume") && countEndedRuns(load.project) === load.endedBefore;
  return isUnbegun ? load.run(load.begin, env) : resumed;
}

async function judgeEnd(
  load: VerbLoad,
  { mode, verb = "run", continuation }: Pick<CrashCase, "mode" | "verb" | "continuation">,
  last: Finished,
): Promise<Pick<CrashResult, "verdict" | "problem">> {
  const replanned = continuation === "run";
  // What `run` tells is of its own plan, not of the one that it recovered.
  const verdict = await load.judge({ replanned, ...(replanned || last.stdout === "" ? {} : { last }) });
  // A run that recovers an insert finds the same file again, and says so (4); a plan that was written is not again (7).
  const isAgain = verb === "apply" ? last.code === 7 : kindOf(mode) === "insert" && last.code === 4;
  // What the org refuses is drift that a repair leaves; who comes after its end is not told so.
  const isLeft = verb === "repair" && !last.stderr.includes("nothing to resume");
  const isDone = last.code === (isLeft ? 10 : 0) || (replanned && isAgain);
  const problem = isDone ? await load.checkEnd() : `exit ${last.code ?? last.signal}: ${last.stderr}`;
  return { verdict, ...(problem === undefined ? {} : { problem }) };
}

export function describeCase({ mode, verb = "run", failpoint, continuation, second }: CrashCase): string {
  return `${verb} ${mode}, killed at ${failpoint}${second === undefined ? "" : ` and at ${second}`}, then ${continuation}`;
}

/** What is wrong with a result, or undefined. */
export function complaint(result: CrashResult): string | undefined {
  if (result.problem === undefined && isClean(result.verdict)) return undefined;
  return `${describeCase(result.case)}: ${JSON.stringify(result.verdict)} ${result.problem ?? ""}`;
}
