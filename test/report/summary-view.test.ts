import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Failure } from "../../src/core/errors.ts";
import { exitCode } from "../../src/core/exit-code.ts";
import { renderLines } from "../../src/report/lines.ts";
import { reasonLines } from "../../src/report/reject-reasons.ts";
import { renderSummary } from "../../src/report/summary-view.ts";
import { plain, summaryOf } from "./plans.ts";

const folder = join(process.cwd(), ".loadline/runs/20261120-201455-contacts-7f3a");

describe("a summary", () => {
  test("of a loaded run shows status, counts that are not all zero, effort, rejects and what to run next", () => {
    const summary = summaryOf({
      accounts: { extracted: 1000, creates: 210, unchanged: 790, loaded: 210 },
      contacts: { extracted: 18_204, rejected: 12, creates: 1402, unchanged: 16_790, loaded: 1399, failed: 3 },
    });
    expect(renderSummary({ summary, folder, error: undefined }, plain)).toBe(
      `loaded  20261120-201455-contacts-7f3a

  stream    extracted  rejected  creates  unchanged  loaded  failed
  accounts      1,000         0      210        790     210       0
  contacts     18,204        12    1,402     16,790   1,399       3

42 s, 17 API calls to salesforce
Rejects: 15 rows in .loadline/runs/20261120-201455-contacts-7f3a/rejects/contacts.csv
Next: loadline show 20261120-201455-contacts-7f3a`,
    );
  });

  test("that is too wide for the screen has a column a stream", () => {
    const counts = { extracted: 1000, creates: 210, updates: 5, unchanged: 785, loaded: 215 };
    const summary = summaryOf({ accounts: counts, contacts: { ...counts, extracted: 12_000 } });
    const text = renderSummary({ summary, folder, error: undefined }, { width: 50, color: false });
    expect(text.split("\n").slice(2, 8)).toEqual([
      "  stream     accounts  contacts",
      "  extracted     1,000    12,000",
      "  creates         210       210",
      "  updates           5         5",
      "  unchanged       785       785",
      "  loaded          215       215",
    ]);
  });

  test("of many streams on a narrow screen is folded, each part with the names of the counts", () => {
    const streams = Object.fromEntries(
      Array.from({ length: 6 }, (_, index) => [`stream-${index}`, { extracted: index }]),
    );
    const counts = Object.fromEntries(
      Object.entries(streams).map(([name, some]) => [name, { ...some, creates: 1, updates: 1, loaded: 1 }]),
    );
    const text = renderSummary({ summary: summaryOf(counts), folder, error: undefined }, { width: 44, color: false });
    const heads = text.split("\n").filter((line) => line.includes("stream-"));
    expect(heads).toEqual(["  stream     stream-0  stream-1  stream-2", "  stream     stream-3  stream-4  stream-5"]);
  });

  test("of a failed run leaves the failure, and what it says to do next, to stderr", () => {
    const error = new Failure(exitCode.signIn, "the sign-in was refused", {
      where: { file: join(process.cwd(), "connections.yaml"), line: 3 },
      why: "invalid_grant",
      next: "correct auth of salesforce",
    });
    const summary = summaryOf({}, { status: "failed", apiCalls: {}, seconds: 0.31, exitCode: exitCode.signIn });
    expect(renderSummary({ summary, folder, error }, plain)).toBe(`failed  20261120-201455-contacts-7f3a

0.3 s`);
  });

  test("of a defect says what to run next, for the failure does not", () => {
    const summary = summaryOf({}, { status: "failed", exitCode: exitCode.failed, next: "loadline resume" });
    const text = renderSummary({ summary, folder, error: new Error("x is undefined") }, plain);
    expect(text.endsWith("\n\n42 s, 17 API calls to salesforce\nNext: loadline resume")).toBe(true);
  });

  test("counts rejects by reason, the most frequent first and ten at most, each with an example", () => {
    const rejectReasons = Array.from({ length: 12 }, (_, index) => ({
      field: `F${index}`,
      rule: "required",
      count: 100 - index,
      example: `a.csv, line ${index}: \u001b[2J has no value`,
    }));
    const summary = summaryOf({ contacts: { extracted: 1200, rejected: 1134 } });
    const { contacts } = summary.streams;
    const streams = contacts === undefined ? {} : { contacts: { ...contacts, rejectReasons } };
    const lines = renderSummary({ summary: { ...summary, streams }, folder, error: undefined }, plain).split("\n");
    expect(lines.slice(4, 8)).toEqual([
      "",
      "Rejected of contacts, by reason:",
      "  rows  field  rule      e.g.",
      "   100  F0     required  a.csv, line 0: ␛[2J has no value",
    ]);
    expect(lines.filter((line) => line.includes("required"))).toHaveLength(10);
    expect(lines).toContain("  … and 2 more reasons");
  });

  test("of a job that could not begin names the job", () => {
    const text = renderSummary(
      { summary: summaryOf({}, { run: null, status: "failed" }), folder, error: undefined },
      plain,
    );
    expect(text.split("\n")[0]).toBe("failed  contacts");
  });
});

test("an example of a reject is never cut: it says what is wrong", () => {
  const short = { field: "Email", rule: "email", count: 2, example: 'a.csv, line 3: "x" is not an email address' };
  const long = { ...short, field: "Seen__c", rule: "type", example: `a.csv, line 4: ${"why ".repeat(30)}end` };
  const text = renderLines(reasonLines([short, long], "Rejected, by reason:"), { width: 60, color: false });
  expect(text).toContain(short.example);
  expect(text).toContain(long.example);
  expect(text).not.toContain("…");
});
