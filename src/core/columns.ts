// Names of the columns in the staging SQL that several steps write parts of. The prefixes keep a target's field, a
// source's column and our own columns apart, whatever they are called.

import { createHash } from "node:crypto";
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

/** A call inside another, by its SQL and what that is over, a column of the source or a field; not quoted. */
export function nestedName(noun: "column" | "field", sql: string): string {
  return `c:${createHash("sha256").update(`${noun} ${sql}`).digest("hex").slice(0, 16)}`;
}

/** A source column, VARCHAR. */
export function sourceName(column: string): string {
  return identifier(sourceColumn(column));
}

/** The same, not quoted. */
export function sourceColumn(column: string): string {
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

/** Of a lookup, by its place among those of its stream: what is looked up, as the job's expression gives it. */
export function givenName(lookup: number, part: number): string {
  return identifier(`g:${lookup}:${part}`);
}

/** The same as the system that is asked stores it, VARCHAR. */
export function askedName(lookup: number, part: number): string {
  return identifier(`a:${lookup}:${part}`);
}

/** All parts as one text that is equal where the keys are; NULL where there is nothing to look up. */
export function lookupKeyName(lookup: number): string {
  return identifier(`k:${lookup}`);
}

/** What was found: the value, how many there are (NULL: none), and which they are where there are several. */
export function foundName(lookup: number, what: "value" | "hits" | "candidates"): string {
  return identifier(`f:${lookup}:${what}`);
}

/** True where what is looked up can't be computed. Only a careful pass has this column. */
export function lookupFailureName(lookup: number): string {
  return identifier(`y:${lookup}`);
}
