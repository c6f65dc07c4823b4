// A table that is not there, or lacks columns, and that the job wants made. In: a stream, what its source has. Out: the
// statements that a plan tells and a load runs. What must hold: nothing is made here; a table that is there in another shape
// is left to schema_policy, and one that another policy forbids to change is told as always.

import { usageFailure } from "../../core/errors.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import { versionsOf } from "../../job/mode.ts";
import { bindExpression, type CompileInput } from "./bind-expression.ts";

/** Gives no statements where there is nothing to make. */
export async function planTable(input: CompileInput): Promise<string[]> {
  const { stream, target } = input;
  const { object, key, createsTable, place } = stream.target;
  const evolves = stream.schemaPolicy === "evolve" && stream.target.isTable === true;
  if (createsTable !== true && !evolves) return [];
  if (target.tables === undefined) {
    if (createsTable !== true) return [];
    throw usageFailure(`create_table is not for ${stream.target.connection}: it makes no tables`, { where: place });
  }
  const isThere = await target.tables.isThere(object);
  if (isThere ? !evolves : createsTable !== true) return [];
  const known = isThere ? (await target.describe(object)).fields : new Map<string, unknown>();
  const missing = stream.fields.filter((field) => field.own !== false && !known.has(field.target));
  if (missing.length === 0) return [];
  const columns: { name: string; type: string; place: typeof place }[] = [];
  for (const field of missing) {
    // What is wrong with an expression is told when the stream is compiled.
    const problems: Diagnostic[] = [];
    const bound =
      field.lookup === undefined
        ? await bindExpression(input, field.expression, input.columns, "column", problems)
        : { type: "VARCHAR" };
    columns.push({ name: field.target, type: bound?.type ?? "VARCHAR", place: field.targetPlace });
  }
  return target.tables.plan({ object, columns, key, ...versionsOf(stream.target), place });
}
