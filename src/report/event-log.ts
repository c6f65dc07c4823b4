// events.jsonl of a run folder: one line an event, with its time, credentials redacted; a log that was cut in the middle is
// read up to there.

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { now } from "../core/clock.ts";
import { redactSecrets } from "../core/secret.ts";
import type { Emit, RunEvent } from "./events.ts";

export function logEvents(folder: string): Emit {
  const path = join(folder, "events.jsonl");
  return (event: RunEvent) => {
    if (event.type === "progress") return;
    const line = JSON.stringify({ time: now().toISOString(), ...event });
    appendFileSync(path, `${redactSecrets(line)}\n`, { mode: 0o600 });
  };
}

export type LoggedEvent = RunEvent & { time: string };

export function* readLog(folder: string): Generator<LoggedEvent> {
  const path = join(folder, "events.jsonl");
  if (!existsSync(path)) return;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const event = parseEvent(line);
    if (event !== undefined) yield event;
  }
}

/** A process that was killed may have left half a line. */
function parseEvent(line: string): LoggedEvent | undefined {
  try {
    return JSON.parse(line) as LoggedEvent;
  } catch {
    return undefined;
  }
}
