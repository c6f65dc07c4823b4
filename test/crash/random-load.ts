// One load under random fire: killed again and again, at random moments and at random steps, while the org drops
// answers and refuses calls, until a command comes to its end. Then the oracle judges.

import { wait } from "../../src/core/clock.ts";
import { countEndedRuns, type KillState, killStates, statesAtKill } from "./batch-states.ts";
import { type Lane, type Load, type LoadMode, resume } from "./load.ts";
import type { Verdict } from "./oracle.ts";
import { openVerb, type Verb } from "./verbs.ts";

/** 5 % of the calls take effect and are never answered; 5 % are refused, in four ways. */
export const faults = ["* /services/**", "* /crm/**"].flatMap((match) => [
  { match, rate: 0.05, do: { reset: "after" } },
  { match, rate: 0.0125, do: { status: 503, headers: { "Retry-After": "0" } } },
  { match, rate: 0.0125, do: { status: 429, headers: { "Retry-After": "0" } } },
  { match, rate: 0.0125, do: { status: 503 } },
  // HubSpot's own refusal would hold up all that work on the account for ten seconds.
  { match, rate: 0.0125, do: { status: match.includes("crm") ? 423 : 429 } },
]);

/** Kills of one load at most: the command after them runs to its end. */
const usualKillsMax = 8;
/** About as long as an undisturbed command takes; a kill beyond the end is none. */
const runMs = 1600;
/** Nothing of ours runs before. */
const startMs = 250;
/** The share of kills at a step by name, so that the short states are met too. */
const armedShare = 0.6;

const stepsOf: Record<KillState, readonly string[]> = {
  intent: ["intent", "opened"],
  handle: ["handle", "uploaded"],
  committed: ["committed", "closed", "inspected"],
  fetching: ["fetched", "stored"],
};

export interface RandomResult {
  mode: LoadMode;
  kills: number;
  /** Kills at which a batch was in this state. */
  states: Record<KillState, number>;
  verdict: Verdict;
  /** Set when the load did not come to its end. */
  problem?: string;
}

export async function loadUnderFire(
  lane: Lane,
  mode: LoadMode,
  draw: () => number,
  verb: Verb = "run",
  killsMax = usualKillsMax,
): Promise<RandomResult> {
  await using load = await openVerb(lane, verb, mode);
  await lane.sandbox.setFaults(faults);
  const result = { mode, kills: 0, states: { intent: 0, handle: 0, committed: 0, fetching: 0 } };
  let args: readonly string[] = load.begin;
  for (let attempt = 1; ; attempt += 1) {
    const last = result.kills < killsMax ? await runAndKill(load, args, draw) : await load.run(args);
    if (last.signal === "SIGKILL") {
      result.kills += 1;
      for (const state of statesAtKill(load.project)) result.states[state] += 1;
      args = resume;
      continue;
    }
    const hasNothing = last.stderr.includes("nothing to resume");
    if (hasNothing && countEndedRuns(load.project) === load.endedBefore) {
      // Killed before there was a run.
      args = load.begin;
      continue;
    }
    // Too many answers in a row were dropped: that is for a later `resume`.
    if (last.code === 75 && attempt < 3 * usualKillsMax) {
      args = resume;
      continue;
    }
    const told = last.code === 0 && last.stdout !== "" ? { last } : {};
    await lane.sandbox.setFaults([]);
    const problem = last.code === 0 ? await load.checkEnd() : `exit ${last.code}: ${last.stderr}`;
    const verdict = await load.judge({ replanned: false, ...told });
    return { ...result, verdict, ...(problem === undefined ? {} : { problem }) };
  }
}

function runAndKill(load: Load, args: readonly string[], draw: () => number): ReturnType<Load["run"]> {
  if (draw() < armedShare) {
    const state = killStates[Math.floor(draw() * killStates.length)] ?? "intent";
    const steps = stepsOf[state];
    const step = steps[Math.floor(draw() * steps.length)] ?? "";
    return load.run(args, { LOADLINE_FAILPOINT: `${step}:${1 + Math.floor(draw() * 6)}` });
  }
  const delayMs = startMs + draw() * (runMs - startMs);
  const running = load.start(args);
  const stop = new AbortController();
  const kill = wait(delayMs, stop.signal).then(
    () => running.child.kill("SIGKILL"),
    () => false,
  );
  return running.finished.finally(() => {
    stop.abort();
    return kill;
  });
}
