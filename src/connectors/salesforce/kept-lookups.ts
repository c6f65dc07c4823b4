// What a record holds by grace of another: its lookups, and fields of the records that these name. In: the fields of a kept
// set. Out: the lookups by which they change, and those that nothing vouches for. What must hold: whether the version of a
// child moves as its parent is deleted, brought back or merged is not documented, so it is not gone by: a parent that goes
// is in its delete log, one that is brought back, edited or has won a merge has a version of its own.
// https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/apex_triggers_merge_statements.htm

import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import { resolveField } from "./schema.ts";
import { versionColumn } from "./snapshot.ts";

/** Users and queues are never deleted while they own records; other parents leave lookups empty behind them. */
const lasting = new Set(["User", "Group"]);
/** No delete log tells of these. */
const unlogged = new Set(["RecordType"]);

/** A lookup of one object. */
export interface KeptLookup {
  /** The field that holds the parent's id: `AccountId`. */
  field: string;
  /** What its fields are reached by: `Account`. */
  relation: string;
  object: string;
}

export interface Vouched {
  lookups: KeptLookup[];
  /** Fields that may change without their record, or its parents. */
  untold: string[];
}

type DescribeObject = (object: string) => Promise<ObjectSchema>;

export async function vouchFor(
  schema: ObjectSchema,
  fields: readonly string[],
  describe: DescribeObject,
): Promise<Vouched> {
  const lookups = new Map<string, KeptLookup>();
  const untold: string[] = [];
  for (const name of fields) {
    if (movesVersion(schema.fields.get(name))) continue;
    const lookup = await lookupBehind(schema, name, describe);
    if (lookup === undefined) untold.push(name);
    else lookups.set(lookup.field, lookup);
  }
  return { lookups: [...lookups.values()], untold };
}

/** A field of the record itself that is written by whoever changes it, so that the record's version tells of it. */
function movesVersion(field: FieldSchema | undefined): boolean {
  if (!isWritten(field)) return false;
  return field.kind !== "reference" || field.referenceTo.every((object) => lasting.has(object));
}

function isWritten(field: FieldSchema | undefined): field is FieldSchema {
  if (field === undefined || field.derived === true || field.readable !== undefined) return false;
  return field.createable || field.updateable;
}

/** Of a lookup, or of a field of the parent that changes only with the parent. */
async function lookupBehind(
  schema: ObjectSchema,
  name: string,
  describe: DescribeObject,
): Promise<KeptLookup | undefined> {
  const own = schema.fields.get(name);
  const named = own === undefined ? (await resolveField(schema, name, describe))?.lookup : undefined;
  const field =
    own ?? [...schema.fields.values()].find(({ relationshipName }) => relationshipName === name.split(".")[0]);
  const [object, ...others] = field?.referenceTo ?? [];
  if (!isWritten(field) || field.relationshipName === undefined || object === undefined) return undefined;
  if (others.length > 0 || unlogged.has(object)) return undefined;
  const parent = await describe(object);
  const isVouched = own !== undefined || (named !== undefined && movesVersion(parent.fields.get(named.key)));
  if (!isVouched || !parent.fields.has(versionColumn)) return undefined;
  return { field: field.name, relation: field.relationshipName, object };
}
