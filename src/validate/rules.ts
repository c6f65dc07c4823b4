// What makes a mapped row a reject, as SQL that runs in the same pass as the map.
// In: mapped rows (transform/mapping.ts). Out: the problems of a row (core/problem.ts), NULL for a good row.
// What must hold: pure; all problems of a row are told, in a fixed order; a row without any costs nothing but the tests.

import { problemStart } from "../core/problem.ts";
import { literal } from "../core/sql.ts";
import type { Severity } from "../job/rule.ts";
import { isBlank } from "../values/trim.ts";
import { type Check, type CheckedField, type CompiledRule, checkRule } from "./checks.ts";

/** What a pass checks its rows by. */
export interface Checks {
  fields: readonly CheckedField[];
  rules: readonly CompiledRule[];
  /** Catch failing rules row by row. Slower, so only after a plain pass failed. */
  careful: boolean;
  /** BOOLEAN column that is true where `source.keep` could not be evaluated, in a careful pass; and what is said then. */
  keepFailed?: { condition: string; message: string };
}

/** VARCHAR[]: the row's problems, or NULL. */
export function findProblems(checks: Checks): string {
  const { fields, keepFailed } = checks;
  const present = fields.filter(({ absent }) => !absent);
  return tellAll([
    ...(keepFailed === undefined ? [] : [{ ...keepFailed, field: "", rule: "keep" }]),
    ...fields.filter(({ isKey, absent }) => isKey && absent).map(checkUnknown),
    ...present.filter(({ failed }) => failed !== undefined).map(checkFailed),
    ...present.flatMap(({ lookup = [], target }) =>
      lookup.map((objection) => ({ ...objection, field: target, rule: "lookup" })),
    ),
    ...present.flatMap(checkInvalid),
    ...present.flatMap(checkNull),
    ...checkRules(checks, ["reject", "fail"]),
  ]);
}

/** VARCHAR[]: what is doubtful of its values and the rules of severity warn that the row breaks, or NULL. */
export function findWarnings(checks: Checks): string {
  const present = checks.fields.filter(({ absent }) => !absent);
  return tellAll([...present.flatMap(checkDoubtful), ...checkRules(checks, ["warn"])]);
}

/**
 * The conditions stand twice: first any of them, so that nothing is put together for a row that meets all, then one by
 * one, each with what is to be said.
 */
function tellAll(checks: readonly Check[]): string {
  if (checks.length === 0) return "CAST(NULL AS VARCHAR[])";
  const anyFails = checks.map(({ condition }) => `(${condition})`).join(" OR ");
  const told = checks.map(({ condition, unless, field, rule, index, message }) => {
    const fails = unless === undefined ? condition : `(${condition}) AND NOT coalesce(${unless}, false)`;
    return `CASE WHEN ${fails} THEN ${literal(problemStart(field, rule, index))} || coalesce(${message}, '') END`;
  });
  return `CASE WHEN ${anyFails} THEN list_filter([${told.join(",\n ")}], lambda problem_: problem_ IS NOT NULL) END`;
}

function checkUnknown({ target }: CheckedField): Check {
  const message = literal("the key is not known: the record is gone, and what it is mapped from went with it");
  return { condition: "true", field: target, rule: "key", message };
}

function checkFailed(field: CheckedField): Check {
  return {
    condition: field.failed ?? "false",
    field: field.target,
    rule: "expression",
    message: field.failedMessage ?? "''",
  };
}

function checkInvalid({ invalid, failed, target, isHidden }: CheckedField): Check[] {
  if (invalid === undefined) return [];
  const message = isHidden ? hideValues(invalid.message) : invalid.message;
  const { condition } = invalid;
  return [{ condition, field: target, rule: "type", message, ...(failed === undefined ? {} : { unless: failed }) }];
}

/** VARCHAR. Messages quote values: from the first quotation mark to the last, whatever the value holds. */
function hideValues(message: string): string {
  return `regexp_replace(${message}, '(?s)".*"', '(hidden)')`;
}

function checkDoubtful(field: CheckedField): Check[] {
  if (field.doubt === undefined) return [];
  const { rule, condition, message } = field.doubt;
  const told = field.isHidden ? hideValues(message) : message;
  return [unlessUnread({ condition, field: field.target, rule, message: told }, [field])];
}

function checkNull(field: CheckedField): Check[] {
  if (!field.isKey && !field.rejectNull) return [];
  const message = field.isKey ? "the key is blank" : "has no value (on_null: reject)";
  const rule = field.isKey ? "key" : "on_null";
  const check = { condition: isBlank(field.rendered), field: field.target, rule, message: literal(message) };
  return [unlessUnread(check, [field])];
}

function checkRules({ fields, rules, careful }: Checks, severities: readonly Severity[]): Check[] {
  const byName = new Map(fields.map((field) => [field.target, field]));
  return rules
    .filter(({ rule }) => severities.includes(rule.severity))
    .flatMap((compiled) => {
      const used = compiled.fields.flatMap((name) => byName.get(name) ?? []);
      if (used.some(({ absent }) => absent)) return [];
      return checkRule(compiled, used, careful).map((check) => unlessUnread(check, used));
    });
}

/** What could not be read has been told, and nothing else can be said of it. */
function unlessUnread(check: Check, used: readonly CheckedField[]): Check {
  const unread = used.flatMap(({ failed, invalid, lookup = [] }) => {
    return [failed, invalid?.condition, ...lookup.map(({ condition }) => condition)].filter((sql) => sql !== undefined);
  });
  return unread.length === 0 ? check : { ...check, unless: unread.map((sql) => `(${sql})`).join(" OR ") };
}
