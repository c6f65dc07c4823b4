// A run on stderr where machines read it: each event as a line of JSON, with its time and the run. Progress comes as often as
// it does where a person reads lines: at most every 10 s for each step.

import { monotonicMs } from "../core/clock.ts";
import type { RunEvent } from "./events.ts";
import { printEvent } from "./output.ts";
import type { Progress } from "./progress.ts";

const progressMsMin = 10_000;

export function openEventLines(): Progress {
  let run: string | null = null;
  const toldMs = new Map<string, number>();
  const isTooSoon = (event: RunEvent): boolean => {
    if (event.type !== "progress") return false;
    const step = `${event.stream} ${event.step}`;
    const atMs = monotonicMs();
    const last = toldMs.get(step);
    // The first one starts the time: a step that is over by then needs none.
    if (last === undefined || atMs - last >= progressMsMin) toldMs.set(step, atMs);
    return last === undefined || atMs - last < progressMsMin;
  };
  return {
    consume(event) {
      if (event.type === "run-started") run = event.run;
      if (!isTooSoon(event)) printEvent(event, run);
    },
    stop: () => undefined,
  };
}
