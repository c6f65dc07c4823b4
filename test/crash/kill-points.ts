// One crash at one place: a run that kills itself at its n-th failpoint, taken up again, judged by the oracle.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Finished } from "../support/rig.ts";
import { type Lane, type Load, type LoadMode, openLoad, resume, runJob } from "./load.ts";
import { isClean, type Verdict } from "./oracle.ts";

/** What a person, or cron, does after a crash. */
export type Continuation = "resume" | "run";

export interface CrashCase {
  mode: LoadMode;
  /** `<name>:<hit>` or `*:<hit>`. */
  failpoint: string;
  continuation: Continuation;
  /** Where the first attempt to go on is killed as well. */
  second?: string;
}

export interface CrashResult {
  case: CrashCase;
  kills: number;
  verdict: Verdict;
  /** Set when the load did not come to its end. */
  problem?: string;
}

/** The failpoints that an undisturbed run hits, in their order. */
export async function countFailpoints(lane: Lane, mode: LoadMode): Promise<string[]> {
  await using load = await openLoad(lane, mode);
  const folder = mkdtempSync(join(tmpdir(), "loadline-failpoints-"));
  const log = join(folder, "hits");
  try {
    const finished = await load.run(runJob, { LOADLINE_FAILPOINT_LOG: log });
    if (finished.code !== 0) throw new Error(`the undisturbed run failed:\n${finished.stderr}`);
    return readFileSync(log, "utf8").trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function crashAndGoOn(lane: Lane, crash: CrashCase): Promise<CrashResult> {
  await using load = await openLoad(lane, crash.mode);
  let kills = 0;
  const killed = await load.run(runJob, { LOADLINE_FAILPOINT: crash.failpoint });
  if (killed.signal === "SIGKILL") kills += 1;
  if (crash.second !== undefined) {
    const again = await load.run(resume, { LOADLINE_FAILPOINT: crash.second });
    if (again.signal === "SIGKILL") kills += 1;
  }
  const finished = await goOn(load, crash.continuation);
  const verdict = await load.judge();
  // The last command says nothing of rows that an earlier one settled: the summary is judged where it loaded the run.
  const told = finished.stdout === "" || crash.continuation === "run" ? undefined : await load.judge(finished);
  const problem = await findProblem(load, finished);
  return { case: crash, kills, verdict: told ?? verdict, ...(problem === undefined ? {} : { problem }) };
}

/** `run` after a crash plans anew what an insert has loaded already: it says so and stops (4), with the load complete. */
function goOn(load: Load, continuation: Continuation): Promise<Finished> {
  return load.run(continuation === "run" ? runJob : resume);
}

async function findProblem(load: Load, finished: Finished): Promise<string | undefined> {
  const insertedBefore = load.mode === "insert" && finished.code === 4;
  if (finished.code === 0 || insertedBefore) return undefined;
  return `exit ${finished.code ?? finished.signal}: ${finished.stderr}`;
}

export function describeCase({ mode, failpoint, continuation, second }: CrashCase): string {
  return `${mode}, killed at ${failpoint}${second === undefined ? "" : ` and at ${second}`}, then ${continuation}`;
}

/** What is wrong with a result, or undefined. */
export function complaint(result: CrashResult): string | undefined {
  if (result.problem === undefined && isClean(result.verdict)) return undefined;
  return `${describeCase(result.case)}: ${JSON.stringify(result.verdict)} ${result.problem ?? ""}`;
}
