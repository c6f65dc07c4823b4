// Steps under way as lines that move at the bottom of a terminal. Loaded only where there is one.
// What must hold: the cursor is never hidden and line wrapping never switched off, so that even a killed run leaves the
// terminal as it was.

import { MultiBar, type Options, type SingleBar } from "cli-progress";
import type { Screen } from "./output.ts";
import { type Drawing, describeProgress, lineStart, type StepState } from "./steps.ts";
import { cutText, displayWidth, visible } from "./visible-text.ts";

const options: Options = {
  fps: 8,
  clearOnComplete: true,
  // Signals are the program's: it stops at a checkpoint, then ends the progress.
  gracefulExit: false,
  hideCursor: false,
  linewrap: true,
};

const clearToEndOfLine = "\u001b[K";

export function openBars(screen: Screen): Drawing {
  const bars = new Map<StepState, SingleBar>();
  let drawn: MultiBar | undefined;
  const print = (line: string) => {
    if (drawn === undefined) screen.write(`${line}\n`);
    else drawn.log(`${line}${clearToEndOfLine}\n`);
  };
  const stop = () => {
    // Prints what is still to be printed.
    drawn?.update();
    drawn?.stop();
    drawn = undefined;
    bars.clear();
  };
  return {
    start(step) {
      drawn ??= new MultiBar({ ...options, stream: screen, format: formatStep });
      bars.set(step, drawn.create(1, 0, { step }));
    },
    end(step, line) {
      const bar = bars.get(step);
      bars.delete(step);
      print(line);
      if (bars.size === 0) stop();
      else if (bar !== undefined) drawn?.remove(bar);
    },
    print,
    stop,
  };
}

const barColumnsMin = 6;
const barColumnsMax = 20;
const percentColumns = 6;

/** On a narrow terminal the bar shrinks first, then what tells least goes: detail, rate, amount. */
function formatStep(_options: Options, { maxWidth }: { maxWidth: number }, { step }: { step: StepState }): string {
  const { amount, rate, time, detail } = describeProgress(step);
  const start = visible(lineStart(" ", step.step, step.stream));
  const total = step.progress?.total ?? 0;
  const share = total === 0 ? undefined : Math.min(1, (step.progress?.done ?? 0) / total);
  const room = maxWidth - 1 - displayWidth(start) - (share === undefined ? 0 : barColumnsMin + percentColumns);
  let told = "";
  for (const part of [time, amount, rate, detail].filter((text) => text !== "")) {
    const longer = `${told}  ${visible(part)}`;
    if (displayWidth(longer) > room) break;
    told = longer;
  }
  const bar =
    share === undefined ? "" : drawBar(share, Math.min(barColumnsMax, barColumnsMin + room - displayWidth(told)));
  return cutText(start + (share === undefined ? told.trimStart() : bar + told), maxWidth - 1);
}

function drawBar(share: number, columns: number): string {
  const full = Math.floor(share * columns);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `${"█".repeat(full)}${"░".repeat(columns - full)} ${percent} %`;
}
