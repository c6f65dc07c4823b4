// Steps under way where no line can be drawn again: cron, CI, a file. A line for each of them every 10 s.

import type { Screen } from "./output.ts";
import { type Drawing, describeProgress, lineStart, type StepState } from "./steps.ts";
import { visible } from "./visible-text.ts";

const tickMs = 10_000;

export function openLines(screen: Screen): Drawing {
  const active = new Set<StepState>();
  let timer: NodeJS.Timeout | undefined;
  const print = (line: string) => {
    screen.write(`${line}\n`);
  };
  const tick = () => {
    for (const step of active) {
      const { amount, rate, time, detail } = describeProgress(step);
      const told = [amount, rate, time, detail].filter((part) => part !== "").join(", ");
      print(visible(`${lineStart(" ", step.step, step.stream)}${told}`));
    }
  };
  return {
    start(step) {
      active.add(step);
      timer ??= setInterval(tick, tickMs).unref();
    },
    end(step, line) {
      active.delete(step);
      print(line);
    },
    print,
    stop() {
      clearInterval(timer);
      timer = undefined;
      active.clear();
    },
  };
}
