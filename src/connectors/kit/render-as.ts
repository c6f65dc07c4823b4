// A value of a type that has a grammar, rendered: what is stored, what can't be, and its type for a job's rules. In: a field,
// the mapped value, what src/values/ makes of it. Out: SQL.

import type { RenderedField } from "../../contract/values.ts";
import { renderedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { isBlank } from "../../values/trim.ts";
import { type MappedValue, quoted, type StoredValue, textOf } from "../../values/value.ts";

/** `typed`: the DuckDB type of the stored value. */
export function renderAs(field: FieldSchema, mapped: MappedValue, value: StoredValue, typed: string): RenderedField {
  const { stored, complaint, rounded } = value;
  const rendered = renderedName(field.name);
  return {
    value: stored,
    invalid: {
      condition: `${rendered} IS NULL AND NOT (${isBlank(textOf(mapped))})`,
      message: `${quoted(textOf(mapped))} || ' ' || ${complaint}`,
    },
    typed: `CAST(${rendered} AS ${typed})`,
    ...(rounded === undefined ? {} : { rounded }),
  };
}

/** For a value that is stored as nothing though it is not blank: it is not what the field takes. */
export function invalidUnless(
  { name }: FieldSchema,
  value: string,
  what: string,
): NonNullable<RenderedField["invalid"]> {
  const text = `CAST(${value} AS VARCHAR)`;
  return {
    condition: `${renderedName(name)} IS NULL AND NOT (${isBlank(text)})`,
    message: `${quoted(text)} || ' is not ' || ${literal(what)}`,
  };
}
