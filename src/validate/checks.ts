// The checks that a rule of a job comes to, as SQL. In: a rule, held against the fields that it is about. Out: for each
// check when it fails and what is said then. What must hold: values are compared as the target stores them, by the type
// and the equality of their field; no value of a hidden field is in a message.

import { failsOver, type NestedCalls, triedOver } from "../core/nested-rows.ts";
import { literal } from "../core/sql.ts";
import type { Rule } from "../job/rule.ts";
import { isBlank } from "../values/trim.ts";
import { bind, quoted } from "../values/value.ts";
import type { StoredField } from "./run-rule.ts";
import { cantBeComputed, type Given } from "./uncomputed.ts";

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
  /** Of a value that is stored all the same. */
  doubt?: { rule: string } & Objection;
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
  /** Its own as it is computed. */
  expression?: NestedCalls;
  /** What keeps the field from being found. */
  exists?: { failed: string } & Objection;
  /** Target fields that it uses; its own first. */
  fields: string[];
  /** BOOLEAN, true where the value is below `min`, or above `max`; and what is said of it. */
  limits?: readonly { name: "min" | "max"; condition: string; message: string }[];
  choices?: Choices;
  /** Where `dedupe.merge` may make an expression false that was true of each row: its fields, as they are stored. */
  merged?: readonly StoredField[];
}

/** What `one_of` comes to. */
export interface Choices {
  /** As the target stores them. */
  stored: readonly string[];
  /** VARCHAR of a text: equal texts are one value. */
  fold(text: string): string;
}

export interface Check {
  condition: string;
  /** BOOLEAN: what is said of the row already, so that this is not to be judged. */
  unless?: string;
  field: string;
  /** By which name the reason is counted. */
  rule: string;
  index?: number;
  /** SQL. */
  message: string;
}

/** VARCHAR: `Name = "x", Email (hidden)`. */
function sayValues(given: readonly Given[]): string {
  const told = given.map(({ name, value, isHidden }) =>
    isHidden ? literal(`${name} (hidden)`) : `${literal(`${name} = `)} || ${quoted(`coalesce(${value}, '')`)}`,
  );
  return told.join(" || ', ' || ") || "''";
}

/** `used`: the fields of the rule, none of them absent. */
export function checkRule(compiled: CompiledRule, used: readonly CheckedField[], careful: boolean): Check[] {
  const { rule, expression } = compiled;
  const [field] = used;
  if (expression !== undefined) return checkExpression(rule, expression, used, careful);
  if (rule.field === undefined || field === undefined) return [];
  return [...checkField(compiled, field), ...checkExists(compiled, used, careful)];
}

function checkField({ rule, limits = [], choices }: CompiledRule, field: CheckedField): Check[] {
  const column = field.rendered;
  const value = shown(field);
  const check = (name: string, condition: string, message: string): Check => ({
    condition,
    field: field.target,
    rule: name,
    index: rule.index,
    message:
      rule.message === undefined ? message : `${literal(`${rule.message} (`)} || ${sayValues([give(field)])} || ')'`,
  });
  const checks: Check[] = [];
  if (rule.required === true) {
    const message = literal(rule.message ?? "is required and has no value");
    // Files keep empty text apart from no value, and some targets what is invisible: required, it is none either way.
    checks.push({ ...check("required", isBlank(column), message), message });
  }
  const { minLength, maxLength, pattern } = rule;
  const length = `${value} || ' has ' || length(${column}) || ' character' || CASE WHEN length(${column}) = 1 THEN '' ELSE 's' END`;
  if (minLength !== undefined) {
    const condition = `length(${column}) < ${minLength} AND ${column} <> ''`;
    checks.push(check("min_length", condition, `${length} || ', at least ${minLength}'`));
  }
  if (maxLength !== undefined) {
    // Bytes are counted without reading the text, and are never fewer than characters.
    const condition = `strlen(${column}) > ${maxLength} AND length(${column}) > ${maxLength}`;
    checks.push(check("max_length", condition, `${length} || ', at most ${maxLength}'`));
  }
  if (pattern !== undefined) {
    const condition = `${column} <> '' AND NOT regexp_full_match(${column}, ${literal(pattern.text)})`;
    checks.push(check("pattern", condition, `${value} || ${literal(` does not match ${pattern.text}`)}`));
  }
  for (const { name, condition, message } of limits) {
    checks.push(check(name, condition, `${value} || ${literal(` ${message}`)}`));
  }
  if (choices !== undefined) {
    const meant = field.isHidden ? "''" : nearest(column, choices.stored);
    const message = `${value} || ${literal(` is none of: ${showChoices(choices.stored)}`)} || ${meant}`;
    checks.push(check("one_of", isNoneOf(column, choices), message));
  }
  return checks;
}

function checkExists({ rule, exists }: CompiledRule, used: readonly CheckedField[], careful: boolean): Check[] {
  if (exists === undefined) return [];
  const { failed, condition, message } = exists;
  const given = used.map(give);
  const said = rule.message === undefined ? message : `${literal(`${rule.message} (`)} || ${sayValues(given)} || ')'`;
  const check = { field: rule.field ?? "", rule: "exists", index: rule.index };
  const missed = { ...check, condition, message: said };
  if (!careful) return [missed];
  return [{ ...check, condition: failed, message: cantBeComputed("a lookup ", given) }, missed];
}

function give({ target, rendered, isHidden }: CheckedField): Given {
  return { name: target, value: rendered, isHidden };
}

function shown({ rendered, isHidden }: CheckedField): string {
  return isHidden ? "'(hidden)'" : quoted(rendered);
}

/** Most values are one of them as they are written. */
function isNoneOf(column: string, { stored, fold }: Choices): string {
  const exact = `${column} IN (${stored.map(literal).join(", ")})`;
  const folded = `${fold(column)} IN (${stored.map((text) => fold(literal(text))).join(", ")})`;
  const isEqual = fold(column) === column ? exact : `CASE WHEN ${exact} THEN true ELSE ${folded} END`;
  return `${column} <> '' AND NOT (${isEqual})`;
}

const choicesShownMax = 12;

function showChoices(stored: readonly string[]): string {
  const listed = stored.slice(0, choicesShownMax).join(", ");
  return stored.length > choicesShownMax ? `${listed}, … ${stored.length} in all` : listed;
}

/** VARCHAR: `; did you mean "Hot"?`, or nothing: as `suggest` of core, within a third of the text's length. */
function nearest(column: string, stored: readonly string[]): string {
  const distances = stored.map(
    (text) =>
      `{distance: damerau_levenshtein(lower(left(${column}, 80)), ${literal(text.toLowerCase())}), choice: ${literal(text)}}`,
  );
  return bind("near", `list_min([${distances.join(", ")}])`, (near) => {
    const isNear = `${near}.distance <= greatest(1, length(${column}) // 3)`;
    return `CASE WHEN ${isNear} THEN '; did you mean "' || ${near}.choice || '"?' ELSE '' END`;
  });
}

function checkExpression(rule: Rule, computed: NestedCalls, used: readonly CheckedField[], careful: boolean): Check[] {
  const field = rule.field ?? "";
  const about = { field, rule: "expr", index: rule.index };
  const given = used.map(give);
  const expression = rule.expression?.sql ?? computed.sql;
  const said = literal(rule.message ?? `not true: ${expression}`);
  const message = given.length === 0 ? said : `${said} || ' (' || ${sayValues(given)} || ')'`;
  if (!careful) return [{ ...about, condition: `NOT coalesce((${computed.sql}\n), true)`, message }];
  return [
    { ...about, condition: failsOver(computed), message: cantBeComputed("a rule ", given, { expression }) },
    { ...about, condition: `NOT coalesce(${triedOver(computed)}, true)`, message },
  ];
}
