import { expect, test, vi } from "vitest";
import type { Target } from "../../src/contract/target.ts";
import type { BatchSize } from "../../src/contract/ways.ts";
import { Budget } from "../../src/pipeline/run/budget.ts";
import { describeForecast, type LoadForecast } from "../../src/report/forecast.ts";

const commands = { resumeCommand: "loadline resume r1", runCommand: "loadline run a.yaml" };

function bulk(rows: number): BatchSize {
  return { via: "bulk", rows, operation: "insert", parents: 0, replaced: 0 };
}

/** A target that takes a call for every row. */
function target(apiCalls: number, allowance?: { used: number; max: number }) {
  return { apiCalls, allowance, forecastCalls: ({ rows }: BatchSize) => rows } as unknown as Target & {
    apiCalls: number;
  };
}

test("minutes stop what is new once they have passed, and not before", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const org = target(0);
    const budget = new Budget({ limits: { minutes: 45 }, targets: new Map([["org", org]]), ...commands, startedMs: 0 });
    vi.advanceTimersByTime(45 * 60_000 - 1);
    budget.refuseIfReached();
    expect(budget.begin(org, bulk(1))).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(() => budget.refuseIfReached()).toThrow("45 minutes have passed (limits.minutes)");
    expect(budget.begin(org, bulk(1))).toMatchObject({ exitCode: 75, next: "loadline resume r1" });
  } finally {
    vi.useRealTimers();
  }
});

test("batches in flight count with what they are expected to take", () => {
  const org = target(10);
  const budget = new Budget({ limits: { apiCalls: 30 }, targets: new Map([["org", org]]), ...commands, startedMs: 0 });
  expect([budget.begin(org, bulk(9)), budget.begin(org, bulk(9))]).toEqual([undefined, undefined]);
  expect(budget.begin(org, bulk(9))?.message).toContain("at most 30 (limits.api_calls)");
  expect(budget.begin(org, bulk(2))).toBeUndefined();
});

test("a load that fits exactly is begun, to its last batch", () => {
  const org = target(10, { used: 10, max: 100 });
  const limits = { apiCalls: 40, reserve: 60 };
  const budget = new Budget({ limits, targets: new Map([["org", org]]), ...commands, startedMs: 0 });
  const forecast: LoadForecast = { connection: "org", calls: 30, jobs: 3, allowance: null };
  expect(budget.objectTo([forecast])).toEqual([]);
  for (const _ of [1, 2, 3]) expect(budget.begin(org, bulk(10))).toBeUndefined();
  expect(budget.objectTo([{ ...forecast, calls: 31 }])).toHaveLength(2);
  expect(budget.objectTo([{ ...forecast, calls: 0 }])).toEqual([]);
});

test.each([
  [{ calls: 9, jobs: 2, allowance: { used: 18, max: 5000 } }, "0.2 % of today's allowance (4,982 of 5,000 left)"],
  [{ calls: 9, jobs: 2, allowance: { used: 18, max: 90_000 } }, "less than 0.1 % of today's allowance"],
  [{ calls: 9, jobs: 2, allowance: { used: 60, max: 50 } }, "18 % of today's allowance (0 of 50 left)"],
])("a forecast %j ends with %s", (forecast, text) => {
  const shown = describeForecast({ connection: "org", ...forecast }, true, {});
  expect(shown).toMatch(/^forecast: 9 calls a run, 9 of them to load \(2 bulk jobs\), /);
  expect(shown).toContain(text);
  expect(describeForecast({ connection: "org", ...forecast, jobs: 0, allowance: null }, false, { org: 4 })).toBe(
    "forecast to org: 13 calls a run, 9 of them to load",
  );
});
