// What is wrong with a row, as texts that the engine carries: the field, the rule that it breaks, the message. A row may
// have several. In: what a step says of a row. Out: the same in JavaScript. Must hold: the message may quote any value, so
// it comes last.

import { literal } from "./sql.ts";

/** Between the parts. */
const separator = "\u001f";

/**
 * What comes before the message. `rule`: a word of the job file where there is one, else one of ours. `index`: of the
 * entry of `validate` that it is of, since two may be of one kind and of one field.
 */
export function problemStart(field: string, rule: string, index?: number): string {
  return `${field}${separator}${index === undefined ? rule : `${rule}#${index}`}${separator}`;
}

/** VARCHAR: the same where the problem is with another row, whose place is told; `other`: SQL of its `_row_`. */
export function problemWith(other: string, field: string, rule: string, index?: number): string {
  const start = problemStart(field, rule, index).slice(0, -separator.length);
  return `${literal(`${start}@`)} || ${other} || ${literal(separator)}`;
}

/** What problems of a field begin with, by whatever rule. */
export function problemOf(field: string): string {
  return field + separator;
}

/** VARCHAR: a part of a problem in the engine. */
export function problemPart(problem: string, part: "field" | "rule" | "message"): string {
  return `split_part(${problem}, ${literal(separator)}, ${{ field: 1, rule: 2, message: 3 }[part]})`;
}

export interface Problem {
  field: string;
  rule: string;
  message: string;
  /** Of an entry of `validate`. */
  index?: number;
  /** The `_row_` of the row that it is with. */
  other?: number;
}

export function readProblem(text: string): Problem {
  const [field = "", start = "", ...message] = text.split(separator);
  const [, rule = start, index, other] = /^([^#@]*)(?:#(\d+))?(?:@(\d+))?$/.exec(start) ?? [];
  return {
    field,
    rule,
    message: message.join(separator),
    ...(index === undefined ? {} : { index: Number(index) }),
    ...(other === undefined ? {} : { other: Number(other) }),
  };
}
