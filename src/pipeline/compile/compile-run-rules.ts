// Rules with `over: run`, held against the fields of their stream. In: rules as the job has them, the fields with their
// types. Out: for each its aggregates and its condition over them. What must hold: what would depend on the order of rows, or
// would have the ledger keep a value that is never shown, is refused at its place in the YAML.

import type { Diagnostic } from "../../job/diagnostics.ts";
import type { Expression } from "../../job/expression.ts";
import { expressionPlace } from "../../job/expression-place.ts";
import type { Rule } from "../../job/rule.ts";
import { bindType, deserialize, serialize } from "../../stage/bind.ts";
import { parseStatement } from "../../transform/expressions.ts";
import { nameFields, type RunValue, readRunExpression } from "../../transform/run-aggregates.ts";
import { statementOf } from "../../transform/syntax-tree.ts";
import type { CompiledRunRule, RunRuleValue } from "../../validate/run-rule.ts";
import { askConstants, bindPart, cantBind, resolveColumn } from "./bind-expression.ts";
import { findStoredFields, type StoredInput } from "./stored-fields.ts";

export interface RunRuleInput extends StoredInput {
  /** Target fields whose values are never shown, in small letters. */
  redacted: ReadonlySet<string>;
}

export async function compileRunRule(
  input: RunRuleInput,
  rule: Rule,
  expression: Expression,
  problems: Diagnostic[],
): Promise<CompiledRunRule | undefined> {
  const { engine } = input;
  const json = await serialize(engine, parseStatement(expression.sql));
  const read = readRunExpression(json, expression.sql);
  const found = read.problems.map(
    ({ offset, ...problem }): Diagnostic => ({ place: expressionPlace(expression, offset ?? 0), ...problem }),
  );
  if (found.length === 0) found.push(...(await askConstants(engine, expression, read.constants)));
  const values: RunRuleValue[] = [];
  for (const value of found.length > 0 ? [] : read.values) {
    const bound = await bindValue(input, expression, json, value, found);
    if (bound !== undefined) values.push(bound);
  }
  if (found.length === 0) {
    const condition = await deserialize(engine, statementOf(json, read.tree));
    const types = new Map(values.map(({ column, type, earlier }) => [column, earlier?.median ? "DOUBLE" : type]));
    const bound = await bindType(engine, condition, types, { nested: false });
    if ("complaint" in bound) found.push(cantBind(expression, bound));
    else if (bound.type !== "BOOLEAN") {
      const message = `the expression gives ${bound.type}, true or false is wanted`;
      found.push({ place: expression.place, length: expression.sql.length, message });
    } else
      return {
        rule,
        condition,
        values,
        fields: await findStoredFields(input, new Set(values.flatMap((value) => value.fields))),
      };
  }
  problems.push(...found);
  return undefined;
}

async function bindValue(
  input: RunRuleInput,
  expression: Expression,
  json: string,
  value: RunValue,
  problems: Diagnostic[],
): Promise<RunRuleValue | undefined> {
  const { engine, types, redacted } = input;
  const names = new Map<string, string>();
  const columns = new Map<string, string>();
  for (const use of value.fields) {
    const resolved = await resolveColumn(input, expression, use, { columns: types }, "field");
    if ("type" in resolved) {
      names.set(use.path[0] ?? "", resolved.name);
      columns.set(resolved.name, resolved.type);
    } else problems.push(resolved);
  }
  if (problems.length > 0) return undefined;
  const bindTree = (tree: unknown) =>
    bindPart(engine, statementOf(json, nameFields(tree, names)), columns, { noun: "field", nested: false });
  const bound = await bindTree(value.tree);
  if ("complaint" in bound) {
    problems.push(cantBind(expression, bound));
    return undefined;
  }
  const isCount = value.name.startsWith("count");
  const secret = isCount ? undefined : [...columns.keys()].find((name) => redacted.has(name.toLowerCase()));
  const problem =
    complainAboutType(bound.type, value) ??
    (await complainAboutOrder(value, bindTree)) ??
    (secret === undefined ? undefined : complainAboutSecret(secret, value));
  if (problem !== undefined) {
    problems.push({ place: expressionPlace(expression, value.offset), length: value.name.length, ...problem });
    return undefined;
  }
  return {
    column: value.column,
    // As it is written: earlier runs are asked by it.
    sql: await deserialize(engine, statementOf(json, nameFields(value.tree, names))),
    computed: bound.nested,
    type: bound.type,
    fields: [...columns.keys()],
    ...(value.earlier === undefined ? {} : { earlier: value.earlier }),
    ...(secret === undefined ? {} : { isHidden: true }),
  };
}

type Complaint = Pick<Diagnostic, "message" | "next">;

const isNumber = (type: string) => /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL|FLOAT|DOUBLE)/.test(type);

function complainAboutType(type: string, { name, earlier }: RunValue): Complaint | undefined {
  if (/^(STRUCT|MAP|UNION)|\[\d*\]$/.test(type)) {
    return { message: `${name} gives ${type} here, a single value is wanted` };
  }
  if (earlier === undefined) return undefined;
  if (earlier.median !== undefined && !isNumber(type)) {
    return { message: `previous_median is of numbers, and ${name} gives ${type} here` };
  }
  if (isNumber(type) || /^(DATE|TIME|BOOLEAN)/.test(type)) return undefined;
  return {
    message: `${name} gives ${type} here: values of a row that are no number, date or time are not kept for later runs`,
    next: "ask for a count: count(DISTINCT …), or count(*) FILTER (WHERE …)",
  };
}

/** The sum of floating-point numbers has other last digits when its rows come in another order. */
async function complainAboutOrder(
  { name, arguments: given }: RunValue,
  bindTree: (tree: unknown) => ReturnType<typeof bindPart>,
): Promise<Complaint | undefined> {
  const [argument] = given;
  if (argument === undefined || !["sum", "avg", "mean"].includes(name)) return undefined;
  const bound = await bindTree(argument);
  if (!("type" in bound) || !/^(FLOAT|DOUBLE)/.test(bound.type)) return undefined;
  return {
    message: `${name} of floating-point numbers depends on the order of the rows`,
    next: `write ${name}(CAST(… AS DECIMAL(18, 2)))`,
  };
}

function complainAboutSecret(field: string, { name, earlier }: RunValue): Complaint | undefined {
  if (earlier === undefined) return undefined;
  return {
    message: `${name} of ${field}, which is under redact, would be kept for later runs`,
    next: `ask for a count of it: count("${field}")`,
  };
}
