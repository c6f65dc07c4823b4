// Time is the test's own here, so that minutes of pace take milliseconds and every turn's instant is known exactly.
// Several Pace objects on one file stand for several processes; pace-processes.test.ts has real ones.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turnOfLoop } from "node:timers/promises";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import * as clock from "../../src/core/clock.ts";
import { Pace, type PaceLimit } from "../../src/http/pace.ts";
import { casesOf } from "../support/cases.ts";
import { replace } from "../support/replaced.ts";

interface Sleeper {
  due: number;
  wake(): void;
}

/** `at` is the wall clock; `elapsed` goes on whatever is done to it. */
const time = { at: 1_800_000_000_000, elapsed: 0, sleepers: [] as Sleeper[] };

replace(clock, {
  now: () => new Date(time.at),
  monotonicMs: () => time.elapsed,
  wait: (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const sleeper = { due: time.elapsed + ms, wake: resolve };
      time.sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        time.sleepers = time.sleepers.filter((other) => other !== sleeper);
        reject(signal.reason);
      });
    }),
});

/** Lets time pass until nobody sleeps any more, or until so much of it has passed. */
async function passTime(untilElapsed = Number.POSITIVE_INFINITY): Promise<void> {
  for (;;) {
    await turnOfLoop();
    const next = Math.min(...time.sleepers.map(({ due }) => due));
    const reached = Math.min(next, untilElapsed);
    if (reached === Number.POSITIVE_INFINITY) return;
    time.at += reached - time.elapsed;
    time.elapsed = reached;
    if (next > untilElapsed) return;
    const woken = time.sleepers.filter(({ due }) => due <= reached);
    time.sleepers = time.sleepers.filter(({ due }) => due > reached);
    for (const { wake } of woken) wake();
  }
}

const never = new AbortController().signal;

function paceFile(): string {
  const folder = mkdtempSync(join(tmpdir(), "loadline-pace-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "pace.db");
}

function openPace(path: string, limit: PaceLimit): Pace {
  const pace = Pace.open(path, "4711:burst", limit);
  onTestFinished(() => pace[Symbol.dispose]());
  return pace;
}

/** Takes so many turns at once and notes when each came. */
function takeMany(pace: Pace, count: number, turns: number[]): void {
  for (let taken = 0; taken < count; taken += 1) void pace.take(never).then(() => turns.push(time.elapsed));
}

/** The most turns in any window, where a window is open at its end. */
function mostInWindow(turns: readonly number[], windowMs: number): number {
  const sorted = [...turns].sort((a, b) => a - b);
  let most = 0;
  for (let end = 0, start = 0; end < sorted.length; end += 1) {
    while ((sorted[end] ?? 0) - (sorted[start] ?? 0) >= windowMs) start += 1;
    most = Math.max(most, end - start + 1);
  }
  return most;
}

const professional = { calls: 190, windowMs: 10_000 };

test("no window has more turns than the limit, whoever asks and whenever", async () => {
  const limits = fc.record({ calls: fc.integer({ min: 1, max: 250 }), windowMs: fc.integer({ min: 50, max: 10_000 }) });
  const bursts = fc.array(
    fc.record({ process: fc.nat(2), count: fc.integer({ min: 1, max: 60 }), pauseMs: fc.nat(12_000) }),
    { minLength: 1, maxLength: 12 },
  );
  const path = paceFile();
  let names = 0;
  await fc.assert(
    fc.asyncProperty(limits, bursts, async (limit, load) => {
      names += 1;
      const paces = [0, 1, 2].map(() => Pace.open(path, String(names), limit));
      const turns: number[] = [];
      for (const { process, count, pauseMs } of load) {
        const pace = paces[process];
        if (pace !== undefined) takeMany(pace, count, turns);
        await passTime(time.elapsed + pauseMs);
      }
      await passTime();
      for (const pace of paces) pace[Symbol.dispose]();
      expect(turns).toHaveLength(load.reduce((sum, { count }) => sum + count, 0));
      expect(mostInWindow(turns, limit.windowMs)).toBeLessThanOrEqual(limit.calls);
    }),
    { numRuns: casesOf(60) },
  );
});

test("a long load of three processes uses nine tenths of the limit, evenly, and shares it", async () => {
  const path = paceFile();
  const started = time.elapsed;
  const shares = [0, 1, 2].map(() => [] as number[]);
  // Each process asks for its next turn when it has the last one, as a loop of calls does.
  const loops = shares.map(async (turns) => {
    const pace = openPace(path, professional);
    while (time.elapsed - started < 120_000) {
      await pace.take(never);
      turns.push(time.elapsed - started);
    }
  });
  await passTime();
  await Promise.all(loops);
  const turns = shares.flat().sort((a, b) => a - b);
  expect(turns.length / 12).toBeGreaterThan(0.9 * professional.calls);
  expect(mostInWindow(turns, professional.windowMs)).toBeLessThanOrEqual(professional.calls);
  const gaps = turns.slice(1).map((turn, index) => turn - (turns[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(120);
  for (const share of shares) expect(share.length / turns.length).toBeGreaterThan(0.3);
});

test.each([
  { calls: 5, windowMs: 1000 },
  { calls: 1, windowMs: 200 },
  { calls: 100, windowMs: 10_000 },
])("one process alone uses nine tenths of $calls calls in $windowMs ms", async (limit) => {
  const turns: number[] = [];
  const started = time.elapsed;
  takeMany(openPace(paceFile(), limit), limit.calls * 20, turns);
  await passTime();
  const windows = (time.elapsed - started) / limit.windowMs;
  expect(turns.length / windows).toBeGreaterThan(0.9 * limit.calls);
});

test("a short load does not wait, and is told how long a longer one did", async () => {
  const pace = openPace(paceFile(), professional);
  const waits = Array.from({ length: 49 }, () => pace.take(never));
  await passTime();
  const waited = await Promise.all(waits);
  expect(waited.slice(0, 47)).toEqual(Array(47).fill(0));
  expect(waited[47]).toBeGreaterThan(0);
  expect(waited[48]).toBeGreaterThan(waited[47] ?? 0);
});

test("who gives up is told so at once, counts nothing and holds up nobody", async () => {
  const pace = openPace(paceFile(), { calls: 1, windowMs: 1000 });
  await pace.take(never);
  const started = time.elapsed;
  const cancel = new AbortController();
  const abandoned = expect(pace.take(cancel.signal)).rejects.toThrow("stop");
  const next = pace.take(never);
  cancel.abort(new Error("stop"));
  await abandoned;
  expect(time.elapsed).toBe(started);
  await passTime();
  expect(await next).toBeLessThanOrEqual(1010);
  await expect(pace.take(AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
});

test("when the last one gives up, nothing sleeps any more", async () => {
  const pace = openPace(paceFile(), { calls: 1, windowMs: 1_000_000 });
  await pace.take(never);
  const cancel = new AbortController();
  const abandoned = expect(pace.take(cancel.signal)).rejects.toThrow("stop");
  await turnOfLoop();
  expect(time.sleepers).toHaveLength(1);
  cancel.abort(new Error("stop"));
  await abandoned;
  expect(time.sleepers).toHaveLength(0);
});

test("a hold stops all processes until its end, and is not followed by a burst", async () => {
  const path = paceFile();
  const [one, other] = [openPace(path, professional), openPace(path, professional)];
  const started = time.elapsed;
  const turns: number[] = [];
  takeMany(one, 80, turns);
  await passTime(started + 100);
  const before = turns.length;
  other.holdUntil(time.at + 5000);
  other.holdUntil(time.at + 1000);
  await passTime();
  expect(turns).toHaveLength(80);
  const [first = 0, second = 0] = turns.slice(before);
  expect(first).toBeGreaterThanOrEqual(started + 5100);
  expect(second - first).toBeGreaterThan(50);
});

test("a limit that the server told holds at once, for all processes and for those that open later", async () => {
  const path = paceFile();
  const [one, other] = [openPace(path, professional), openPace(path, professional)];
  const slow = { calls: 10, windowMs: 10_000 };
  other.adjust(slow);
  const turns: number[] = [];
  takeMany(one, 20, turns);
  await passTime();
  expect(mostInWindow(turns, slow.windowMs)).toBeLessThanOrEqual(slow.calls);
  const later: number[] = [];
  takeMany(openPace(path, professional), 30, later);
  await passTime();
  expect(mostInWindow(later, slow.windowMs)).toBeLessThanOrEqual(slow.calls);
});

test("the same limit told again and again changes nothing", async () => {
  const pace = openPace(paceFile(), professional);
  const turns: number[] = [];
  const started = time.elapsed;
  for (let taken = 0; taken < 400; taken += 1) {
    void pace.take(never).then(() => {
      turns.push(time.elapsed);
      pace.adjust(professional);
    });
  }
  await passTime();
  expect(turns.length / ((time.elapsed - started) / professional.windowMs)).toBeGreaterThan(0.9 * professional.calls);
});

test("a limit assumed anew counts while the server has said nothing", async () => {
  const path = paceFile();
  openPace(path, { calls: 1, windowMs: 100_000 });
  const turns: number[] = [];
  const started = time.elapsed;
  takeMany(openPace(path, professional), 100, turns);
  await passTime();
  expect(time.elapsed - started).toBeLessThan(10_000);
});

test("a clock that is set back delays no turn and allows none too many", async () => {
  const path = paceFile();
  const [one, other] = [openPace(path, professional), openPace(path, professional)];
  const turns: number[] = [];
  const started = time.elapsed;
  takeMany(one, 150, turns);
  takeMany(other, 150, turns);
  await passTime(started + 3000);
  time.at -= 3_600_000;
  await passTime(started + 6000);
  one.holdUntil(time.at + 500);
  time.at -= 3_600_000;
  await passTime();
  expect(turns).toHaveLength(300);
  expect(time.elapsed - started).toBeLessThan(20_000);
  expect(mostInWindow(turns, professional.windowMs)).toBeLessThanOrEqual(professional.calls);
});

test("names in one file do not know of each other", async () => {
  const path = paceFile();
  const search = Pace.open(path, "4711:search", { calls: 1, windowMs: 100_000 });
  onTestFinished(() => search[Symbol.dispose]());
  await search.take(never);
  expect(await openPace(path, professional).take(never)).toBe(0);
});

test("closing rejects who still waits", async () => {
  const pace = Pace.open(paceFile(), "4711:burst", { calls: 1, windowMs: 1000 });
  await pace.take(never);
  const waiting = expect(pace.take(never)).rejects.toThrow("the pace 4711:burst was closed");
  await turnOfLoop();
  pace[Symbol.dispose]();
  await waiting;
  expect(time.sleepers).toHaveLength(0);
});
