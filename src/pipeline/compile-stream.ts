// Binds a stream's expressions and fields before a row is read: every wrong name is told at its place in the YAML.

import { mappedName, renderedName } from "../core/columns.ts";
import type { FieldSchema, ObjectSchema } from "../core/model.ts";
import { suggest } from "../core/suggest.ts";
import { type Diagnostic, diagnosticsFailure } from "../job/diagnostics.ts";
import { expressionPlace } from "../job/expression-place.ts";
import type { Expression, Job, MappedField, Stream } from "../job/job.ts";
import type { Target } from "../load/target.ts";
import { bindType, serialize } from "../stage/bind.ts";
import type { Engine } from "../stage/engine.ts";
import { inspectExpression, parseStatement } from "../transform/expressions.ts";
import type { CompiledField } from "../transform/mapping.ts";
import type { CompiledRule } from "../validate/rules.ts";
import { nameParents } from "./parents.ts";
import { findObjectProblems, findTypeProblem } from "./schema-problems.ts";

export interface CompiledStream {
  stream: Stream;
  schema: ObjectSchema;
  fields: CompiledField[];
  /** By mapped name, also for names such as `Account.Ext__c`. */
  fieldSchemas: Map<string, FieldSchema>;
  key: FieldSchema[];
  rules: CompiledRule[];
}

export interface CompileInput {
  engine: Engine;
  job: Job;
  stream: Stream;
  target: Target;
  /** Columns of all parts; undefined when no file is at hand, then names of columns go unchecked. */
  columns: string[] | undefined;
}

/** Throws one Failure (exit 2) with all problems of the stream. */
export async function compileStream(input: CompileInput): Promise<CompiledStream> {
  const { target } = input;
  const schema = await target.describe(input.stream.target.object);
  const stream = nameParents(input.job, input.stream, schema);
  const problems: Diagnostic[] = findObjectProblems(stream, schema);
  const fields: CompiledField[] = [];
  const fieldSchemas = new Map<string, FieldSchema>();
  for (const field of stream.fields) {
    const fieldSchema = await resolveTargetField(input, schema, field, problems);
    const bound = await bindExpression(input, field.expression, sourceTypes(input), "column", problems);
    if (fieldSchema === undefined || bound === undefined) continue;
    fieldSchemas.set(field.target, fieldSchema);
    const typeProblems = findTypeProblem(field, fieldSchema, bound.type);
    problems.push(...typeProblems);
    if (typeProblems.length > 0) continue;
    fields.push(compileField(input, field, fieldSchema, bound));
  }
  if (stream.keep !== undefined) await bindExpression(input, stream.keep, sourceTypes(input), "column", problems);
  const rules = problems.length > 0 ? [] : await compileRules({ ...input, stream }, fields, problems);
  const key = stream.target.key.flatMap((name) => fieldSchemas.get(name) ?? []);
  checkKey(stream, key, problems);
  if (problems.length > 0) throw diagnosticsFailure(problems);
  return { stream, schema, fields, fieldSchemas, key, rules };
}

function sourceTypes(input: CompileInput): Map<string, string> | undefined {
  if (input.columns === undefined) return undefined;
  return new Map(input.columns.map((column) => [column, "VARCHAR"]));
}

function compileField(input: CompileInput, field: MappedField, schema: FieldSchema, bound: Bound): CompiledField {
  const rendered = input.target.render(schema, mappedName(field.target), bound.type, input.job.timezone);
  return { field, columns: bound.columns, type: bound.type, ...rendered };
}

async function resolveTargetField(
  input: CompileInput,
  schema: ObjectSchema,
  field: MappedField,
  problems: Diagnostic[],
): Promise<FieldSchema | undefined> {
  const found = await input.target.resolveField(schema, field.target);
  const { mode, key } = input.stream.target;
  const at = { place: field.targetPlace, length: field.target.length };
  if (found === undefined) {
    const suggestion = suggest(field.target, schema.fields.keys());
    const next = `loadline describe ${input.stream.target.connection} ${schema.object}`;
    const message = `${schema.object} has no field ${field.target}, or this user can't see it`;
    problems.push({ ...at, message, ...(suggestion === undefined ? { next } : { suggestion }) });
    return undefined;
  }
  const isKey = key.includes(field.target);
  const creates = mode === "insert" || mode === "upsert" || mode === "mirror";
  const updates = (mode === "update" || mode === "upsert" || mode === "mirror") && field.policy !== "create_only";
  const writable = isKey || ((!creates || found.createable) && (!updates || found.updateable));
  if (writable) return found;
  const what = creates && !found.createable ? "created" : "updated";
  problems.push({ ...at, message: `${schema.object}.${field.target} is read-only: it can't be ${what} by this user` });
  return undefined;
}

function checkKey(stream: Stream, key: readonly FieldSchema[], problems: Diagnostic[]): void {
  const { mode, place } = stream.target;
  if (mode === "insert" || problems.length > 0) return;
  const [first, ...others] = key;
  const at = { place, length: 1 };
  if (first === undefined || others.length > 0) {
    problems.push({ ...at, message: `mode ${mode} wants one field as target.key: an external id or unique field` });
  } else if (!first.externalId && !first.unique && first.kind !== "id") {
    const message = `target.key: ${first.name} is neither an external id nor unique, so it can't tell records apart`;
    problems.push({ ...at, message });
  } else if ((mode === "upsert" || mode === "mirror") && !first.externalId) {
    problems.push({ ...at, message: `target.key: ${first.name} is no external id, which mode ${mode} wants` });
  }
}

interface Bound {
  type: string;
  columns: string[];
}

/** Checks an expression against the columns or fields it may use; notes problems and gives undefined if there are any. */
async function bindExpression(
  input: CompileInput,
  expression: Expression,
  types: ReadonlyMap<string, string> | undefined,
  noun: "column" | "field",
  problems: Diagnostic[],
): Promise<Bound | undefined> {
  const parsed = inspectExpression(await serialize(input.engine, parseStatement(expression.sql)));
  const known = new Map([...(types?.keys() ?? [])].map((name) => [name.toLowerCase(), name]));
  const found = parsed.problems.map(
    ({ message, offset, length }): Diagnostic => ({
      place: expressionPlace(expression, offset ?? 0),
      message,
      ...(length === undefined ? {} : { length }),
    }),
  );
  const optional = new Set(input.stream.source.optional.map((name) => name.toLowerCase()));
  const columns = new Set<string>();
  for (const { column, offset } of parsed.columns) {
    columns.add(known.get(column.toLowerCase()) ?? column);
    if (types === undefined || known.has(column.toLowerCase())) continue;
    if (noun === "column" && optional.has(column.toLowerCase())) continue;
    found.push(unknownName(input, expression, { column, offset }, [...types.keys()], noun));
  }
  problems.push(...found);
  if (found.length > 0) return undefined;
  const bindable = new Map(types ?? []);
  for (const column of columns) if (!known.has(column.toLowerCase())) bindable.set(column, "VARCHAR");
  const bound = await bindType(input.engine, expression.sql, bindable);
  const complaint = "complaint" in bound ? bound.complaint : complainAboutType(bound.type);
  if (complaint === undefined && "type" in bound) return { type: bound.type, columns: [...columns] };
  problems.push({ place: expression.place, length: expression.sql.length, message: complaint ?? "can't be bound" });
  return undefined;
}

function unknownName(
  input: CompileInput,
  expression: Expression,
  use: { column: string; offset: number },
  candidates: string[],
  noun: "column" | "field",
): Diagnostic {
  const suggestion = suggest(use.column, candidates);
  const where =
    noun === "column" ? `the files of stream ${input.stream.name} have` : `stream ${input.stream.name} maps`;
  return {
    place: expressionPlace(expression, use.offset),
    length: use.column.length,
    message: `${where} no ${noun} "${use.column}"`,
    ...(suggestion === undefined ? { next: `${noun}s: ${candidates.join(", ")}` } : { suggestion }),
  };
}

function complainAboutType(type: string): string | undefined {
  if (!/^(STRUCT|MAP|UNION)|\[\d*\]$/.test(type)) return undefined;
  return `the expression gives ${type}, a single value is wanted`;
}

async function compileRules(
  input: CompileInput,
  fields: readonly CompiledField[],
  problems: Diagnostic[],
): Promise<CompiledRule[]> {
  const typedColumns = await typesOfFields(input, fields);
  const rules: CompiledRule[] = [];
  for (const rule of input.stream.rules) {
    if (rule.expression === undefined) {
      rules.push({ rule, fields: rule.field === undefined ? [] : [rule.field] });
      continue;
    }
    const bound = await bindExpression(input, rule.expression, typedColumns, "field", problems);
    if (bound !== undefined) rules.push({ rule, fields: bound.columns });
  }
  return rules;
}

/** The types that rules see: those of the stored values, not of the source's text. */
async function typesOfFields(input: CompileInput, fields: readonly CompiledField[]): Promise<Map<string, string>> {
  const types = new Map<string, string>();
  for (const { field, typed, type } of fields) {
    const mapped = `CAST(NULL AS ${type}) AS ${mappedName(field.target)}`;
    const rendered = `CAST(NULL AS VARCHAR) AS ${renderedName(field.target)}`;
    const row = await input.engine.one(`DESCRIBE SELECT ${typed} AS value FROM (SELECT ${mapped}, ${rendered})`);
    types.set(field.target, String(row["column_type"]));
  }
  return types;
}
