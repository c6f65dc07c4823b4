// Tests of jobs for people. In: how they ended. Out: lines: a sum for each job, and of each case that failed what was
// expected beside what came.

import { placeOf } from "../core/errors.ts";
import { type Line, type Look, renderLines, sentence } from "./lines.ts";
import { countOf } from "./numbers.ts";
import { type CaseDifference, type FieldDifference, isPassed, type JobTests, type TestedCase } from "./tests.ts";
import { showValue } from "./value-text.ts";
import { displayWidth, padEnd } from "./visible-text.ts";

export function renderTests(tests: JobTests, look: Look, isVerbose: boolean): string {
  const { file, cases, seconds } = tests;
  const failed = cases.filter((one) => !isPassed(one));
  const shown = isVerbose ? cases : failed;
  const sum =
    failed.length === 0
      ? `${countOf(cases.length, "test")} passed`
      : `${failed.length} of ${countOf(cases.length, "test")} failed`;
  const lines: Line[] = [
    ...shown.flatMap((one) => [...caseLines(one, look.width), ...(isPassed(one) ? [] : [[""]])]),
    [
      { text: failed.length === 0 ? "✓ " : "✗ ", tone: failed.length === 0 ? "good" : "alarm" },
      { text: `${file}: ${sum} in ${seconds.toFixed(1)} s`, whole: true },
    ],
  ];
  return renderLines(lines, look);
}

function caseLines(one: TestedCase, width: number): Line[] {
  if (isPassed(one)) return [[{ text: "✓ ", tone: "good" }, one.name]];
  return [
    [
      { text: "✗ ", tone: "alarm" },
      { text: one.name, tone: "strong" },
      { text: `  ${placeOf(one.place)}`, tone: "faint", whole: true },
    ],
    ...one.differences.flatMap((difference) => differenceLines(difference, width)),
    ...rejectLines(one, width),
  ];
}

function differenceLines(difference: CaseDifference, width: number): Line[] {
  const { list, index, row } = difference;
  const of = row === undefined ? "" : `, of row ${row + 1}`;
  const title: Line = [{ text: `    ${list}, entry ${index + 1}${of}`, tone: "faint" }];
  if (difference.kind === "differs") return [title, ...fieldLines(difference.fields)];
  const [sign, said] =
    difference.kind === "missing" ? (["- ", "did not come: "] as const) : (["+ ", "came as well: "] as const);
  const tone = difference.kind === "missing" ? ("delete" as const) : ("create" as const);
  return [title, ...sentence({ text: `      ${sign}`, tone }, said + difference.what, width, tone)];
}

function fieldLines(fields: readonly FieldDifference[]): Line[] {
  const widest = Math.max(...fields.map(({ field }) => displayWidth(field)));
  return fields.flatMap(({ field, expected, came }): Line[] => [
    [`      ${padEnd(field, widest)}  `, { text: `- ${showValue(expected)}`, tone: "delete", whole: true }],
    [`      ${" ".repeat(widest)}  `, { text: `+ ${showValue(came)}`, tone: "create", whole: true }],
  ]);
}

/** Why a row is not among those that come out. */
function rejectLines({ rejects, differences }: TestedCase, width: number): Line[] {
  if (rejects.length === 0 || differences.every(({ list }) => list === "expect_rejects")) return [];
  const lines = rejects.flatMap(({ row, what }) => sentence(`      row ${row + 1} `, what, width));
  return [[{ text: "    rejected", tone: "faint" }], ...lines];
}

/** One object for a job, for scripts. */
export function testsJson({ file, job, cases, seconds }: JobTests, exitCode: number): object {
  return {
    job,
    file,
    ok: cases.every(isPassed),
    passed: cases.filter(isPassed).length,
    failed: cases.filter((one) => !isPassed(one)).length,
    seconds,
    cases: cases.map((one) => ({
      name: one.name,
      stream: one.stream,
      line: one.place.line ?? null,
      ok: isPassed(one),
      differences: one.differences.map(({ place: _, ...rest }) => rest),
    })),
    exitCode,
  };
}
