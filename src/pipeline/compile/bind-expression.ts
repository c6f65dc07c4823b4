// One expression, held against what it may use. In: an expression of a job, columns of a source or fields of the map. Out:
// its type and its columns, or what is wrong with it. Must hold: one mistake is one problem, at its place in the YAML, with
// what to write instead.

import type { RecordSchema } from "../../contract/records.ts";
import type { Target } from "../../contract/target.ts";
import { nestedName } from "../../core/columns.ts";
import type { NestedCalls } from "../../core/nested-rows.ts";
import { literal } from "../../core/sql.ts";
import { suggest } from "../../core/suggest.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import { expressionPlace } from "../../job/expression-place.ts";
import type { Expression, Job, Stream } from "../../job/job.ts";
import { type BindingProblem, bindType, deserialize, serialize } from "../../stage/bind.ts";
import type { Engine } from "../../stage/engine.ts";
import { askConstant } from "../../transform/computed.ts";
import {
  type ColumnUse,
  inspectColumn,
  inspectExpression,
  parseStatement,
  type WrittenArgument,
} from "../../transform/expressions.ts";
import { takeNestedCalls } from "../../transform/nested-calls.ts";
import { tellSignature } from "../../transform/own-function.ts";
import { findUnquotedName, type UnquotedName } from "../../transform/quoted-names.ts";

export interface CompileInput extends BindInput {
  /** Of any connection that the job names: lookups look into others. */
  openTarget(connection: string): Promise<Target>;
}

export interface BindInput {
  engine: Engine;
  job: Job;
  stream: Stream;
  target: Target;
  /** What the source has; undefined when no file is at hand, then names of columns go unchecked. */
  columns: SourceColumns | undefined;
}

/** The columns of files, all text, or the fields of an object. */
export type SourceColumns = Pick<RecordSchema, "columns"> & Partial<Omit<RecordSchema, "columns">>;

export interface Bound {
  type: string;
  /** Columns that it uses with their types. */
  columns: ReadonlyMap<string, string>;
  /** The expression as it is computed (core/nested-rows.ts). */
  nested: NestedCalls;
}

/** Checks an expression against the columns or fields it may use; notes problems and gives undefined if there are any. */
export async function bindExpression(
  input: BindInput,
  expression: Expression,
  scope: SourceColumns | undefined,
  noun: "column" | "field",
  problems: Diagnostic[],
): Promise<Bound | undefined> {
  const { sql } = expression;
  const column = inspectColumn(sql);
  const tree = column === undefined ? await serialize(input.engine, parseStatement(sql)) : "";
  const parsed = column ?? inspectExpression(tree, sql);
  const found = parsed.problems.map(
    ({ offset, ...problem }): Diagnostic => ({ place: expressionPlace(expression, offset ?? 0), ...problem }),
  );
  if (found.length === 0) found.push(...(await askConstants(input.engine, expression, parsed.constants ?? [])));
  const columns = new Map<string, string>();
  for (const use of parsed.columns) {
    const resolved = await resolveColumn(input, expression, use, scope, noun);
    if ("type" in resolved) columns.set(resolved.name, resolved.type);
    else found.push(resolved);
  }
  const unquoted = found.length === 0 ? undefined : findUnquotedName(expression.sql, scope?.columns.keys() ?? []);
  if (unquoted !== undefined) found.splice(0, found.length, wantsQuotes(expression, unquoted, noun));
  problems.push(...found);
  if (found.length > 0) return undefined;
  // Most expressions are a column of a file, and the engine takes 2 ms to say what is known.
  if (parsed.isColumn && [...columns.values()][0] === "VARCHAR")
    return { type: "VARCHAR", columns, nested: { calls: [], sql } };
  const taken = column === undefined ? await takeNested(input.engine, tree, noun, columns) : undefined;
  const nested = taken ?? { calls: [], sql };
  const bound = await bindCalls(input.engine, nested, columns, { nested: scope?.resolveParentField !== undefined });
  if ("complaint" in bound) {
    problems.push(cantBind(expression, bound));
    return undefined;
  }
  const message = complainAboutType(bound.type);
  if (message === undefined) return { type: bound.type, columns, nested };
  problems.push({ place: expression.place, length: expression.sql.length, message });
  return undefined;
}

/** A country that is none, say, written in a call, would make every row a reject. */
export async function askConstants(
  engine: Engine,
  expression: Expression,
  constants: readonly WrittenArgument[],
): Promise<Diagnostic[]> {
  const found: Diagnostic[] = [];
  for (const { own, argument, text, offset } of constants) {
    const { why } = await engine.one(`SELECT ${askConstant(own, argument, text)} AS why`);
    if (why === null) continue;
    const place = expressionPlace(expression, offset ?? 0);
    found.push({ place, message: `${own.name}: ${String(why)}`, next: tellSignature(own) });
  }
  return found;
}

function takeNested(
  engine: Engine,
  tree: string,
  noun: "column" | "field",
  types: ReadonlyMap<string, string>,
): Promise<NestedCalls | undefined> {
  return takeNestedCalls(
    tree,
    (statement) => deserialize(engine, statement),
    (sql) => nestedName(noun, sql),
    types,
  );
}

/** A part of an expression over columns or fields, as a statement's tree: its type, and how it is computed. */
export async function bindPart(
  engine: Engine,
  tree: string,
  columns: ReadonlyMap<string, string>,
  { noun, ...options }: { noun: "column" | "field"; nested: boolean },
): Promise<{ type: string; nested: NestedCalls } | BindingProblem> {
  const nested = (await takeNested(engine, tree, noun, columns)) ?? { calls: [], sql: await deserialize(engine, tree) };
  const bound = await bindCalls(engine, nested, columns, options);
  return "type" in bound ? { ...bound, nested } : bound;
}

/** The type of an expression over columns and the calls that are taken out of it. */
async function bindCalls(
  engine: Engine,
  { calls, sql }: NestedCalls,
  columns: ReadonlyMap<string, string>,
  options: { nested: boolean },
): Promise<{ type: string } | BindingProblem> {
  const known = new Map(columns);
  for (const call of calls) {
    const bound = await bindType(engine, call.sql, known, options);
    if ("complaint" in bound) return bound;
    known.set(call.name, bound.type);
  }
  return bindType(engine, sql, known, options);
}

export function cantBind(
  { sql, ...expression }: Expression,
  { complaint, next, function: name }: BindingProblem,
): Diagnostic {
  const at = name === undefined ? -1 : sql.toLowerCase().indexOf(`${name.toLowerCase()}(`);
  return {
    place: at < 0 ? expression.place : expressionPlace({ sql, ...expression }, at),
    length: at < 0 ? sql.length : (name?.length ?? 1),
    message: complaint,
    ...(next === undefined ? {} : { next }),
  };
}

function wantsQuotes(expression: Expression, { column, written, offset }: UnquotedName, noun: string): Diagnostic {
  return {
    place: expressionPlace(expression, offset),
    length: column.length,
    message: `"${column}" is a ${noun} here, but SQL reads these words otherwise`,
    next: `put the name into double quotes: ${written} (in YAML: '${written}')`,
  };
}

export async function resolveColumn(
  input: BindInput,
  expression: Expression,
  { path, offset }: ColumnUse,
  scope: SourceColumns | undefined,
  noun: "column" | "field",
): Promise<{ name: string; type: string } | Diagnostic> {
  const name = path.join(".");
  const at = { place: expressionPlace(expression, offset), length: name.length };
  if (path.length > 1) {
    const type = await scope?.resolveParentField?.(name);
    if (type !== undefined) return { name, type };
    if (scope?.resolveParentField === undefined) {
      return { ...at, message: `"${name}" is not a ${noun}; a name with a dot is written in double quotes` };
    }
    return { ...at, message: `${scope.object} has no parent field ${name}, or this user can't see it` };
  }
  if (scope === undefined) return { name, type: "VARCHAR" };
  const known = [...scope.columns].find(([column]) => column.toLowerCase() === name.toLowerCase());
  if (known !== undefined) return { name: known[0], type: known[1] };
  const refused = scope.refused?.get(name.toLowerCase());
  if (refused !== undefined) return { ...at, ...refused };
  const isOptional = input.stream.source.optional.some((column) => column.toLowerCase() === name.toLowerCase());
  if (noun === "column" && isOptional) return { name, type: "VARCHAR" };
  return unknownName(input, expression, { column: name, offset }, scope, noun);
}

function unknownName(
  input: BindInput,
  expression: Expression,
  use: { column: string; offset: number },
  scope: SourceColumns,
  noun: "column" | "field",
): Diagnostic {
  const candidates = [...scope.columns.keys()];
  const suggestion = suggest(use.column, candidates);
  const holder = scope.object === undefined ? `the files of stream ${input.stream.name} have` : `${scope.object} has`;
  const where = noun === "column" || scope.object !== undefined ? holder : `stream ${input.stream.name} maps`;
  return {
    place: expressionPlace(expression, use.offset),
    length: use.column.length,
    message: `${where} no ${noun} "${use.column}"`,
    ...(suggestion === undefined
      ? { next: `${noun}s: ${candidates.join(", ")}${orText(expression, use)}` }
      : { suggestion }),
  };
}

/** A word alone may be meant as a text. */
function orText({ sql }: Expression, { column }: { column: string }): string {
  const inside = /^[\u2018-\u201f](.+)[\u2018-\u201f]$/u.exec(column)?.[1];
  if (inside !== undefined) {
    return `. The quotes of a word processor are none here: a text is written ${literal(inside)}, a column "${inside}"`;
  }
  const written = sql.trim().replace(/^"(.*)"$/, "$1");
  return written === column ? `. A text is written in single quotes: "${literal(column)}"` : "";
}

function complainAboutType(type: string): string | undefined {
  if (type === "BLOB" || type === "BIT")
    return `the expression gives bytes (${type}), a text is wanted: decode(…), to_hex(…) or to_base64(…)`;
  if (!/^(STRUCT|MAP|UNION)|\[\d*\]$/.test(type)) return undefined;
  return `the expression gives ${type}, a single value is wanted`;
}
