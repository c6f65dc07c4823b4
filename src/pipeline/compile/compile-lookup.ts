// A lookup of a job, held against what it looks into. In: what the job says, the columns that its expressions may use. Out:
// a CompiledLookup, or problems at their places. What must hold: a wrong name of a file, an object, a field or a stream is
// told here with what was meant; no record is read.

import type { Target } from "../../contract/target.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import { mappedName } from "../../core/columns.ts";
import { withArticle } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { NestedCalls } from "../../core/nested-rows.ts";
import { suggest } from "../../core/suggest.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import type { Job, Stream } from "../../job/job.ts";
import type { Lookup, LookupName } from "../../job/lookup.ts";
import { bindType } from "../../stage/bind.ts";
import { storedReading } from "../../values/value.ts";
import { bindExpression, type CompileInput, type SourceColumns } from "./bind-expression.ts";
import type { CompiledLookup, KeyPart, LookedUpTable, StreamColumn } from "./compiled-lookup.ts";
import { nameParents } from "./parents.ts";
import { openReference } from "./reference-file.ts";

export interface LookupInput {
  compile: CompileInput;
  index: number;
  /** The mapped field, as the job names it, that it gives its value to, or that a rule checks. */
  field: string;
  of: CompiledLookup["of"];
  written: Lookup;
  /** What its expressions may use. */
  scope: SourceColumns | undefined;
  /** In small letters. */
  redacted: ReadonlySet<string>;
  /** Columns that go into fields that are never shown. */
  isHidden(column: string): boolean;
}

/** Undefined where it left problems. */
export async function compileLookup(input: LookupInput, problems: Diagnostic[]): Promise<CompiledLookup | undefined> {
  const { compile, written, scope, redacted } = input;
  const types: string[] = [];
  const from: NestedCalls[] = [];
  const columns = new Map<string, string>();
  for (const expression of written.from) {
    const bound = await bindExpression(compile, expression, scope, input.of === "rule" ? "field" : "column", problems);
    if (bound === undefined) continue;
    types.push(bound.type);
    from.push(bound.nested);
    for (const [name, type] of bound.columns) columns.set(name, type);
  }
  const { table, where } = await openTable(compile, written, problems);
  if (table === undefined || types.length < written.from.length) return undefined;
  const keys = keysOf(table, written);
  const names = [input.field, ...keys.map(({ name }) => name)].map((name) => name.toLowerCase());
  return {
    index: input.index,
    field: input.field,
    of: input.of,
    written,
    reading: { timezone: compile.job.timezone, onAmbiguousTime: compile.job.onAmbiguousTime ?? "reject" },
    types,
    from,
    columns,
    keys,
    table,
    ...(where === undefined ? {} : { where }),
    what: nameRecords(table),
    hidesKeys: names.some((name) => redacted.has(name)) || [...columns.keys()].some((name) => input.isHidden(name)),
    hidesValues: redacted.has(input.field.toLowerCase()),
  };
}

function nameRecords(table: LookedUpTable): string {
  switch (table.kind) {
    case "file":
      return `record of ${table.reference.name}`;
    case "object":
      return table.object;
    case "stream":
      return `row of stream ${table.stream.name}`;
  }
}

function keysOf(table: LookedUpTable, { key }: Lookup): KeyPart[] {
  switch (table.kind) {
    case "file":
      return key.map(({ name }) => ({ name }));
    case "object":
      return table.key.map((schema) => ({
        name: schema.name,
        rendered: { schema, render: table.target.render },
      }));
    case "stream":
      return table.key.map(({ written, schema, render }) => ({ name: written, rendered: { schema, render } }));
  }
}

/** `where`: of what is no system's own filter, as it is computed. */
interface OpenTable {
  table?: LookedUpTable;
  where?: NestedCalls | undefined;
}

async function openTable(input: CompileInput, written: Lookup, problems: Diagnostic[]): Promise<OpenTable> {
  switch (written.in.kind) {
    case "file":
      return openFile(input, written, written.in, problems);
    case "object": {
      const table = await openObject(input, written, written.in, problems);
      return table === undefined ? {} : { table };
    }
    case "stream":
      return openStream(input, written, written.in.stream, problems);
  }
}

/** The name among those that there are; a problem where it is none of them. */
function findName(
  { name, place }: LookupName,
  names: Iterable<string>,
  { holder, noun }: { holder: string; noun: string },
  problems: Diagnostic[],
): string | undefined {
  const all = [...names];
  const found = all.find((one) => one === name);
  if (found !== undefined) return found;
  const suggestion = suggest(name, all);
  const message = `${holder} has no ${noun} ${name}`;
  const told = all.length <= 30 ? { next: `${noun}s: ${all.join(", ")}` } : {};
  problems.push({ place, length: name.length, message, ...(suggestion === undefined ? told : { suggestion }) });
  return undefined;
}

async function openFile(
  input: CompileInput,
  written: Lookup,
  table: Extract<Lookup["in"], { kind: "file" }>,
  problems: Diagnostic[],
): Promise<OpenTable> {
  try {
    const reference = await openReference(table);
    const found = [...written.key, ...(written.value === undefined ? [] : [written.value])].map((name) =>
      findName(name, reference.columns, { holder: table.name, noun: "column" }, problems),
    );
    const columns = new Map(reference.columns.map((name) => [name, "VARCHAR"]));
    const where = await bindWhere(input, written, table.name, columns, problems);
    if (found.includes(undefined) || (where === undefined && written.where !== undefined)) return {};
    return { table: { kind: "file", reference }, where };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { message, why, next } = error;
    const told = why === undefined ? message : `${message}: ${why}`;
    problems.push({ place: written.place, message: told, ...(next === undefined ? {} : { next }) });
    return {};
  }
}

async function bindWhere(
  input: CompileInput,
  { where }: Lookup,
  holder: string,
  columns: ReadonlyMap<string, string>,
  problems: Diagnostic[],
): Promise<NestedCalls | undefined> {
  if (where === undefined) return undefined;
  return (await bindExpression(input, where, { columns, object: holder }, "column", problems))?.nested;
}

async function openObject(
  { openTarget }: CompileInput,
  written: Lookup,
  { connection, object, place }: Extract<Lookup["in"], { kind: "object" }>,
  problems: Diagnostic[],
): Promise<LookedUpTable | undefined> {
  const target = await openTarget(connection);
  if (takesWholeFiles(target)) {
    const message = `${connection} holds files: its records are no object's`;
    problems.push({ place, length: object.length, message, next: "a file beside the job is looked up by `file`" });
    return undefined;
  }
  const schema = await describe(target, object, place, problems);
  if (schema === undefined) return undefined;
  const find = ({ name, place: at }: LookupName) => {
    const found = findName(
      { name, place: at },
      schema.fields.keys(),
      { holder: schema.object, noun: "field" },
      problems,
    );
    return found === undefined ? undefined : schema.fields.get(found);
  };
  const key = written.key.map(find);
  const value = written.value === undefined ? undefined : find(written.value);
  const isTaken = await checkFilter(target, schema.object, written, problems);
  if (key.includes(undefined) || (written.value !== undefined && value === undefined) || !isTaken) return undefined;
  const keys = key.filter((field) => field !== undefined);
  return { kind: "object", target, connection, object: schema.object, key: keys, value };
}

/** The system itself says whether it takes a filter. */
async function checkFilter(
  target: Target,
  object: string,
  { where }: Lookup,
  problems: Diagnostic[],
): Promise<boolean> {
  if (where === undefined) return true;
  const refusal = await target.explainFilter?.(object, where.sql);
  if (refusal === undefined) return true;
  problems.push({ place: where.place, length: where.sql.length, message: `lookup.where: ${refusal}` });
  return false;
}

async function describe(target: Target, object: string, place: Lookup["place"], problems: Diagnostic[]) {
  try {
    return await target.describe(object);
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCode.usage || error.where !== undefined) throw error;
    const names = (await target.listObjects()).map(({ name }) => name);
    const suggestion = suggest(object, names);
    const told = error.next === undefined ? {} : { next: error.next };
    problems.push({
      place,
      length: object.length,
      message: error.message,
      ...(suggestion === undefined ? told : { suggestion }),
    });
    return undefined;
  }
}

async function openStream(
  input: CompileInput,
  written: Lookup,
  name: string,
  problems: Diagnostic[],
): Promise<OpenTable> {
  const columns = await streamColumns(input, name);
  const stream = input.job.streams.find((one) => one.name === name);
  if (stream === undefined) throw new Error(`stream ${name} was not checked`);
  const find = (of: LookupName) => {
    const found = findName(
      of,
      columns.map((one) => one.written),
      { holder: `stream ${name}`, noun: "field" },
      problems,
    );
    return columns.find((one) => one.written === found);
  };
  const key = written.key.map(find);
  const value = written.value === undefined ? undefined : find(written.value);
  const where = await bindWhere(input, written, `stream ${name}`, await typesOf(input, columns), problems);
  const isBound = where !== undefined || written.where === undefined;
  if (key.includes(undefined) || (written.value !== undefined && value === undefined) || !isBound) return {};
  return { table: { kind: "stream", stream, key: key.filter((one) => one !== undefined), value, columns }, where };
}

/** The mapped fields of another stream, as its own target takes them. */
async function streamColumns(
  { job, openTarget }: { job: Job; openTarget: CompileInput["openTarget"] },
  name: string,
): Promise<StreamColumn[]> {
  const written = job.streams.find((one) => one.name === name) as Stream;
  const target = await openTarget(written.target.connection);
  const schema = await target.describe(written.target.object);
  const columns: StreamColumn[] = [];
  for (const field of nameParents(job, written, schema).fields) {
    const found = await target.resolveField(schema, field.target);
    const isKey = written.target.key.includes(field.target);
    if (found !== undefined)
      columns.push({
        written: field.parent?.field ?? field.target,
        schema: isKey ? { ...found, isKey: true } : found,
        render: target.render,
      });
  }
  return columns;
}

/** As rules of the stream see them. */
async function typesOf({ engine }: CompileInput, columns: readonly StreamColumn[]): Promise<Map<string, string>> {
  const types = new Map<string, string>();
  for (const { written, schema, render } of columns) {
    const { typed } = render(schema, mappedName(schema.name), "VARCHAR", storedReading);
    const of = new Map([`v:${schema.name}`, `r:${schema.name}`].map((column) => [column, "VARCHAR"]));
    const bound = await bindType(engine, typed, of, { nested: false });
    types.set(written, "type" in bound ? bound.type : "VARCHAR");
  }
  return types;
}

/** Fields that hold what the lookup gives, by their kind: text takes all, and text may become anything. */
export function findValueProblem(
  { table, written, field }: CompiledLookup,
  schema: FieldSchema,
  isOneOrg: (connection: string) => boolean,
): Diagnostic[] {
  const isLink = schema.kind === "reference" || schema.lookup !== undefined;
  if (written.maker !== undefined && !isLink) {
    const message = `miss: create makes records that a field refers to, and ${field} holds ${withArticle(schema.vendorType)}`;
    return [{ place: written.place, length: 1, message }];
  }
  if (table.kind !== "object" || schema.kind === "text") return [];
  const at = { place: written.value?.place ?? written.place, length: written.value?.name.length ?? 1 };
  const isId = table.value === undefined || table.value.kind === "id";
  const { referenceTo } = isId ? { referenceTo: [table.object] } : (table.value ?? { referenceTo: [] });
  if (schema.kind === "reference" || schema.kind === "id") {
    if (referenceTo.length === 0 || !isOneOrg(table.connection)) return [];
    const taken = schema.referenceTo.map((name) => name.toLowerCase());
    if (taken.length === 0 || referenceTo.some((name) => taken.includes(name.toLowerCase()))) return [];
    const message = `${field} refers to ${schema.referenceTo.join(" or ")}, and the lookup gives the id of ${withArticle(referenceTo.join(" or "))}`;
    return [{ ...at, message }];
  }
  const kind = isId ? "id" : (table.value?.kind ?? "text");
  const isNumber = (one: string) => one === "number" || one === "integer";
  if (kind === "text" || kind === schema.kind || (isNumber(kind) && isNumber(schema.kind))) return [];
  if (kind === "datetime" && schema.kind === "date") return [];
  const { value } = table;
  const what = isId || value === undefined ? "an id" : `${withArticle(value.vendorType)} (${value.name})`;
  return [
    { ...at, message: `the lookup gives ${what}, which can't become ${withArticle(schema.vendorType)} (${field})` },
  ];
}
