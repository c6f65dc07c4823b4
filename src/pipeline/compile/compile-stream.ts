// Binds a stream's expressions and fields before a row is read. In: a stream as its job file says it, what the source has
// and what the target describes. Out: a CompiledStream, which all later steps go by. Must hold: every wrong name is told at
// its place in the YAML, all of them at once; no row is read here.

import type { Target } from "../../contract/target.ts";
import type { RenderedField } from "../../contract/values.ts";
import { mappedName, renderedName } from "../../core/columns.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { suggest } from "../../core/suggest.ts";
import { type Diagnostic, diagnosticsFailure } from "../../job/diagnostics.ts";
import { type MappedField, type Mode, readingOf, redactedFields, type Stream, writesFile } from "../../job/job.ts";
import { type Lookup, newRecordMark } from "../../job/lookup.ts";
import { makesAndChanges } from "../../job/mode.ts";
import type { CompiledField } from "../../transform/mapping.ts";
import { findUnwritable } from "../../values/text.ts";
import { quoted } from "../../values/value.ts";
import { type Bound, bindExpression, type CompileInput } from "./bind-expression.ts";
import { compileRules } from "./compile-rules.ts";
import type { CompiledStream } from "./compiled-stream.ts";
import { findDedupeProblems } from "./dedupe-problems.ts";
import { doubtAddress } from "./doubtful-address.ts";
import { takeFound } from "./found-values.ts";
import { planTable } from "./new-table.ts";
import { compileTimes, timeSchema } from "./newest.ts";
import { refuseSecondRecords } from "./one-of-several.ts";
import { refuseOtherDelimiter } from "./other-delimiter.ts";
import { nameParents } from "./parents.ts";
import {
  findObjectProblems,
  findRoundProblem,
  findSameNames,
  findTypeProblem,
  findWrittenTwice,
} from "./schema-problems.ts";
import { carriedNumber, digitsOfColumn } from "./source-numbers.ts";
import { StreamLookups } from "./stream-lookups.ts";
import { findTableProblems } from "./table-modes.ts";
import { compileWhere } from "./target-where.ts";

/** Throws one Failure (exit 2) with all problems of the stream. */
export async function compileStream(given: CompileInput): Promise<CompiledStream> {
  const { target } = given;
  const ddl = await planTable(given);
  const schema = await describeTarget(given);
  await target.refuseDemands(given.stream.target);
  const stream = nameParents(given.job, given.stream, schema);
  const input = { ...given, stream };
  refuseOtherDelimiter(stream, input.columns);
  const problems: Diagnostic[] = [...findObjectProblems(stream, schema), ...findTableProblems(stream, schema, target)];
  const mapped: CompiledField[] = [];
  const columns = new Map<string, string>();
  const fieldSchemas = new Map<string, FieldSchema>();
  const carried = new Set<string>();
  const redacted = redactedFields(input.job, stream);
  const lookups = new StreamLookups(input, redacted);
  for (const field of stream.fields) {
    const resolved = await resolveTargetField(input, schema, field, problems);
    const isKey = stream.target.key.includes(field.target);
    const fieldSchema = resolved !== undefined && isKey ? { ...resolved, isKey: true as const } : resolved;
    const bound =
      field.lookup === undefined
        ? await bindExpression(input, field.expression, input.columns, "column", problems)
        : await lookups.add({ field: field.target, written: field.lookup, schema: fieldSchema }, problems);
    if (fieldSchema === undefined || bound === undefined) continue;
    const number =
      input.columns?.object === undefined || field.lookup !== undefined
        ? undefined
        : carriedNumber(field.expression.sql, bound);
    if (number !== undefined) {
      carried.add(number);
      // Text, unless another expression computes with it.
      if (!columns.has(number)) columns.set(number, "VARCHAR");
    } else for (const [name, type] of bound.columns) columns.set(name, type);
    fieldSchemas.set(field.target, fieldSchema);
    const typeProblems = findTypeProblem(field, fieldSchema, bound.type);
    problems.push(...typeProblems);
    if (typeProblems.length > 0) continue;
    problems.push(...findRoundProblem(field, fieldSchema));
    mapped.push(
      number === undefined
        ? compileField(input, field, fieldSchema, bound, lookups)
        : carryNumber(input, field, fieldSchema, number, lookups),
    );
  }
  const times = await compileTimes(input, problems);
  const fields = refuseSecondRecords([...mapped, ...times.fields]);
  for (const field of times.fields) fieldSchemas.set(field.field.target, timeSchema(field.field.target));
  for (const [name, type] of times.columns) columns.set(name, columns.get(name) ?? type);
  const kept =
    stream.keep === undefined ? undefined : await bindExpression(input, stream.keep, input.columns, "column", problems);
  for (const [name, type] of kept?.columns ?? []) columns.set(name, type);
  addNamedFields(input, columns, problems);
  const { rules, runRules } =
    problems.length > 0
      ? { rules: [], runRules: [] }
      : await compileRules(input, { fields, schemas: fieldSchemas, lookups, redacted }, problems);
  const key = stream.target.key.flatMap((name) => fieldSchemas.get(name) ?? []);
  checkKey(stream, schema, key, problems);
  const where = await compileWhere(input, schema, problems);
  problems.push(...findDedupeProblems(stream, fieldSchemas));
  problems.push(...findWrittenTwice(stream, schema, fieldSchemas), ...findSameNames(stream));
  if (problems.length > 0) throw diagnosticsFailure(problems);
  return {
    stream,
    schema,
    fields,
    planned: fields.filter(({ field }) => field.own !== false),
    fieldSchemas,
    key,
    rules,
    runRules,
    lookups: lookups.compiled,
    columns,
    strict: input.columns?.strict ?? new Map(),
    ...(where === undefined ? {} : { where }),
    ...toldDeletions(input),
    ...(kept === undefined ? {} : { keep: kept.nested }),
    keepColumns: [...(kept?.columns.keys() ?? [])],
    redacted,
    carried: [...carried],
    times: times.of,
    ddl,
    rounds: fields.some(({ rounded }) => rounded !== undefined),
  };
}

/** An object that is not there is told at its place. */
async function describeTarget({ target, stream }: CompileInput): Promise<ObjectSchema> {
  const { object, place } = stream.target;
  try {
    return await target.describe(object);
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCode.usage || error.where !== undefined) throw error;
    const { message } = error;
    const next = (await tellMeant(target, object)) ?? error.next;
    throw diagnosticsFailure([{ place, length: object.length, message, ...(next === undefined ? {} : { next }) }]);
  }
}

async function tellMeant(target: Target, object: string): Promise<string | undefined> {
  const meant = suggest(
    object,
    (await target.listObjects()).map(({ name }) => name),
  );
  return meant === undefined ? undefined : `did you mean "${meant}"?`;
}

function toldDeletions({ stream, columns }: CompileInput): Pick<CompiledStream, "deletions"> {
  const [flag, mergedInto] = columns?.deletionColumns ?? [];
  if (stream.source.kind !== "object" || stream.source.deletes === "ignore" || flag === undefined) return {};
  return { deletions: { flag, ...(mergedInto === undefined ? {} : { mergedInto }) } };
}

/** `source.fields`: taken even where no expression uses them. */
function addNamedFields({ stream, columns }: CompileInput, used: Map<string, string>, problems: Diagnostic[]): void {
  if (stream.source.kind !== "object" || columns === undefined) return;
  for (const name of stream.source.fields) {
    const type = columns.columns.get(name);
    const refused = columns.refused?.get(name.toLowerCase());
    if (type !== undefined) used.set(name, used.get(name) ?? "VARCHAR");
    else if (refused !== undefined) problems.push({ place: stream.source.place, ...refused });
    else {
      const suggestion = suggest(name, columns.columns.keys());
      const message = `source.fields: ${stream.source.object} has no field ${name}, or this user can't see it`;
      problems.push({ place: stream.source.place, message, ...(suggestion === undefined ? {} : { suggestion }) });
    }
  }
}

function compileField(
  input: CompileInput,
  field: MappedField,
  schema: FieldSchema,
  bound: Bound,
  lookups: StreamLookups,
): CompiledField {
  const rendered = input.target.render(
    schema,
    mappedName(field.target),
    bound.type,
    readingOf(input.job, field, input.stream),
  );
  const named = input.stream.target.key.includes(field.target) || schema.lookup !== undefined;
  const lookup = lookups.of(field.target);
  const invalid = refuseToo(
    named ? refuseLong(schema, rendered.invalid) : rendered.invalid,
    findUnwritable({ column: mappedName(field.target), type: bound.type }, makesCharacters(field)),
  );
  const compiled = {
    field,
    columns: [...bound.columns.keys()],
    type: bound.type,
    ...(lookup === undefined ? {} : { lookedUp: takeFound(lookup) }),
    nested: bound.nested,
    ...rendered,
    ...(invalid === undefined ? {} : { invalid }),
    ...(lookup === undefined ? doubtAddress(field) : {}),
  };
  return lookup?.written.maker === undefined ? compiled : takeNew(compiled, lookup.written);
}

/** What stands for a record that is made in this run is no id yet, and is taken as it is. */
function takeNew(compiled: CompiledField, lookup: Lookup): CompiledField {
  const mapped = mappedName(compiled.field.target);
  const isNew = `coalesce(starts_with(${mapped}, ${literal(newRecordMark(lookup))}), false)`;
  const { invalid } = compiled;
  return {
    ...compiled,
    value: `CASE WHEN ${isNew} THEN ${mapped} ELSE ${compiled.value} END`,
    ...(invalid === undefined ? {} : { invalid: { ...invalid, condition: `NOT ${isNew} AND (${invalid.condition})` } }),
  };
}

/** A key that its field can't hold is no record's, in modes that write nothing too. */
function refuseLong({ name, maxLength }: FieldSchema, invalid: RenderedField["invalid"]): RenderedField["invalid"] {
  if (maxLength === undefined) return invalid;
  const value = renderedName(name);
  // Bytes are counted without reading the text, and are never fewer than characters.
  const isLong = `strlen(${value}) > ${maxLength} AND length(${value}) > ${maxLength}`;
  const message = `${quoted(value)} || ' has ' || length(${value}) || ' characters, a key of this field has ${maxLength} at most'`;
  return refuseToo(invalid, { condition: isLong, message });
}

/** The first is what is told where both refuse a value. */
function refuseToo(invalid: RenderedField["invalid"], other: RenderedField["invalid"]): RenderedField["invalid"] {
  if (invalid === undefined || other === undefined) return invalid ?? other;
  return {
    condition: `(${invalid.condition}) OR (${other.condition})`,
    message: `CASE WHEN ${invalid.condition} THEN ${invalid.message} ELSE ${other.message} END`,
  };
}

/** What a file holds has no NUL; these may make one. */
function makesCharacters({ expression }: MappedField): boolean {
  return /\b(chr|url_decode|decode|printf|format)\s*\(/i.test(expression.sql);
}

function carryNumber(
  input: CompileInput,
  field: MappedField,
  schema: FieldSchema,
  column: string,
  lookups: StreamLookups,
): CompiledField {
  const digits = digitsOfColumn(column);
  const bound = { type: "VARCHAR", columns: new Map([[column, "VARCHAR"]]), nested: { calls: [], sql: digits } };
  return { ...compileField(input, field, schema, bound, lookups), digits };
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
    const explained = await input.target.explainName(schema, field.target);
    if (explained !== undefined) {
      problems.push({ ...at, ...explained });
      return undefined;
    }
    const suggestion = suggest(field.target, schema.fields.keys());
    const look = `loadline describe ${input.stream.target.connection} ${schema.object}`;
    // To be made on purpose, so that its name is rarely a slip.
    const next = key.includes(field.target)
      ? `make it there (an external id, a property with unique values), and in sandbox.yaml for --sandbox; or see what is there: ${look}`
      : look;
    const message = `${schema.object} has no field ${field.target}, or this user can't see it`;
    problems.push({ ...at, message, ...(suggestion === undefined ? { next } : { suggestion }) });
    return undefined;
  }
  const isKey = key.includes(field.target);
  if (isUnreadable(found, field, mode, isKey)) {
    const message = `${field.target}: its present value can't be read, so it can't be compared`;
    const next = "it is shown masked: policy create_only or fill_empty, or mode insert, compares nothing";
    problems.push({ ...at, message, next });
    return undefined;
  }
  if (field.replaces !== undefined && found.several !== true) {
    const message = `mode: replace is for associations, and ${schema.object}.${field.target} holds one value`;
    problems.push({ place: field.replaces, length: "mode".length, message, next: "leave mode out" });
  }
  const isKept = found.several === true && field.replaces === undefined;
  if (isKept && field.onNull === "clear" && field.onNullPlace !== undefined) {
    const message = `${field.target} can't be cleared: an association is only ever added, never taken away`;
    const next = "mode: replace takes away what the source does not name; or leave on_null out";
    problems.push({ place: field.onNullPlace, length: "on_null".length, message, next });
  }
  if (found.several === true && field.policy === "newest") {
    problems.push({
      ...at,
      message: `${field.target}: an association is only ever added, so that policy newest can't be meant`,
    });
  }
  const creates = mode === "insert" || makesAndChanges(mode) || writesFile(mode);
  const updates = (mode === "update" || makesAndChanges(mode)) && field.policy !== "create_only";
  const writable = isKey || field.own === false || ((!creates || found.createable) && (!updates || found.updateable));
  if (writable) return found;
  const what = creates && !found.createable ? "created" : "updated";
  const explained = await input.target.explainName(schema, field.target);
  const name = `${schema.object}.${field.target}`;
  const readOnly =
    found.readOnly === undefined
      ? `${name} is read-only: it can't be ${what} by this user`
      : `${name} can't be written: it ${found.readOnly.why}`;
  // As of a master-detail relationship whose child may not go to another parent.
  const once = found.createable && creates ? { next: `policy: create_only writes it into new records only` } : {};
  const granted = found.grant === undefined ? {} : { next: `an administrator lets it: ${found.grant}` };
  const instead = found.readOnly === undefined ? {} : { next: found.readOnly.next };
  problems.push({ ...at, message: readOnly, ...once, ...granted, ...instead, ...explained });
  return undefined;
}

/** Whether its present value would have to be compared and can't be. */
function isUnreadable({ readable }: FieldSchema, { policy, own }: MappedField, mode: Mode, isKey: boolean): boolean {
  if (readable === undefined || mode === "insert") return false;
  return isKey || (own !== false && (policy === "overwrite" || policy === "newest"));
}

function checkKey(stream: Stream, schema: ObjectSchema, key: readonly FieldSchema[], problems: Diagnostic[]): void {
  const { mode, place } = stream.target;
  if (mode === "insert" || writesFile(mode) || problems.length > 0 || stream.madeFor !== undefined) return;
  const [first, ...others] = key;
  const keys = [...schema.fields.values()].filter(({ externalId }) => externalId).map(({ name }) => name);
  const next =
    keys.length === 0
      ? `${schema.object} has no such field: make one there (an external id, a property with unique values), or give several fields that tell its records apart: key: [a, b]`
      : `these can: ${keys.join(", ")}; or several fields that together tell records apart: key: [a, b]`;
  const at = { place, length: 1, next };
  const several = key.find((field) => field.several === true);
  if (several !== undefined) {
    problems.push({
      ...at,
      message: `target.key: ${several.name} may have several values, so it can't tell records apart`,
    });
  } else if (first === undefined) {
    problems.push({ ...at, message: `mode ${mode} wants a target.key` });
  } else if (others.length > 0 || mode === "history") {
    return;
  } else if (!first.externalId && !first.unique && first.kind !== "id") {
    const message = `target.key: ${first.name} is neither an external id nor unique, so it can't tell records apart`;
    problems.push({ ...at, message });
  } else if ((mode === "upsert" || mode === "mirror") && !first.externalId) {
    problems.push({ ...at, message: `target.key: ${first.name} is no external id, which mode ${mode} wants` });
  }
}
