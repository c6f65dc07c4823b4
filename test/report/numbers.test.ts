import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { countOf, showBytes, showCount, showDuration, showTime } from "../../src/report/numbers.ts";
import { repository } from "../support/child.ts";

test("counts have thousands separators, and a noun that agrees", () => {
  expect([showCount(0), showCount(1234), showCount(1_234_567)]).toEqual(["0", "1,234", "1,234,567"]);
  expect([countOf(1, "row"), countOf(2000, "row"), countOf(0, "batch", "batches")]).toEqual([
    "1 row",
    "2,000 rows",
    "0 batches",
  ]);
});

test("no message puts a noun behind a number by itself: one of them would be 1 records", () => {
  const nouns =
    "arguments|batches|bytes|calls|cells|changes|columns|days|lines|problems|records|results|rows|runs|values";
  // Limits are many, and a rate has no singular.
  const counted = new RegExp(`\\$\\{(?!countOf\\()[^{}]*(?<!Max|KeptDays)\\} (?:more )?(?:${nouns})\\b(?!/)`, "g");
  const src = join(repository, "src");
  const paths = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  const told = paths
    .filter((path) => !path.startsWith("sandbox/"))
    .flatMap((path) => readFileSync(join(src, path), "utf8").match(counted) ?? [])
    .map((template) => template.slice("${".length));
  // No numbers: what a mode does, a policy, and the mark of a file, which nobody reads.
  expect(told.sort()).toEqual(["does} records", "policy} changes", "there.bytes} bytes"]);
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [12_345, "12 kB"],
  [999_600, "1.0 MB"],
  [1_450_000_000, "1.4 GB"],
  [5e15, "5000 TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(showBytes(bytes)).toBe(text);
});

test.each([
  [0.04, "0.0 s"],
  [9.94, "9.9 s"],
  [9.96, "10 s"],
  [59.4, "59 s"],
  [59.6, "1 min 00 s"],
  [185, "3 min 05 s"],
  [3599.6, "1 h 00 min"],
  [7384, "2 h 03 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(showDuration(seconds)).toBe(text);
});

test("a time is shown to the minute, in UTC", () => {
  expect(showTime("2026-11-20T20:14:55.123Z")).toBe("2026-11-20 20:14");
});
