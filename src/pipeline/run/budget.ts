// What a run may use of an org and of the night: the job's `limits`. In: what was called so far, and what is about to be
// begun. Out: a refusal to begin it. What must hold: it is asked only before something new is begun, so that whatever
// is on its way is brought to its end and nothing is left in doubt by a limit.

import type { Target } from "../../contract/target.ts";
import type { BatchSize } from "../../contract/ways.ts";
import { monotonicMs } from "../../core/clock.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Limits } from "../../job/job.ts";
import type { LoadForecast } from "../../report/forecast.ts";
import { countOf, showCount } from "../../report/numbers.ts";

export interface BudgetInput {
  limits: Limits;
  /** By connection. */
  targets: ReadonlyMap<string, Target>;
  /** The commands that go on with the run (a plan is made anew), and that start it anew. */
  resumeCommand: string;
  runCommand: string;
  /** When this process began with the run, on the monotonic clock: a resumed run counts anew. */
  startedMs: number;
}

export class Budget {
  readonly #input: BudgetInput;
  /** Calls made when the first batch was begun, and what the batches begun since are expected to take. */
  #begun: { calls: number; forecast: number } | undefined;

  constructor(input: BudgetInput) {
    this.#input = input;
  }

  /** Throws where a limit is reached. */
  refuseIfReached(): void {
    const reached = this.#findReached(0);
    if (reached !== undefined) throw this.#failure(reached);
  }

  /** Notes that a batch is begun; or gives why it must not be. */
  begin(target: Target, batch: BatchSize): Failure | undefined {
    const calls = target.forecastCalls(batch);
    const reached = this.#findReached(calls, target);
    if (reached !== undefined) return this.#failure(reached);
    this.#begun ??= { calls: this.#calls(), forecast: 0 };
    this.#begun.forecast += calls;
    return undefined;
  }

  /** What a load would break, a sentence each. */
  objectTo(forecasts: readonly LoadForecast[]): string[] {
    const { apiCalls } = this.#input.limits;
    const needed = forecasts.reduce((sum, { calls }) => sum + calls, 0);
    if (needed === 0) return [];
    const whole = this.#calls() + needed;
    const broken: string[] = [];
    if (apiCalls !== undefined && whole > apiCalls) {
      broken.push(
        `the run would take about ${countOf(whole, "API call")}, at most ${showCount(apiCalls)} (limits.api_calls)`,
      );
    }
    for (const { connection, calls } of forecasts) {
      const short = this.#findShortOf(connection, calls);
      if (short !== undefined) broken.push(short);
    }
    return broken;
  }

  /** Throws where the load would not fit: known before anything is written. */
  refuseForecast(forecasts: readonly LoadForecast[]): void {
    const broken = this.objectTo(forecasts);
    if (broken.length === 0) return;
    throw new Failure(exitCode.tryLater, `stopped before anything was written: ${broken.join("; ")}`, {
      next: `${this.#input.runCommand}, once the limit named is raised in the job or the org has more calls left`,
    });
  }

  /** Calls that the job's limits and the day leave to a connection. */
  callsLeft(connection: string): number {
    const { limits, targets } = this.#input;
    const ofRun = limits.apiCalls === undefined ? Number.POSITIVE_INFINITY : limits.apiCalls - this.#calls();
    const allowance = targets.get(connection)?.allowance;
    if (allowance === undefined) return ofRun;
    const kept = Math.ceil((allowance.max * (limits.reserve ?? 0)) / 100);
    return Math.min(ofRun, allowance.max - allowance.used - kept);
  }

  #calls(): number {
    return [...this.#input.targets.values()].reduce((sum, { apiCalls }) => sum + apiCalls, 0);
  }

  /** `more`: calls that what is about to be begun takes. */
  #findReached(more: number, of?: Target): string | undefined {
    const { limits, targets, startedMs } = this.#input;
    const minutes = (monotonicMs() - startedMs) / 60_000;
    if (limits.minutes !== undefined && minutes >= limits.minutes) {
      return `${countOf(limits.minutes, "minute")} have passed (limits.minutes)`;
    }
    const begun = this.#begun === undefined ? 0 : this.#begun.calls + this.#begun.forecast;
    const calls = Math.max(this.#calls(), begun);
    if (limits.apiCalls !== undefined && (calls >= limits.apiCalls || calls + more > limits.apiCalls)) {
      return `${countOf(this.#calls(), "API call")} made, at most ${showCount(limits.apiCalls)} (limits.api_calls)`;
    }
    for (const [name, target] of targets) {
      if (of !== undefined && of !== target) continue;
      const short = this.#findShortOf(name, Math.max(1, more));
      if (short !== undefined) return short;
    }
    return undefined;
  }

  /** Whether so many calls would reach into what is left to others. */
  #findShortOf(connection: string, calls: number): string | undefined {
    const { reserve } = this.#input.limits;
    const allowance = this.#input.targets.get(connection)?.allowance;
    if (allowance === undefined || (reserve === undefined && allowance.share === undefined)) return undefined;
    const left = allowance.max - allowance.used;
    const kept = Math.ceil((allowance.max * (reserve ?? 0)) / 100);
    if (left - calls >= kept) return undefined;
    const share = allowance.share === undefined ? "" : ` that are its share (limits.daily, ${allowance.share} %)`;
    const reserved = reserve === undefined ? "" : ` ${reserve} % of all are for others (limits.reserve),`;
    return (
      `${connection} has ${showCount(Math.max(0, left))} of ${countOf(allowance.max, "API call")} of the day left${share},` +
      `${reserved} and ${showCount(calls)} are wanted`
    );
  }

  #failure(reached: string): Failure {
    return new Failure(exitCode.tryLater, `a limit of the job is reached: ${reached}`, {
      why: "what was begun has been brought to its end, nothing new was begun",
      next: this.#input.resumeCommand,
    });
  }
}
