// What a person sees while a run goes on, on stderr. In: events. Out: moving bars on a terminal; elsewhere a line every
// 10 s, and one when a step ends. What must hold: nothing moves, ticks or is hidden after `stop`, however the run ended.

import { redactSecrets } from "../core/secret.ts";
import type { Emit, RunEvent } from "./events.ts";
import { type Line, renderLine, sentence } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import { canMove, lookOf, type Screen } from "./output.ts";
import { countActions, describeActions } from "./plan.ts";
import { openLines } from "./progress-lines.ts";
import { describeEnd, lineStart, type StepState, Steps } from "./steps.ts";

export interface Progress {
  consume: Emit;
  /** Takes away what moves. May be called at any time and again. */
  stop(): void;
}

export interface ProgressOptions {
  /** stderr. */
  screen: Screen;
  /** False after --no-color. */
  color: boolean;
  /** Prints retries, sign-ins and the states of batches too. */
  verbose: boolean;
}

export async function openProgress({ screen, color, verbose }: ProgressOptions): Promise<Progress> {
  const render = (line: Line) => redactSecrets(renderLine(line, lookOf(screen, color)));
  const drawing = canMove(screen) ? (await import("./progress-bars.ts")).openBars(screen) : openLines(screen);
  const steps = new Steps();
  const consume = (event: RunEvent) => {
    const { started, ended } = steps.consume(event);
    for (const step of ended) drawing.end(step, render(endLine(step, event.type !== "run-ended")));
    if (started !== undefined) drawing.start(started);
    for (const line of eventLines(event, verbose, lookOf(screen, color).width)) drawing.print(render(line));
    if (event.type === "run-ended") drawing.stop();
  };
  return { consume, stop: () => drawing.stop() };
}

function endLine(step: StepState, isDone: boolean): Line {
  const mark = isDone ? "✓" : "✗";
  return [
    { text: mark, tone: isDone ? "good" : "alarm" },
    lineStart("", step.step, step.stream),
    describeEnd(step, isDone),
  ];
}

function eventLines(event: RunEvent, verbose: boolean, width: number): Line[] {
  switch (event.type) {
    case "run-started":
      return [[{ text: `run ${event.run}`, tone: "faint" }]];
    case "recovering":
      return [[`recovering run ${event.run}`]];
    case "planned": {
      const actions = describeActions(countActions([event]), showCount);
      return [[lineStart(" ", "plan", event.stream), actions.join(", ") || "no rows"]];
    }
    case "rows-resent":
      return [[lineStart(" ", "load", event.stream), event.message]];
    case "warning":
      return sentence({ text: "! ", tone: "caution" }, event.message, width);
    default:
      return verbose ? verboseLines(event) : [];
  }
}

function verboseLines(event: RunEvent): Line[] {
  switch (event.type) {
    case "connected":
      return [[{ text: `  connected to ${event.connection}, org ${event.org}`, tone: "faint" }]];
    case "retry":
      return [[{ text: `  retry: ${event.message}`, tone: "faint" }]];
    case "batch": {
      const { stream, number, of, state, rows, handle, message } = event;
      const told = [countOf(rows, "row"), handle, message].filter((part) => part !== null).join(", ");
      return [[{ text: `  batch ${number} of ${of} of ${stream}: ${state}, ${told}`, tone: "faint" }]];
    }
    default:
      return [];
  }
}
