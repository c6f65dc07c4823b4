// The steps that are under way, as both kinds of progress show them. In: events. Out: the state of each step and its
// text. What must hold: a step ends exactly once, when its stream goes on, is planned or settled, or when the run ends.

import { monotonicMs } from "../core/clock.ts";
import type { RunEvent, Step } from "./events.ts";
import { countOf, showBytes, showCount, showDuration } from "./numbers.ts";

export interface StepState {
  stream: string;
  step: Step;
  startedMs: number;
  /** Undefined before the first progress; some steps have none. */
  progress: Progressed | undefined;
}

/** How the steps under way are drawn. */
export interface Drawing {
  start(step: StepState): void;
  /** The step is over; the line tells how. */
  end(step: StepState, line: string): void;
  /** Prints a line above what moves. */
  print(line: string): void;
  /** Takes away what moves. */
  stop(): void;
}

type Progressed = Omit<Extract<RunEvent, { type: "progress" }>, "type" | "stream" | "step">;

export interface StepChange {
  started?: StepState;
  ended: StepState[];
}

export class Steps {
  #active: StepState[] = [];

  consume(event: RunEvent): StepChange {
    switch (event.type) {
      case "step-started":
        return { ended: this.#end(event.stream), started: this.#start(event.stream, event.step) };
      case "progress":
        return this.#progress(event);
      case "planned":
      case "stream-settled":
        return { ended: this.#end(event.stream) };
      case "run-ended":
        return { ended: this.#end() };
      default:
        return { ended: [] };
    }
  }

  #start(stream: string, step: Step): StepState {
    const state = { stream, step, startedMs: monotonicMs(), progress: undefined };
    this.#active.push(state);
    return state;
  }

  /** The snapshot is read within the diff: it is started by its first progress. */
  #progress(event: Extract<RunEvent, { type: "progress" }>): StepChange {
    const known = this.#active.find(({ stream, step }) => stream === event.stream && step === event.step);
    const state = known ?? this.#start(event.stream, event.step);
    state.progress = event;
    return known === undefined ? { ended: [], started: state } : { ended: [] };
  }

  #end(stream?: string): StepState[] {
    const ended = this.#active.filter((state) => stream === undefined || state.stream === stream);
    this.#active = this.#active.filter((state) => !ended.includes(state));
    // What was begun within a step ends before it.
    return ended.reverse();
  }
}

/** Mark, step and stream, so that the lines of all steps are aligned. */
export function lineStart(mark: string, step: string, stream: string): string {
  return `${mark} ${step.padEnd(8)}  ${stream}  `;
}

/** "1.2 GB of 2.0 GB", "18,204 of 90,000 rows" */
function describeAmount({ progress }: StepState): string {
  if (progress === undefined) return "";
  const { done, total, unit } = progress;
  if (unit === "bytes") return total === undefined ? showBytes(done) : `${showBytes(done)} of ${showBytes(total)}`;
  return total === undefined ? countOf(done, "row") : `${showCount(done)} of ${countOf(total, "row")}`;
}

export interface ProgressText {
  amount: string;
  rate: string;
  /** Time left, or time gone where that can't be known. */
  time: string;
  detail: string;
}

/** What is not known is empty. */
export function describeProgress(state: StepState): ProgressText {
  const seconds = (monotonicMs() - state.startedMs) / 1000;
  const { progress } = state;
  const rate = progress === undefined || seconds < rateSecondsMin ? 0 : progress.done / seconds;
  const left = progress?.total === undefined || rate === 0 ? undefined : (progress.total - progress.done) / rate;
  return {
    amount: describeAmount(state),
    rate: progress === undefined || rate === 0 ? "" : showRate(rate, progress.unit),
    time: left === undefined ? showDuration(seconds) : `ETA ${left < 60 ? `${Math.ceil(left)} s` : showDuration(left)}`,
    detail: progress?.detail ?? "",
  };
}

/** Before this a rate is chance. */
const rateSecondsMin = 0.5;

function showRate(rate: number, unit: "bytes" | "rows"): string {
  return unit === "bytes" ? `${showBytes(rate)}/s` : `${showCount(Math.round(rate))} rows/s`;
}

/** "2.1 GB in 58 s"; of a step that broke off "1.0 GB of 2.1 GB in 30 s". */
export function describeEnd(state: StepState, isDone: boolean): string {
  const { progress } = state;
  const duration = showDuration((monotonicMs() - state.startedMs) / 1000);
  if (progress === undefined) return duration;
  if (!isDone) return `${describeAmount(state)} in ${duration}`;
  const done = progress.unit === "bytes" ? showBytes(progress.done) : countOf(progress.done, "row");
  return `${done} in ${duration}`;
}
