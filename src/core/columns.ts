// Names of the columns in the staging SQL that several steps write parts of. The prefixes keep a target's field, a
// source's column and our own columns apart, whatever they are called.

import { identifier } from "./sql.ts";

/** Names that columns of a run's own tables have (`_row_`), or may get: no field can be called so. */
export const ownColumn = /^(_[a-z_]+_|file_row_number)$/i;

/** The mapped value of a target field, before the target's rendering. */
export function mappedName(target: string): string {
  return identifier(`v:${target}`);
}

/** The value as the target stores it, VARCHAR. */
export function renderedName(target: string): string {
  return identifier(`r:${target}`);
}

/** A source column, VARCHAR. */
export function sourceName(column: string): string {
  return identifier(sourceColumn(column));
}

/** The same, not quoted. */
function sourceColumn(column: string): string {
  return `s:${column}`;
}

/** A source column that holds numbers, VARCHAR, beside the column of its name that expressions compute with. */
export function digitsName(column: string): string {
  return identifier(`d:${column}`);
}

/** True where evaluating a field's expression failed. Only a careful pass has this column. */
export function failureName(target: string): string {
  return identifier(`x:${target}`);
}

/** True where evaluating `source.keep` failed. Only a careful pass has this column. */
export const keepFailureName = "_keep_failed_";

/** SQL: what a record holds, as it came, told by a number; equal for equal records of equal columns. */
export function contentOf(columns: readonly string[]): string {
  return `hash([${columns.map((column) => `coalesce(${column}, '')`).join(", ")}])`;
}
