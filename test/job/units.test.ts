import { describe, expect, test } from "vitest";
import { parseBytes, parseDuration, parseLock, parseThreshold } from "../../src/job/units.ts";

describe("quantities", () => {
  test.each([
    ["250ms", 250],
    ["30s", 30_000],
    ["10m", 600_000],
    ["12h", 43_200_000],
    ["14d", 1_209_600_000],
    ["2w", 1_209_600_000],
    ["0s", 0],
  ])("the duration %s is %d milliseconds", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [1234, 1234],
    ["12B", 12],
    ["5KB", 5000],
    ["50MB", 50_000_000],
    ["50 MB", 50_000_000],
    ["1GB", 1_000_000_000],
    ["5KiB", 5120],
    ["50MiB", 52_428_800],
    ["1GiB", 1_073_741_824],
  ])("the size %s is %d bytes", (value, bytes) => {
    expect(parseBytes(value)).toBe(bytes);
  });

  test("a threshold is a percentage or a number of rows", () => {
    expect(parseThreshold("2%")).toEqual({ percent: 2 });
    expect(parseThreshold("0.5%")).toEqual({ percent: 0.5 });
    expect(parseThreshold(0)).toEqual({ count: 0 });
  });

  test("a lock fails, skips or waits", () => {
    expect(["fail", "skip", "wait 10m"].map(parseLock)).toEqual([
      { kind: "fail" },
      { kind: "skip" },
      { kind: "wait", ms: 600_000 },
    ]);
  });
});
