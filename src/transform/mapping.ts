// The map of a stream as SQL: from source columns, all text, to target fields as the target stores them.
// In: checked expressions and the target's rendering. Out: nested SELECTs that stage/ runs in one pass together with the
// rules. What must hold: pure; one row in, one row out; a field whose optional column a part lacks is NULL there.

import { failureName, keepFailureName, mappedName, renderedName } from "../core/columns.ts";
import { identifier, tried } from "../core/sql.ts";
import type { MappedField } from "../job/job.ts";
import type { NestedCalls } from "./nested-calls.ts";

/** A mapped field with all that later steps need to know of it. */
export interface CompiledField {
  field: MappedField;
  /** Source columns that its expression uses. */
  columns: string[];
  /** What is computed instead of its expression, where that is nothing but a column of numbers: its digits as they came. */
  digits?: string;
  /** What is computed instead of its expression, over the scan of `withNestedCalls`. */
  nested?: NestedCalls;
  /** What a lookup finds for the row, and whether what it looks up failed: then a careful pass can't compute the value. */
  lookedUp?: { value: string; failed: string };
  /** DuckDB's type of the mapped value. */
  type: string;
  /** VARCHAR as the target stores it, SQL over the mapped value's column. */
  value: string;
  typed: string;
  invalid?: { condition: string; message: string };
  /** What is told of a value that is stored all the same. */
  doubt?: { rule: string; condition: string; message: string };
  /** BOOLEAN: the value was rounded. */
  rounded?: string;
}

export interface MappingInput {
  /** A table function or table that yields the columns that expressions use; by `withNestedCalls`. */
  scan: string;
  /** Columns of the scan to hand through, as `<sql> AS <name>`: the source's own (`s:`), for rejects, and others. */
  handed: string[];
  fields: CompiledField[];
  absent: ReadonlySet<string>;
  keep?: string;
  /**
   * Catch failing expressions row by row. Slower, so only after a plain pass failed. By field, BOOLEAN SQL of what its
   * expression certainly fails for no row of (readable.ts), where that is known.
   */
  careful?: ReadonlyMap<string, string>;
}

/** Of a field whose expression fails for no row. */
export const always = "true";

/** Yields: source columns (`s:`), rendered values (`r:`), typed values under the target's names, `_kept_`, and in a careful pass what failed. */
export function mapRows(input: MappingInput): string {
  const present = input.fields.filter(({ columns }) => !isAbsent(columns, input.absent));
  const scan = input.careful === undefined ? input.scan : tryFields(input, present, input.careful);
  const mapped = input.fields.flatMap((compiled) => {
    const { target } = compiled.field;
    // Of its own type: the target's rendering is written for that one.
    if (!present.includes(compiled)) return `CAST(NULL AS ${compiled.type}) AS ${mappedName(target)}`;
    if (input.careful === undefined) return `(${sqlOf(compiled)}\n) AS ${mappedName(target)}`;
    if (input.careful.get(target) === always) return [];
    const struct = triedName(target);
    return [`${struct}.v AS ${mappedName(target)}`, `(${struct} IS NULL) AS ${failureName(target)}`];
  });
  const handed = input.careful === undefined ? [...input.handed, ...keepRows(input)] : ["*"];
  const inner = `SELECT ${[...handed, ...mapped].join(", ")} FROM ${scan}`;
  const rendered = input.fields.map(({ field, value }) => `${value} AS ${renderedName(field.target)}`);
  const middle = `SELECT *, ${rendered.join(", ")} FROM (${inner})`;
  const typed = input.fields.map(({ field, typed }) => `${typed} AS ${identifier(field.target)}`);
  return `SELECT *, ${typed.join(", ")} FROM (${middle})`;
}

/**
 * A scan with the calls that fields' expressions have inside others, each a column; in a careful pass a struct, NULL where it
 * fails. Those of a level stand above those that they use.
 */
export function withNestedCalls(
  scan: string,
  fields: readonly CompiledField[],
  absent: ReadonlySet<string>,
  careful: boolean,
): string {
  const present = fields.filter(({ columns }) => !isAbsent(columns, absent));
  const calls = new Map(present.flatMap(({ nested }) => nested?.calls.map((call) => [call.name, call] as const) ?? []));
  const levels: string[][] = [];
  const known = new Map<string, number>();
  for (const call of calls.values()) {
    const used = [...known.keys()].filter((name) => call.sql.includes(identifier(name)));
    const level = Math.max(-1, ...used.map((name) => known.get(name) ?? 0)) + 1;
    known.set(call.name, level);
    const sql = careful ? tryOver(used, call.sql, (value) => `TRY(${value})`) : `(${call.sql})`;
    levels[level] = [...(levels[level] ?? []), `${sql} AS ${identifier(call.name)}`];
  }
  return levels.reduce((rows, columns) => `(SELECT *, ${columns.join(", ")} FROM ${rows})`, scan);
}

/** What is computed over calls that were tried: a struct, NULL where one of them failed. */
function tryOver(names: readonly string[], sql: string, guard: (value: string) => string): string {
  const value = guard(`struct_pack(v := (${overTried(names, sql)}\n))`);
  if (names.length === 0) return value;
  return `CASE WHEN ${names.map((name) => `${identifier(name)} IS NOT NULL`).join(" AND ")} THEN ${value} END`;
}

function overTried(names: readonly string[], sql: string): string {
  return names.reduce((text, name) => text.replaceAll(identifier(name), `${identifier(name)}.v`), sql);
}

/** What is handed through, and each field's value, where its expression may fail in a struct, which is NULL where it does. */
function tryFields(
  input: MappingInput,
  fields: readonly CompiledField[],
  certain: ReadonlyMap<string, string>,
): string {
  const structs = fields.map((compiled) => {
    const { target } = compiled.field;
    const isCertain = certain.get(target);
    const names = compiled.nested?.calls.map(({ name }) => name) ?? [];
    const sql = overTried(names, sqlOf(compiled));
    if (isCertain === always) return `(${sql}\n) AS ${mappedName(target)}`;
    const { lookedUp } = compiled;
    if (lookedUp !== undefined) {
      return `CASE WHEN NOT ${lookedUp.failed} THEN struct_pack(v := (${sql}\n)) END AS ${triedName(target)}`;
    }
    const guard = (value: string) =>
      isCertain === undefined
        ? `TRY(${value})`
        : `CASE WHEN ${overTried(names, isCertain)} THEN ${value} ELSE TRY(${value}) END`;
    const caught = tryOver(names, sqlOf(compiled), guard);
    return `${caught} AS ${triedName(target)}`;
  });
  return `(SELECT ${[...input.handed, ...structs, ...keepRows(input)].join(", ")} FROM ${input.scan})`;
}

function triedName(target: string): string {
  return identifier(`t:${target}`);
}

/** A row that `keep` fails for stays, to be rejected. */
function keepRows({ keep, careful }: MappingInput): string[] {
  if (keep === undefined) return ["true AS _kept_"];
  const sql = `(${keep}\n)`;
  if (careful === undefined) return [`coalesce(${sql}, false) AS _kept_`];
  const failed = `TRY(${sql} IS NULL) IS NULL`;
  return [`coalesce(${tried(sql)}, ${failed}) AS _kept_`, `(${failed}) AS ${keepFailureName}`];
}

function sqlOf({ field, digits, lookedUp, nested }: CompiledField): string {
  return lookedUp?.value ?? digits ?? nested?.sql ?? field.expression.sql;
}

/** UTINYINT: how many values of a row were rounded; undefined where none is. */
export function countRounded(fields: readonly CompiledField[]): string | undefined {
  const rounded = fields.flatMap((field) => field.rounded ?? []);
  if (rounded.length === 0) return undefined;
  return `CAST(${rounded.map((sql) => `CASE WHEN ${sql} THEN 1 ELSE 0 END`).join(" + ")} AS UTINYINT)`;
}

export function isAbsent(columns: readonly string[], absent: ReadonlySet<string>): boolean {
  return columns.some((column) => absent.has(column.toLowerCase()));
}
