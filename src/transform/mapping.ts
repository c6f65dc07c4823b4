// The map of a stream as SQL: from source columns, all text, to target fields as the target stores them.
// In: checked expressions and the target's rendering. Out: nested SELECTs that stage/ runs in one pass together with the
// rules. What must hold: pure; one row in, one row out; a field whose optional column a part lacks is NULL there.

import { failureName, keepFailureName, mappedName, renderedName } from "../core/columns.ts";
import { failsOver, type NestedCalls, namesOf, overTried, triedOver, tryOver } from "../core/nested-rows.ts";
import { identifier } from "../core/sql.ts";
import type { MappedField } from "../job/job.ts";

/** A mapped field with all that later steps need to know of it. */
export interface CompiledField {
  field: MappedField;
  /** Source columns that its expression uses. */
  columns: string[];
  /** What is computed instead of its expression, where that is nothing but a column of numbers: its digits as they came. */
  digits?: string;
  /** Its expression as it is computed, over the scan of `withNestedCalls`. */
  nested: NestedCalls;
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
  keep?: NestedCalls;
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

/** What is handed through, and each field's value, where its expression may fail in a struct, which is NULL where it does. */
function tryFields(
  input: MappingInput,
  fields: readonly CompiledField[],
  certain: ReadonlyMap<string, string>,
): string {
  const structs = fields.map((compiled) => {
    const { target } = compiled.field;
    const isCertain = certain.get(target);
    const names = namesOf(compiled.nested);
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
  if (careful === undefined) return [`coalesce((${keep.sql}\n), false) AS _kept_`];
  const failed = failsOver(keep);
  return [`coalesce(${triedOver(keep)}, ${failed}) AS _kept_`, `(${failed}) AS ${keepFailureName}`];
}

function sqlOf({ digits, lookedUp, nested }: CompiledField): string {
  return lookedUp?.value ?? digits ?? nested.sql;
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
