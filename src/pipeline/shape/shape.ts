// What a stream's source and target look like, as far as its job goes by them: the shape that runs keep and compare. In: the
// columns of its files or the fields that it takes, and what the target describes of the fields that it maps. Out: plain
// data that is JSON. Must hold: nothing is asked of a system that a plan does not ask anyway; two shapes that mean the same
// are the same text.

import type { RecordSchema } from "../../contract/records.ts";
import { type FieldSchema, isRequired, type ObjectSchema } from "../../core/model.ts";
import type { ObjectSource, Stream } from "../../job/job.ts";
import { listMissingFields } from "../compile/schema-problems.ts";

export interface Shape {
  /** Null where none was seen: a file that names no columns. */
  source: SourceShape | null;
  /** Null where it takes whole files: these are as the job says. */
  target: TargetShape | null;
}

/** All columns of files, or those fields of an object that the job takes. Null: it is not there any more. */
export interface SourceShape {
  kind: "files" | "object";
  columns: [name: string, type: string | null][];
  /** Of a table or query: what it has, taken or not. */
  all?: string[];
}

export interface TargetShape {
  object: string;
  /** Those that are mapped. Null: it is not there any more. */
  fields: [name: string, field: FieldShape | null][];
  /** Fields that a new record must have and the map does not give; none where no record is created. */
  missing: string[];
}

export interface FieldShape {
  type: string;
  length: number | null;
  scale: number | null;
  /** Before the decimal point. */
  digits: number | null;
  required: boolean;
  unique: boolean;
  externalId: boolean;
  createable: boolean;
  updateable: boolean;
  /** All that may be chosen; null where other values are taken too. */
  values: string[] | null;
}

/** None where there is no column: the files name theirs in each record, and have no record. */
export function shapeOfFiles(columns: Iterable<string>): SourceShape | null {
  const names = [...new Set(columns)].sort();
  return names.length === 0 ? null : { kind: "files", columns: names.map((name) => [name, "VARCHAR"]) };
}

/** `names`: the fields that the job takes. Of an org's object others come and go daily; of a table they are few. */
export async function shapeOfObject(
  { sql }: Pick<ObjectSource, "sql">,
  schema: RecordSchema,
  names: Iterable<string>,
): Promise<SourceShape> {
  const columns: SourceShape["columns"] = [];
  for (const name of [...new Set(names)].sort()) {
    const type = schema.columns.get(name) ?? (name.includes(".") ? await schema.resolveParentField(name) : undefined);
    columns.push([name, type ?? null]);
  }
  if (sql === undefined) return { kind: "object", columns };
  const ours = new Set([schema.idColumn, schema.versionColumn, ...schema.deletionColumns]);
  const all = [...schema.columns.keys()].filter((name) => !ours.has(name));
  return { kind: "object", columns, all: all.sort() };
}

/** `stream`: with its parents as the target resolves them. */
export function shapeOfTarget(
  stream: Stream,
  schema: ObjectSchema,
  fields: ReadonlyMap<string, FieldSchema>,
): TargetShape {
  const { key } = stream.target;
  const written = stream.fields.filter(({ own, target }) => own !== false || key.includes(target));
  return {
    object: schema.object,
    fields: written
      .map(({ target }): TargetShape["fields"][number] => [target, shapeOfField(fields.get(target))])
      .sort(([left], [right]) => (left < right ? -1 : 1)),
    missing: listMissingFields(stream, schema)
      .map(({ name }) => name)
      .sort(),
  };
}

function shapeOfField(field: FieldSchema | undefined): FieldShape | null {
  if (field === undefined) return null;
  const { vendorType, maxLength, scale, wholeDigits, unique, externalId, createable, updateable, picklist } = field;
  const isList = picklist?.restricted === true && picklist.users !== true;
  return {
    type: vendorType,
    length: maxLength ?? null,
    scale: scale ?? null,
    digits: wholeDigits ?? null,
    required: isRequired(field),
    unique,
    externalId,
    createable,
    updateable,
    values: isList ? [...picklist.values].sort() : null,
  };
}
