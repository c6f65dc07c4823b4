// What a job wants of an object that the object can't give, found before a row is read. In: a stream, the object's
// schema, types and constants of the expressions. Out: problems, each at its place in the YAML. What must hold: what is
// called a problem fails for every row that it is about, whatever the row holds.

import type { Target } from "../../contract/target.ts";
import { mappedName, renderedName } from "../../core/columns.ts";
import { withArticle } from "../../core/counted.ts";
import { type FieldKind, type FieldSchema, isRequired, type ObjectSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import { expressionPlace } from "../../job/expression-place.ts";
import { type Job, type MappedField, type Mode, readingOf, type Stream } from "../../job/job.ts";
import { isHistoryColumn } from "../../job/mode.ts";
import { countOf } from "../../report/numbers.ts";
import { serialize } from "../../stage/bind.ts";
import type { Engine } from "../../stage/engine.ts";
import { findConstants, parseStatement } from "../../transform/expressions.ts";
import { foldText } from "../../values/fold.ts";
import { objectToValue } from "../../values/limits.ts";
import { trimInvisible } from "../../values/trim.ts";
import type { CompiledStream } from "./compiled-stream.ts";

const verbs: Record<Mode, readonly ("createable" | "updateable" | "deletable")[]> = {
  insert: ["createable"],
  update: ["updateable"],
  upsert: ["createable", "updateable"],
  delete: ["deletable"],
  mirror: ["createable", "updateable", "deletable"],
  history: ["createable", "updateable"],
  replace: [],
  delta: [],
};

const participles = { createable: "created", updateable: "updated", deletable: "deleted" } as const;

/** What the mode does and this user may not. */
export function findObjectProblems({ target, madeFor }: Stream, schema: ObjectSchema): Diagnostic[] {
  const wanted = madeFor === undefined ? verbs[target.mode] : verbs.insert;
  const lacking = wanted.filter((verb) => !schema[verb]);
  const missing = lacking.map((verb) => participles[verb]);
  if (missing.length === 0) return [];
  const wants = madeFor === undefined ? `mode ${target.mode}` : "miss: create";
  const what = `${schema.object} can't be ${missing.join(" or ")}`;
  if (schema.unable !== undefined) {
    const message = `${what}, which ${wants} wants: ${schema.unable}`;
    return [{ place: target.place, length: schema.object.length, message }];
  }
  const message = `${what} by this user, which ${wants} wants`;
  const grants = lacking.flatMap((verb) => schema.grants?.[verb] ?? []);
  const next =
    grants.length === 0
      ? "give the integration user that object permission, or choose another mode"
      : `an administrator lets it: ${grants.join("; ")}`;
  return [{ place: target.place, length: schema.object.length, message, next }];
}

type TypeClass = "number" | "boolean" | "date" | "datetime" | "time" | "span";

/** Types of expressions that no value of which can be stored in a field of this kind. Text is seen row by row. */
const impossible: Record<FieldKind, readonly TypeClass[]> = {
  text: [],
  number: ["date", "datetime", "time", "span"],
  integer: ["date", "datetime", "time", "span"],
  boolean: ["date", "datetime", "time", "span"],
  date: ["number", "boolean", "time", "span"],
  datetime: ["number", "boolean", "time", "span"],
  time: ["number", "boolean", "date", "datetime", "span"],
  reference: ["number", "boolean", "date", "datetime", "time", "span"],
  id: ["number", "boolean", "date", "datetime", "time", "span"],
};

/** `type` is DuckDB's, of the whole expression. */
export function findTypeProblem(field: MappedField, schema: FieldSchema, type: string): Diagnostic[] {
  const found = classOf(type);
  // NULL has a type too, by which nothing is meant.
  const isNull = /^null$/i.test(field.expression.sql.trim());
  if (
    found === undefined ||
    isNull ||
    field.parent !== undefined ||
    field.lookup !== undefined ||
    !impossible[schema.kind].includes(found)
  )
    return [];
  const message = `the expression gives ${type}, which can't become ${withArticle(schema.vendorType)} (${field.target})`;
  return [{ place: field.expression.place, length: field.expression.sql.length, message }];
}

export function findRoundProblem(field: MappedField, { kind, vendorType }: FieldSchema): Diagnostic[] {
  const { round, targetPlace, target } = field;
  if (round === undefined || kind === "number" || kind === "integer") return [];
  const message = `round goes with numbers, ${target} is ${withArticle(vendorType)}`;
  return [{ place: targetPlace, length: target.length, message }];
}

function classOf(type: string): TypeClass | undefined {
  if (/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL|DOUBLE|FLOAT|BIGNUM)\b/.test(type)) return "number";
  if (type === "BOOLEAN") return "boolean";
  if (type === "DATE") return "date";
  if (type.startsWith("TIMESTAMP")) return "datetime";
  if (type.startsWith("TIME")) return "time";
  return type === "INTERVAL" ? "span" : undefined;
}

/** Fields that two names of the map would write: an id, and what the same record is known by. */
export function findWrittenTwice(
  { fields }: Stream,
  schema: ObjectSchema,
  fieldSchemas: ReadonlyMap<string, FieldSchema>,
): Diagnostic[] {
  const writers = new Map<string, string>();
  return fields.filter(isOwned).flatMap(({ target, targetPlace }) => {
    const relation = fieldSchemas.get(target)?.several === true ? undefined : relationOf(target);
    const lookup = [...schema.fields.values()].find(({ relationshipName }) => relationshipName === relation);
    const written = (relation === undefined ? undefined : lookup?.name) ?? target;
    // A lookup with several objects may be named by one or the other, row by row.
    const isOther = writers.has(written) && !(target.includes(":") && writers.get(written)?.includes(":") === true);
    const first = writers.get(written) ?? target;
    writers.set(written, first);
    if (!isOther) return [];
    const message = `${target} and ${first} are both written to ${written}`;
    return [{ place: targetPlace, length: target.length, message, next: "map one of them" }];
  });
}

/** Of a database `name` and `"Name"` are two columns; names of columns here are one, capital letters aside. */
export function findSameNames({ fields }: Stream): Diagnostic[] {
  const first = new Map<string, string>();
  return fields.flatMap(({ target, targetPlace }) => {
    const other = first.get(target.toLowerCase());
    if (other === undefined) first.set(target.toLowerCase(), target);
    if (other === undefined || other === target) return [];
    const message = `${target} and ${other} differ in capital letters alone, by which a map does not tell fields apart`;
    return [{ place: targetPlace, length: target.length, message, next: "map one of them" }];
  });
}

function isOwned({ own }: MappedField): boolean {
  return own !== false;
}

/** `Account` of `Account.Ext__c`, `Who` of `Contact:Who.Ext__c`. */
function relationOf(name: string): string | undefined {
  return /^(?:[^:.]+:)?([^:.]+)\.[^.]+$/.exec(name)?.[1];
}

/** Fields that a new record must have and the map does not give; none in modes that create no record. */
export function listMissingFields(stream: Stream, schema: ObjectSchema): FieldSchema[] {
  if (!verbs[stream.target.mode].includes("createable")) return [];
  const mapped = new Set(stream.fields.filter(isOwned).map(({ target }) => relationOf(target) ?? target.split(".")[0]));
  return [...schema.fields.values()]
    .filter(isRequired)
    .filter(({ name }) => stream.target.mode !== "history" || !isHistoryColumn(name))
    .filter(({ name, relationshipName }) => !mapped.has(name) && !mapped.has(relationshipName ?? name));
}

export function findMissingFields({ stream, schema }: CompiledStream): Diagnostic[] {
  const missing = listMissingFields(stream, schema);
  if (missing.length === 0) return [];
  const names = missing.map(({ name }) => name).join(", ");
  if (stream.madeFor !== undefined) {
    const message = `miss: create: a new ${schema.object} must have ${names}, and would have ${stream.target.key.join(" and ")} alone`;
    const next = `load them by a stream of their own, which ${stream.madeFor.field} names as its parent`;
    return [{ place: stream.target.place, length: 1, message, next }];
  }
  const message = `a new ${schema.object} must have ${names}: ${missing.length === 1 ? "it is" : "they are"} not in the map`;
  const next = `add to the map: ${missing.map(showLine).join("; ")}`;
  return [{ place: stream.target.place, length: schema.object.length, message, next }];
}

/** A parent, the master of a detail say, is named by its id, or by a key of its own. */
function showLine({ name, referenceTo, relationshipName }: FieldSchema): string {
  if (referenceTo.length === 0) return `${name}: <column, or 'a text' for all>`;
  const byKey = relationshipName === undefined ? "" : `, or ${relationshipName}.<key of ${referenceTo[0]}>: <column>`;
  return `${name}: <column with the id>${byKey}`;
}

export interface LiteralInput {
  engine: Engine;
  target: Target;
  job: Job;
  compiled: CompiledStream;
}

/** Constants in expressions that the field would refuse: too long, not of its picklist, not of its type. */
export async function findLiteralProblems(input: LiteralInput): Promise<Diagnostic[]> {
  const { engine, compiled } = input;
  const problems: Diagnostic[] = [];
  for (const field of compiled.stream.fields) {
    const schema = compiled.fieldSchemas.get(field.target);
    // What is looked up is a key, and no value of the field.
    if (schema === undefined || field.parent !== undefined || field.lookup !== undefined) continue;
    for (const { text, offset } of findConstants(await serialize(engine, parseStatement(field.expression.sql)))) {
      const complaint = complainAboutText(schema, text) ?? (await complainAsTarget(input, field, schema, text));
      if (complaint === undefined) continue;
      const place = expressionPlace(field.expression, offset);
      problems.push({ place, length: text.length + 2, message: `${field.target}: ${complaint}` });
    }
  }
  return problems;
}

function complainAboutText({ maxLength, picklist, vendorType }: FieldSchema, text: string): string | undefined {
  const length = [...text].length;
  if (maxLength !== undefined && length > maxLength) {
    return `the text has ${countOf(length, "character")}, the field takes ${maxLength}`;
  }
  if (picklist?.restricted !== true) return undefined;
  const names = [...picklist.values, ...(picklist.labels?.keys() ?? [])];
  const known = new Set(["", ...names.map((value) => foldText(trimInvisible(value)))]);
  const parts = vendorType === "multipicklist" ? text.split(";") : [text];
  const strange = parts.map(trimInvisible).filter((part) => !known.has(foldText(part)));
  if (strange.length === 0) return undefined;
  const shown = picklist.labels === undefined ? picklist.values : [...picklist.labels.keys()];
  return `"${strange.join('", "')}" is not in its restricted picklist (${showValues(shown)})`;
}

const valuesShownMax = 12;

function showValues(values: readonly string[]): string {
  const shown = values.slice(0, valuesShownMax).join(", ");
  return values.length > valuesShownMax ? `${shown}, … ${values.length} in all` : shown;
}

/** As a row with this value would be judged. */
async function complainAsTarget(
  { engine, target, job }: LiteralInput,
  field: MappedField,
  schema: FieldSchema,
  text: string,
): Promise<string | undefined> {
  const mapped = mappedName(field.target);
  const { value, invalid } = target.render(schema, mapped, "VARCHAR", readingOf(job, field));
  const written = renderedName(field.target);
  const rendered = `SELECT *, ${value} AS ${written} FROM (SELECT ${literal(text)} AS ${mapped})`;
  const objections = [...(invalid === undefined ? [] : [invalid]), ...objectToValue(schema, written, false)];
  if (objections.length === 0) return undefined;
  const cases = objections.map(({ condition, message }) => `WHEN ${condition} THEN ${message}`);
  const { complaint } = await engine.one(`SELECT CASE ${cases.join(" ")} END AS complaint FROM (${rendered})`);
  return complaint === null ? undefined : String(complaint);
}
