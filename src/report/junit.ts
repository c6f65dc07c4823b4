// Tests of jobs as JUnit's XML, as CI servers read it (https://github.com/testmoapp/junitxml): a suite for each job, a case
// for each test, its differences as the text of a failure. Must hold: it is well-formed whatever a value holds.

import { placeOf } from "../core/errors.ts";
import { type CaseDifference, isPassed, type JobTests, type TestedCase } from "./tests.ts";
import { showValue } from "./value-text.ts";

/** A job that could not be tested at all. */
export interface BrokenJob {
  file: string;
  problem: string;
}

export function writeJunit(jobs: readonly (JobTests | BrokenJob)[]): string {
  const suites = jobs.map((job) => ("problem" in job ? brokenSuite(job) : suite(job)));
  const all = jobs.flatMap((job) => ("problem" in job ? [] : job.cases));
  const failures = all.filter((one) => !isPassed(one)).length;
  const errors = jobs.filter((job) => "problem" in job).length;
  const counts = attributes({ name: "loadline test", tests: all.length + errors, failures, errors });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${counts}>\n${suites.join("")}</testsuites>\n`;
}

function suite({ file, job, cases, seconds }: JobTests): string {
  const failures = cases.filter((one) => !isPassed(one)).length;
  const head = attributes({ name: job, file, tests: cases.length, failures, errors: 0, time: seconds.toFixed(3) });
  const each = seconds / Math.max(1, cases.length);
  return `  <testsuite${head}>\n${cases.map((one) => testCase(one, job, file, each)).join("")}  </testsuite>\n`;
}

function brokenSuite({ file, problem }: BrokenJob): string {
  const head = attributes({ name: file, file, tests: 1, failures: 0, errors: 1 });
  const [message = ""] = problem.split("\n");
  return `  <testsuite${head}>
    <testcase${attributes({ name: file, classname: file })}>
      <error${attributes({ message })}>${escapeXml(problem)}</error>
    </testcase>
  </testsuite>\n`;
}

function testCase(one: TestedCase, job: string, file: string, seconds: number): string {
  const head = attributes({
    name: one.name,
    classname: `${job}.${one.stream}`,
    file,
    ...(one.place.line === undefined ? {} : { line: one.place.line }),
    time: seconds.toFixed(3),
  });
  if (isPassed(one)) return `    <testcase${head}/>\n`;
  const text = [
    placeOf(one.place),
    ...one.differences.map(describe),
    ...one.rejects.map(({ row, what }) => `rejected: row ${row + 1}: ${what}`),
  ];
  const message = describe(one.differences[0] as CaseDifference);
  return `    <testcase${head}>\n      <failure${attributes({ message })}>${escapeXml(text.join("\n"))}</failure>\n    </testcase>\n`;
}

function describe(difference: CaseDifference): string {
  const at = `${difference.list}, entry ${difference.index + 1}`;
  if (difference.kind !== "differs") {
    return `${at}: ${difference.kind === "missing" ? "did not come" : "came as well"}: ${difference.what}`;
  }
  const fields = difference.fields.map(
    ({ field, expected, came }) => `${field} expected ${showValue(expected)}, came ${showValue(came)}`,
  );
  return `${at}: ${fields.join("; ")}`;
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(
      ([name, value]) => ` ${name}="${escapeXml(String(value)).replaceAll('"', "&quot;").replaceAll("\n", "&#10;")}"`,
    )
    .join("");
}

/** XML 1.0 has no place for most control characters, written in whatever way. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}
