// What makes a mapped row a reject, as SQL that runs in the same pass as the map.
// In: mapped rows (transform/mapping.ts). Out: the first problem of a row (core/problem.ts), NULL for a good row.
// What must hold: pure; the order is fixed, so that the same row always gives the same reason.

import { renderedName } from "../core/columns.ts";
import { problemStart } from "../core/problem.ts";
import { literal } from "../core/sql.ts";
import type { Rule } from "../job/job.ts";
import { cantBeComputed } from "./uncomputed.ts";

/** What the rules need to know of a mapped field; the columns are SQL names. */
export interface CheckedField {
  target: string;
  rendered: string;
  mapped: string;
  /** BOOLEAN column that is true where evaluating failed, in a careful pass. */
  failed?: string;
  failedMessage?: string;
  /** What keeps a lookup from giving its value. */
  lookup?: Objection[];
  invalid?: { condition: string; message: string };
  isKey: boolean;
  /** Its values are never shown. */
  isHidden: boolean;
  rejectNull: boolean;
  absent: boolean;
}

interface Objection {
  condition: string;
  /** SQL. */
  message: string;
}

export interface CompiledRule {
  rule: Rule;
  /** What keeps the field from being found. */
  exists?: { failed: string } & Objection;
  /** Target fields that its expression uses. */
  fields: string[];
}

/** What a pass checks its rows by. */
export interface Checks {
  fields: readonly CheckedField[];
  rules: readonly CompiledRule[];
  /** Catch failing rules row by row. Slower, so only after a plain pass failed. */
  careful: boolean;
  /** BOOLEAN column that is true where `source.keep` could not be evaluated, in a careful pass; and what is said then. */
  keepFailed?: { condition: string; message: string };
  /** Target fields whose values are never shown, in small letters. */
  redacted: ReadonlySet<string>;
}

/** VARCHAR: the row's first problem, or NULL. */
export function findProblem({ fields, keepFailed, ...checked }: Checks): string {
  const present = fields.filter(({ absent }) => !absent);
  const checks = [
    ...(keepFailed === undefined ? [] : [{ ...keepFailed, field: "", rule: "keep" }]),
    ...fields.filter(({ isKey, absent }) => isKey && absent).map(checkUnknown),
    ...present.filter(({ failed }) => failed !== undefined).map(checkFailed),
    ...present.flatMap(({ lookup = [], target }) =>
      lookup.map((objection) => ({ ...objection, field: target, rule: "lookup" })),
    ),
    ...present.flatMap(checkInvalid),
    ...present.flatMap(checkNull),
    ...compileRules({ fields, ...checked }, "error"),
  ];
  return chooseFirst(checks);
}

/** VARCHAR: the row's first warning, or NULL. */
export function findWarning(checks: Checks): string {
  return chooseFirst(compileRules(checks, "warn"));
}

interface Check {
  condition: string;
  field: string;
  /** By which name the reason is counted. */
  rule: string;
  /** SQL. */
  message: string;
}

function chooseFirst(checks: readonly Check[]): string {
  if (checks.length === 0) return "CAST(NULL AS VARCHAR)";
  const cases = checks.map(
    ({ condition, field, rule, message }) =>
      `WHEN ${condition} THEN ${literal(problemStart(field, rule))} || ${message}`,
  );
  return `CASE ${cases.join("\n ")} END`;
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

function checkInvalid({ invalid, target, isHidden }: CheckedField): Check[] {
  if (invalid === undefined) return [];
  // Messages quote values: from the first quotation mark to the last, whatever the value holds.
  const message = isHidden ? `regexp_replace(${invalid.message}, '(?s)".*"', '(hidden)')` : invalid.message;
  return [{ condition: invalid.condition, field: target, rule: "type", message }];
}

function checkNull(field: CheckedField): Check[] {
  if (!field.isKey && !field.rejectNull) return [];
  const message = field.isKey ? "the key is blank" : "has no value (on_null: reject)";
  const rule = field.isKey ? "key" : "on_null";
  return [{ condition: isBlank(field.rendered), field: field.target, rule, message: literal(message) }];
}

/** Files keep empty text apart from no value; a record that wants a value has none either way. */
function isBlank(column: string): string {
  return `coalesce(${column}, '') = ''`;
}

function compileRules(
  { fields, rules, careful, redacted }: Omit<Checks, "keepFailed">,
  severity: Rule["severity"],
): Check[] {
  const absent = new Set(fields.filter((field) => field.absent).map(({ target }) => target));
  return rules
    .filter(({ rule, fields: used }) => rule.severity === severity && !used.some((name) => absent.has(name)))
    .flatMap((compiled) => [
      ...checkField(compiled.rule, absent),
      ...checkExists(compiled, careful, redacted),
      ...checkExpression(compiled, careful, redacted),
    ]);
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
      rule: "required",
      message: literal(rule.message ?? "is required and has no value"),
    });
  }
  if (rule.maxLength !== undefined) {
    const tooLong = `length(${column}) || ' characters, at most ${rule.maxLength}'`;
    const message = rule.message === undefined ? tooLong : literal(rule.message);
    // Bytes are counted without reading the text, and are never fewer than characters.
    const condition = `strlen(${column}) > ${rule.maxLength} AND length(${column}) > ${rule.maxLength}`;
    checks.push({ condition, field, rule: "max_length", message });
  }
  return checks;
}

function checkExists({ rule, exists, fields }: CompiledRule, careful: boolean, redacted: ReadonlySet<string>): Check[] {
  if (exists === undefined) return [];
  const { failed, condition, message } = exists;
  const check = { field: rule.field ?? "", rule: "exists" };
  const missed = { ...check, condition, message: rule.message === undefined ? message : literal(rule.message) };
  if (!careful) return [missed];
  const given = fields.map((name) => ({
    name,
    value: renderedName(name),
    isHidden: redacted.has(name.toLowerCase()),
  }));
  return [{ ...check, condition: failed, message: cantBeComputed("a lookup ", given) }, missed];
}

function checkExpression({ rule, fields }: CompiledRule, careful: boolean, redacted: ReadonlySet<string>): Check[] {
  if (rule.expression === undefined) return [];
  const field = rule.field ?? "";
  const sql = `(${rule.expression.sql}\n)`;
  const message = literal(rule.message ?? `not true: ${rule.expression.sql}`);
  if (!careful) return [{ condition: `NOT coalesce(${sql}, true)`, field, rule: "expr", message }];
  const given = fields.map((name) => ({
    name,
    value: renderedName(name),
    isHidden: redacted.has(name.toLowerCase()),
  }));
  return [
    {
      condition: `TRY(${sql} IS NULL) IS NULL`,
      field,
      rule: "expr",
      message: cantBeComputed("a rule ", given, { expression: rule.expression.sql }),
    },
    { condition: `NOT coalesce(TRY(${sql}), true)`, field, rule: "expr", message },
  ];
}
