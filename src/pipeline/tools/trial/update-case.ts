// What a case that failed would have to expect. In: what came of it. Out: edits of its lists, and what they change, for
// people. Must hold: a value under `redact` is neither written nor shown: such a difference is left, and named.

import type { ExpectedList, NewEntry, TestEdit } from "../../../job/edit-tests.ts";
import type { CellValue } from "../../../job/test-case.ts";
import type { CaseDifference, FieldDifference } from "../../../report/tests.ts";
import { isKeyHidden } from "../../diff/diff-input.ts";
import type { CaseResult } from "./case-results.ts";
import { changesOf, mappedAs, type PlannedOutcome, rowsOut } from "./compare-case.ts";
import type { JudgedCase } from "./run-tests.ts";

export interface CaseUpdate {
  edits: TestEdit[];
  /** A line for each entry. */
  changed: string[];
  /** What is left as it is, and why. */
  left: string[];
}

export function updateCase({ result, differences }: JudgedCase): CaseUpdate {
  const update: CaseUpdate = { edits: [], changed: [], left: [] };
  for (const [list, own] of Map.groupBy(differences, (one) => one.list)) updateList(result, list, own, update);
  return update;
}

function updateList(
  result: CaseResult,
  list: ExpectedList,
  differences: readonly CaseDifference[],
  update: CaseUpdate,
): void {
  const values: TestEdit["values"] = [];
  const removed: number[] = [];
  const added: NewEntry[] = [];
  for (const difference of differences) {
    const { index } = difference;
    const where = `${list}, entry ${index + 1}`;
    if (difference.kind === "differs") {
      for (const field of difference.fields) {
        const found = newValue(result, list, index, field);
        if (found === undefined) update.left.push(`${where}: ${field.field} is hidden: write it by hand`);
        else {
          values.push({ path: [index, ...found.path], value: found.value });
          update.changed.push(`${where}: ${field.field} ${shown(field.expected)} → ${shown(found.value)}`);
        }
      }
    } else if (difference.kind === "missing") {
      removed.push(index);
      update.changed.push(`${where}: gone`);
    } else {
      added.push(entryOf(result, difference));
      update.changed.push(`${list}: an entry more`);
    }
  }
  if (values.length + removed.length + added.length > 0)
    update.edits.push({ test: result.of.index, list, values, removed, added });
}

function shown(value: CellValue): string {
  return value === null ? "null" : JSON.stringify(value);
}

/** Where a value that differs is written, and what came; undefined for one that is hidden. */
function newValue(
  result: CaseResult,
  list: ExpectedList,
  index: number,
  { field, came }: FieldDifference,
): { path: string[]; value: CellValue } | undefined {
  if (list === "expect") return isHidden(result, field) ? undefined : { path: [field], value: came };
  const expected = result.of.expectPlan?.[index];
  const fields = expected?.fields ?? new Map();
  const before = /^(.*) before$/s.exec(field)?.[1];
  const name = fields.has(field) ? field : before;
  if (name !== undefined && fields.has(name)) {
    if (isHidden(result, name)) return undefined;
    return { path: ["fields", name, name === field ? "after" : "before"], value: came };
  }
  return field === "key" && isKeyHidden(result.compiled) ? undefined : { path: [field], value: came };
}

function isHidden({ compiled }: CaseResult, name: string): boolean {
  return compiled.redacted.has(mappedAs(compiled, name).toLowerCase());
}

function entryOf(result: CaseResult, { list, index, row }: CaseDifference): NewEntry {
  if (list === "expect") return openCells(result, rowsOut(result)[index]?.values ?? []);
  if (list === "expect_plan") return planEntry(result, changesOf(result)[index]);
  const [reject] = result.rows.find((one) => one.index === row)?.rejects ?? [];
  if (reject === undefined) return {};
  return { ...(reject.field === "" ? {} : { field: reject.field }), rule: reject.rule };
}

function planEntry(result: CaseResult, change: PlannedOutcome | undefined): NewEntry {
  if (change === undefined) return {};
  const { action, key, fields } = change;
  const after = action === "delete" ? {} : openCells(result, new Map(fields.map((one) => [one.field, one.after])));
  return {
    action,
    ...(key === null || key === "" || isKeyHidden(result.compiled) ? {} : { key }),
    ...(Object.keys(after).length === 0 ? {} : { fields: after }),
  };
}

/** Those that may be written into a file. */
function openCells(result: CaseResult, values: Iterable<readonly [string, CellValue]>): NewEntry {
  return Object.fromEntries([...values].filter(([name, value]) => value !== null && !isHidden(result, name)));
}
