// Rules of severity fail that rows break, as sentences that stop a run. In: the rules and their rows. Out: sentences without
// a value, for they are kept in the ledger.

import { placeOf } from "../../core/errors.ts";
import type { Rule } from "../../job/rule.ts";
import { countOf } from "../../report/numbers.ts";

/** A stop ends with the key of the job that objects. */
export function stopsOfRules(stream: string, failed: ReadonlyMap<Rule, number>): string[] {
  const byPlace = [...failed].toSorted(([left], [right]) => left.index - right.index);
  return byPlace.map(([rule, rows]) => {
    const verb = rows === 1 ? "breaks" : "break";
    return `${stream}: ${countOf(rows, "row")} ${verb} a rule of severity fail, ${describeRule(rule)} (${placeOf(rule.place)}, validate)`;
  });
}

function describeRule({ field, fields, expression, message, ...rule }: Rule): string {
  if (message !== undefined) return message;
  if (expression !== undefined) return expression.sql;
  const checks = {
    required: rule.required,
    min_length: rule.minLength,
    max_length: rule.maxLength,
    pattern: rule.pattern,
    min: rule.min,
    max: rule.max,
    one_of: rule.oneOf,
    unique: rule.unique,
  };
  const asked = Object.entries(checks).flatMap(([name, check]) =>
    check === undefined || check === false ? [] : [name],
  );
  return `${field ?? fields?.join(", ")}: ${asked.join(", ")}`;
}
