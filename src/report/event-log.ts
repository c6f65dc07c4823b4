// events.jsonl of a run folder: one line an event, with its time, credentials redacted.

import { appendFileSync } from "node:fs";
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
