// What is wrong with a row, as one text that the engine carries: the field, the rule that it breaks, the message.
// In: what a step says of a row. Out: the same in JavaScript. Must hold: the message may quote any value, so it comes last.

import { literal } from "./sql.ts";

/** Between the parts. */
const separator = "\u001f";

/** What comes before the message. `rule`: a word of the job file where there is one, else one of ours. */
export function problemStart(field: string, rule: string): string {
  return `${field}${separator}${rule}${separator}`;
}

/** What problems of a field begin with, by whatever rule. */
export function problemOf(field: string): string {
  return field + separator;
}

/** VARCHAR: a part of a problem in the engine. */
export function problemPart(problem: string, part: "field" | "message"): string {
  return `split_part(${problem}, ${literal(separator)}, ${part === "field" ? 1 : 3})`;
}

export interface Problem {
  field: string;
  rule: string;
  message: string;
}

export function readProblem(text: string): Problem {
  const [field = "", rule = "", ...message] = text.split(separator);
  return { field, rule, message: message.join(separator) };
}
