// What a run told while it went on, from its events.jsonl. In: the run folder. Out: warnings, retries, and how long each
// step took. What must hold: a step that did not come to its end is told so; a log that was cut in the middle is read up
// to there.

import { type LoggedEvent, readLog } from "../../report/event-log.ts";
import type { PageNotice, PageTiming } from "../../report/html/page.ts";

export interface ToldEvents {
  notices: PageNotice[];
  timings: PageTiming[];
  /** Rows with a warning, by stream. */
  warnings: Map<string, number>;
}

const kinds = { warning: "warning", retry: "retry", "rows-resent": "resent" } as const;

export function readEvents(folder: string): ToldEvents {
  const told: ToldEvents = { notices: [], timings: [], warnings: new Map() };
  const open = new Map<string, PageTiming>();
  for (const event of readLog(folder)) {
    const { time } = event;
    if (event.type === "warning" || event.type === "retry" || event.type === "rows-resent") {
      told.notices.push({ time, kind: kinds[event.type], message: event.message });
    }
    if (event.type === "planned") told.warnings.set(event.stream, event.warnings);
    // What an earlier process had under way ended with it, when nobody knows.
    if (event.type === "run-started") open.clear();
    for (const stream of endedBy(event, open)) endStep(open, stream, time);
    if (event.type !== "step-started") continue;
    const timing: PageTiming = { stream: event.stream, step: event.step, started: time, seconds: null };
    told.timings.push(timing);
    open.set(event.stream, timing);
  }
  return told;
}

/** As progress shows it: a step is over when its stream goes on, is planned or settled, or when the run ends. */
function endedBy(event: LoggedEvent, open: ReadonlyMap<string, PageTiming>): string[] {
  switch (event.type) {
    case "step-started":
    case "planned":
    case "stream-settled":
      return [event.stream];
    case "run-ended":
      return [...open.keys()];
    default:
      return [];
  }
}

function endStep(open: Map<string, PageTiming>, stream: string, time: string): void {
  const timing = open.get(stream);
  if (timing === undefined) return;
  timing.seconds = (Date.parse(time) - Date.parse(timing.started)) / 1000;
  open.delete(stream);
}
