// What a report tells of a run's events.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readEvents } from "../../src/pipeline/tools/read-events.ts";

const at = (second: number, event: object) =>
  JSON.stringify({ time: `2026-11-20T20:14:${String(second).padStart(2, "0")}.000Z`, ...event });

test("a step takes until its stream goes on; one that was killed did not end, and half a line is left out", () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-events-"));
  const lines = [
    at(0, { type: "step-started", stream: "a", step: "extract" }),
    at(2, { type: "step-started", stream: "a", step: "diff" }),
    at(2, { type: "step-started", stream: "b", step: "extract" }),
    at(5, { type: "planned", stream: "a", warnings: 7 }),
    at(6, { type: "retry", message: "again" }),
    at(7, { type: "step-started", stream: "a", step: "load" }),
    at(9, { type: "warning", message: "half a" }).slice(0, 60),
    at(20, { type: "run-started" }),
    at(21, { type: "step-started", stream: "a", step: "load" }),
    at(25, { type: "run-ended" }),
  ];
  writeFileSync(join(folder, "events.jsonl"), `${lines.join("\n")}\n`);
  const told = readEvents(folder);
  rmSync(folder, { recursive: true });
  expect(told.timings.map(({ stream, step, seconds }) => [stream, step, seconds])).toEqual([
    ["a", "extract", 2],
    ["a", "diff", 3],
    ["b", "extract", null],
    ["a", "load", null],
    ["a", "load", 4],
  ]);
  expect(told.notices).toEqual([{ time: "2026-11-20T20:14:06.000Z", kind: "retry", message: "again" }]);
  expect(told.warnings.get("a")).toBe(7);
});
