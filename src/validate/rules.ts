// What makes a mapped row a reject, as SQL that runs in the same pass as the map.
// In: mapped rows (transform/mapping.ts). Out: the first problem of a row as `field <US> message`, NULL for a good row.
// What must hold: pure; the order is fixed, so that the same row always gives the same reason.

import { renderedName } from "../core/columns.ts";
import { literal } from "../core/sql.ts";
import type { Rule } from "../job/job.ts";

/** Between field and message in a problem. */
export const unitSeparator = "\u001f";

/** What the rules need to know of a mapped field; the columns are SQL names. */
export interface CheckedField {
  target: string;
  rendered: string;
  mapped: string;
  /** BOOLEAN column that is true where evaluating failed, in a careful pass. */
  failed?: string;
  failedMessage?: string;
  invalid?: { condition: string; message: string };
  isKey: boolean;
  rejectNull: boolean;
  absent: boolean;
}

export interface CompiledRule {
  rule: Rule;
  /** Target fields that its expression uses. */
  fields: string[];
}

/** VARCHAR: the row's first problem, or NULL. */
export function findProblem(fields: readonly CheckedField[], rules: readonly CompiledRule[]): string {
  const present = fields.filter(({ absent }) => !absent);
  const checks = [
    ...fields.filter(({ isKey, absent }) => isKey && absent).map(checkUnknown),
    ...present.filter(({ failed }) => failed !== undefined).map(checkFailed),
    ...present.flatMap(checkInvalid),
    ...present.flatMap(checkNull),
    ...compileRules(fields, rules, "error"),
  ];
  return chooseFirst(checks);
}

/** VARCHAR: the row's first warning, or NULL. */
export function findWarning(fields: readonly CheckedField[], rules: readonly CompiledRule[]): string {
  return chooseFirst(compileRules(fields, rules, "warn"));
}

interface Check {
  condition: string;
  field: string;
  /** SQL. */
  message: string;
}

function chooseFirst(checks: readonly Check[]): string {
  if (checks.length === 0) return "CAST(NULL AS VARCHAR)";
  const cases = checks.map(
    ({ condition, field, message }) => `WHEN ${condition} THEN ${literal(field + unitSeparator)} || ${message}`,
  );
  return `CASE ${cases.join("\n ")} END`;
}

function checkUnknown({ target }: CheckedField): Check {
  const message = literal("the key is not known: the record is gone, and what it is mapped from went with it");
  return { condition: "true", field: target, message };
}

function checkFailed(field: CheckedField): Check {
  return { condition: field.failed ?? "false", field: field.target, message: field.failedMessage ?? "''" };
}

function checkInvalid(field: CheckedField): Check[] {
  if (field.invalid === undefined) return [];
  return [{ condition: field.invalid.condition, field: field.target, message: field.invalid.message }];
}

function checkNull(field: CheckedField): Check[] {
  if (!field.isKey && !field.rejectNull) return [];
  const message = field.isKey ? "the key is blank" : "has no value (on_null: reject)";
  return [{ condition: isBlank(field.rendered), field: field.target, message: literal(message) }];
}

/** Files keep empty text apart from no value; a record that wants a value has none either way. */
function isBlank(column: string): string {
  return `coalesce(${column}, '') = ''`;
}

function compileRules(
  fields: readonly CheckedField[],
  rules: readonly CompiledRule[],
  severity: Rule["severity"],
): Check[] {
  const absent = new Set(fields.filter((field) => field.absent).map(({ target }) => target));
  return rules
    .filter(({ rule, fields: used }) => rule.severity === severity && !used.some((name) => absent.has(name)))
    .flatMap(({ rule }) => [...checkField(rule, absent), ...checkExpression(rule)]);
}

function checkField(rule: Rule, absent: ReadonlySet<string>): Check[] {
  const { field } = rule;
  if (field === undefined || absent.has(field)) return [];
  const column = renderedName(field);
  const checks: Check[] = [];
  if (rule.required === true) {
    checks.push({
      condition: isBlank(column),
      field,
      message: literal(rule.message ?? "is required and has no value"),
    });
  }
  if (rule.maxLength !== undefined) {
    const tooLong = `length(${column}) || ' characters, at most ${rule.maxLength}'`;
    const message = rule.message === undefined ? tooLong : literal(rule.message);
    // Bytes are counted without reading the text, and are never fewer than characters.
    const condition = `strlen(${column}) > ${rule.maxLength} AND length(${column}) > ${rule.maxLength}`;
    checks.push({ condition, field, message });
  }
  return checks;
}

function checkExpression(rule: Rule): Check[] {
  if (rule.expression === undefined) return [];
  const message = literal(rule.message ?? `not true: ${rule.expression.sql}`);
  return [{ condition: `NOT coalesce((${rule.expression.sql}\n), true)`, field: rule.field ?? "", message }];
}
