// What came of a case against what it expects. In: a result. Out: what differs, entry by entry. Must hold: an entry is
// compared by what it names and by nothing else, as the target stores it; a list is compared as a whole.

import type { Target } from "../../../contract/target.ts";
import { mappedName, renderedName } from "../../../core/columns.ts";
import type { FieldSchema } from "../../../core/model.ts";
import type { Problem } from "../../../core/problem.ts";
import { literal } from "../../../core/sql.ts";
import { type Job, readingOf, writesFile } from "../../../job/job.ts";
import type { CellValue, ExpectedChange, ExpectedReject, GivenRow } from "../../../job/test-case.ts";
import { dots } from "../../../report/reject-reasons.ts";
import type { CaseDifference, FieldDifference } from "../../../report/tests.ts";
import type { Engine } from "../../../stage/engine.ts";
import type { CompiledStream } from "../../compile/compiled-stream.ts";
import { isKeyHidden } from "../../diff/diff-input.ts";
import type { CaseResult, CaseRow } from "./case-results.ts";
import type { TriedChange } from "./tried-rows.ts";

export interface Judge {
  engine: Engine;
  target: Target;
  job: Job;
}

export async function compareCase(judge: Judge, result: CaseResult): Promise<CaseDifference[]> {
  const { of } = result;
  return [
    ...(of.expect === undefined ? [] : await compareRows(judge, result, of.expect)),
    ...(of.expectRejects === undefined ? [] : compareRejects(result, of.expectRejects)),
    ...(of.expectPlan === undefined ? [] : await comparePlan(judge, result, of.expectPlan)),
  ];
}

/** Rows that come out: mapped, and neither filtered, left to another one nor rejected. */
export function rowsOut({ rows }: CaseResult): CaseRow[] {
  return rows.filter(({ state }) => state !== "rejected" && state !== "duplicate");
}

async function compareRows(judge: Judge, result: CaseResult, expected: readonly GivenRow[]): Promise<CaseDifference[]> {
  const came = rowsOut(result);
  const differences: CaseDifference[] = [];
  for (const [index, row] of expected.entries()) {
    const found = came[index];
    if (found === undefined) {
      differences.push({
        kind: "missing",
        list: "expect",
        index,
        place: row.place,
        what: showCells(result, row.cells),
      });
      continue;
    }
    const fields = [...row.cells].map(([name, after]) => [name, { after }] as const);
    const cameOf = (name: string) => found.values.get(name) ?? null;
    const wrong = await compareFields(judge, result.compiled, fields, { after: cameOf, before: () => null });
    if (wrong.length > 0) {
      differences.push({ kind: "differs", list: "expect", index, place: row.place, row: found.index, fields: wrong });
    }
  }
  for (const [index, row] of came.entries()) {
    if (index < expected.length) continue;
    const what = showCells(result, row.values);
    differences.push({ kind: "unexpected", list: "expect", index, place: result.of.place, row: row.index, what });
  }
  return differences;
}

function compareRejects({ of, rows }: CaseResult, expected: readonly ExpectedReject[]): CaseDifference[] {
  const rejected = rows.filter(({ rejects }) => rejects.length > 0);
  const used = new Set<Problem>();
  const named = new Set<CaseRow>();
  const differences: CaseDifference[] = [];
  for (const [index, reject] of expected.entries()) {
    const free = rejected.flatMap((row) => row.rejects.map((problem) => ({ row, problem })));
    // A row that none has named yet goes before a second reject of one.
    const fitting = free.filter(({ problem }) => !used.has(problem) && fits(problem, reject));
    const found = fitting.find(({ row }) => !named.has(row)) ?? fitting[0];
    if (found === undefined) {
      const what = showReject(reject);
      differences.push({ kind: "missing", list: "expect_rejects", index, place: reject.place, what });
      continue;
    }
    used.add(found.problem);
    named.add(found.row);
  }
  for (const row of rejected) {
    if (named.has(row)) continue;
    const what = row.rejects.map(showProblem).join("; ");
    const list = "expect_rejects";
    differences.push({ kind: "unexpected", list, index: expected.length, place: of.place, row: row.index, what });
  }
  return differences;
}

function fits({ field, rule, message }: Problem, expected: ExpectedReject): boolean {
  if (expected.field !== undefined && expected.field.toLowerCase() !== field.toLowerCase()) return false;
  if (expected.rule !== undefined && expected.rule !== rule) return false;
  return expected.message === undefined || message.includes(expected.message);
}

/** What a plan would do with the rows of a case, in their order, then what it would delete for want of a row. */
export function changesOf({ rows, mirrorDeletes, compiled }: CaseResult): PlannedOutcome[] {
  const own = rows.flatMap((row): PlannedOutcome[] => {
    if (row.change !== undefined) return [{ ...row.change, row: row.index }];
    if (row.state !== "unchanged") return [];
    const key = compiled.stream.target.key.map((name) => row.values.get(name) ?? "").join(", ");
    return [{ action: "unchanged", key, id: null, fields: [], row: row.index }];
  });
  return [...own, ...mirrorDeletes];
}

export interface PlannedOutcome extends Omit<TriedChange, "action"> {
  action: TriedChange["action"] | "unchanged";
  row?: number;
}

async function comparePlan(
  judge: Judge,
  result: CaseResult,
  expected: readonly ExpectedChange[],
): Promise<CaseDifference[]> {
  const came = changesOf(result);
  const list = "expect_plan";
  const differences: CaseDifference[] = [];
  for (const [index, change] of expected.entries()) {
    const found = came[index];
    if (found === undefined) {
      differences.push({ kind: "missing", list, index, place: change.place, what: showExpectedChange(result, change) });
      continue;
    }
    const wrong: FieldDifference[] = [];
    const compare = (field: string, wanted: string | undefined, is: string | null) => {
      if (wanted !== undefined && wanted !== is) wrong.push({ field, expected: wanted, came: is });
    };
    const isHidden = isKeyHidden(result.compiled);
    compare("action", change.action, found.action);
    if (!isHidden) compare("key", change.key, found.key);
    else if (change.key !== undefined && change.key !== found.key)
      wrong.push({ field: "key", expected: dots, came: "another one" });
    compare("id", change.id, found.id);
    const cameOf = (when: "before" | "after") => (name: string) =>
      found.fields.find(({ field }) => field === name)?.[when] ?? null;
    const values = { before: cameOf("before"), after: cameOf("after") };
    wrong.push(...(await compareFields(judge, result.compiled, [...change.fields], values)));
    const row = found.row === undefined ? {} : { row: found.row };
    if (wrong.length > 0)
      differences.push({ kind: "differs", list, index, place: change.place, ...row, fields: wrong });
  }
  for (const [index, change] of came.entries()) {
    if (index < expected.length) continue;
    const row = change.row === undefined ? {} : { row: change.row };
    const what = showChange(result, change);
    differences.push({ kind: "unexpected", list, index, place: result.of.place, ...row, what });
  }
  return differences;
}

async function compareFields(
  judge: Judge,
  compiled: CompiledStream,
  fields: readonly (readonly [string, { before?: CellValue; after?: CellValue }])[],
  came: Record<"before" | "after", (name: string) => string | null>,
): Promise<FieldDifference[]> {
  const wrong: FieldDifference[] = [];
  for (const [written, expected] of fields) {
    const name = mappedAs(compiled, written);
    const isHidden = compiled.redacted.has(name.toLowerCase());
    for (const when of ["before", "after"] as const) {
      const wanted = expected[when];
      if (wanted === undefined) continue;
      const is = came[when](name);
      // A file keeps an empty text and no value apart.
      const isNothing = wanted === "" && !writesFile(compiled.stream.target.mode);
      if (wanted === is || (isNothing && is === null)) continue;
      if (wanted !== null && is !== null && (await storedAs(judge, compiled, name, wanted)) === is) continue;
      const field = when === "after" ? written : `${written} before`;
      wrong.push(isHidden ? { field, expected: dots, came: "another value" } : { field, expected: wanted, came: is });
    }
  }
  return wrong;
}

/** A parent is known by the name of its key, and named as the job does. */
export function mappedAs({ fields, fieldSchemas }: CompiledStream, written: string): string {
  if (fieldSchemas.has(written)) return written;
  return fields.find(({ field }) => field.parent?.field === written)?.field.target ?? written;
}

/** What the target would hold of a value: `1.50` is `1.5`, a time is one of UTC. */
async function storedAs(
  { engine, target, job }: Judge,
  { fieldSchemas, fields }: CompiledStream,
  name: string,
  value: string,
): Promise<string | undefined> {
  const schema: FieldSchema | undefined = fieldSchemas.get(name);
  const mapped = fields.find(({ field }) => field.target === name)?.field;
  if (schema === undefined || mapped === undefined) return undefined;
  const column = mappedName(name);
  const rendered = target.render(schema, column, "VARCHAR", readingOf(job, mapped));
  const isWrong = rendered.invalid?.condition ?? "false";
  const written = renderedName(name);
  const { stored } = await engine.one(`SELECT CASE WHEN ${isWrong} THEN NULL ELSE ${written} END AS stored
    FROM (SELECT *, ${rendered.value} AS ${written} FROM (SELECT ${literal(value)} AS ${column}))`);
  return stored === null ? undefined : String(stored);
}

type Shown = readonly (readonly [string, CellValue])[];

/** Without the values that are never shown. */
function showCells({ compiled }: CaseResult, cells: Iterable<readonly [string, CellValue]>): string {
  return [...cells]
    .filter(([, value]) => value !== null)
    .map(([name, value]) => {
      const isHidden = compiled.redacted.has(mappedAs(compiled, name).toLowerCase());
      return `${name}: ${isHidden ? dots : value}`;
    })
    .join(", ");
}

function showReject({ field, rule, message }: ExpectedReject): string {
  const said = message === undefined ? undefined : `"${message}"`;
  return [field, rule, said].filter((part) => part !== undefined).join(": ");
}

export function showProblem({ field, rule, message }: Problem): string {
  return [field, rule, message.replaceAll("(hidden)", dots)].filter((part) => part !== "").join(": ");
}

function showChange(result: CaseResult, { action, key, fields }: PlannedOutcome): string {
  return showAction(
    result,
    action,
    key,
    fields.map(({ field, before, after }) => [field, action === "delete" ? before : after]),
  );
}

function showExpectedChange(result: CaseResult, { action, key, fields }: ExpectedChange): string {
  return showAction(
    result,
    action,
    key ?? null,
    [...fields].map(([name, { after }]) => [name, after ?? null]),
  );
}

function showAction(result: CaseResult, action: string, key: string | null, fields: Shown): string {
  const name = key === null ? "" : ` ${isKeyHidden(result.compiled) ? dots : key}`;
  const cells = showCells(result, fields);
  return `${action}${name}${cells === "" ? "" : `: ${cells}`}`;
}
