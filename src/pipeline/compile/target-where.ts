// `target.where`: which present records a stream may touch. In: its text. Out: SQL over the fields of a record, with the
// fields that it reads, or a filter that the vendor answers. What must hold: which of the two it is follows from the text
// and the object alone. It is SQL where it is a condition over the object's fields; else it is the vendor's, if the vendor
// takes it; else it is refused, with what both say of it.

import { mappedName, renderedName } from "../../core/columns.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import type { NestedCalls } from "../../core/nested-rows.ts";
import { identifier } from "../../core/sql.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import type { Expression } from "../../job/job.ts";
import { serialize } from "../../stage/bind.ts";
import { inspectExpression, parseStatement } from "../../transform/expressions.ts";
import { storedReading } from "../../values/value.ts";
import { bindExpression, type CompileInput } from "./bind-expression.ts";

export type CompiledWhere =
  | { kind: "sql"; condition: NestedCalls; fields: FieldSchema[] }
  | { kind: "filter"; filter: string };

export type WhereInput = Pick<CompileInput, "engine" | "job" | "stream" | "target">;

export async function compileWhere(
  input: WhereInput,
  schema: ObjectSchema,
  problems: Diagnostic[],
): Promise<CompiledWhere | undefined> {
  const { where } = input.stream.target;
  if (where === undefined) return undefined;
  const ofSql: Diagnostic[] = [];
  const compiled = await compileSql(input, where, schema, ofSql);
  if (compiled !== undefined) return compiled;
  const { target } = input;
  const refusal = await target.explainFilter?.(schema.object, where.sql);
  if (target.explainFilter !== undefined && refusal === undefined) return { kind: "filter", filter: where.sql };
  const next = refusal === undefined ? undefined : `read as SQL; as a filter of the target: ${refusal}`;
  problems.push(...ofSql.map((problem) => ({ ...problem, ...(next === undefined ? {} : { next }) })));
  return undefined;
}

/** For people: as what it is read. */
export function describeWhere(where: CompiledWhere): string {
  return where.kind === "sql" ? "target.where as SQL over present fields" : "target.where as a filter of the target";
}

async function compileSql(
  input: WhereInput,
  where: Expression,
  schema: ObjectSchema,
  problems: Diagnostic[],
): Promise<CompiledWhere | undefined> {
  const at = { place: where.place, length: where.sql.length };
  const { columns } = inspectExpression(await serialize(input.engine, parseStatement(where.sql)), where.sql);
  const fields: FieldSchema[] = [];
  for (const name of new Set(
    columns.filter(({ path }) => path.length === 1).map(({ path }) => path[0]?.toLowerCase()),
  )) {
    const known = [...schema.fields.keys()].find((field) => field.toLowerCase() === name);
    const field = known === undefined ? undefined : await input.target.resolveField(schema, known);
    if (field?.readable === "blank") problems.push({ ...at, message: `target.where: ${field.name} can't be read` });
    else if (field !== undefined) fields.push(field);
  }
  const types = await typesOf(input, fields);
  const others = [...schema.fields.keys()].filter((name) => !types.has(name)).map((name) => [name, "VARCHAR"] as const);
  const unknown = others.filter(([name]) => !columns.some(({ path }) => path[0]?.toLowerCase() === name.toLowerCase()));
  const scope = { columns: new Map([...types, ...unknown]), object: schema.object };
  const bound = await bindExpression({ ...input, columns: scope }, where, scope, "field", problems);
  if (bound === undefined || problems.length > 0) return undefined;
  if (bound.type !== "BOOLEAN")
    problems.push({ ...at, message: `target.where gives ${bound.type}, a condition is wanted` });
  else if (/(=|<>|!=|[<>])\s*null\b/i.test(where.sql.replaceAll(/'(?:[^']|'')*'/g, "''"))) {
    const message = "target.where: in SQL a comparison with NULL is never true";
    problems.push({ ...at, message, next: "write IS NULL, or IS NOT NULL" });
  } else return { kind: "sql", condition: bound.nested, fields };
  return undefined;
}

/** The types that the values of present fields have. */
async function typesOf({ engine, target }: WhereInput, fields: readonly FieldSchema[]): Promise<Map<string, string>> {
  if (fields.length === 0) return new Map();
  const names = fields.flatMap(({ name }) => [mappedName(name), renderedName(name)]);
  const values = fields.map((field, place) => {
    const { typed } = target.render(field, mappedName(field.name), "VARCHAR", storedReading);
    return `${typed} AS ${identifier(String(place))}`;
  });
  const rows = await engine.all(
    `DESCRIBE SELECT ${values.join(", ")} FROM (SELECT ${names.map((name) => `CAST(NULL AS VARCHAR) AS ${name}`).join(", ")})`,
  );
  return new Map(fields.map(({ name }, place) => [name, String(rows[place]?.["column_type"])]));
}
