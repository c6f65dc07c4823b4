// A stream of which no row is read: only what its target has is asked. In: the stream. Out: what writing a plan of it needs.
// Must hold: a field that the target does not have any more is told by name.

import { usageFailure } from "../../core/errors.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { Stream } from "../../job/job.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import type { WrittenStream } from "./compiled-stream.ts";
import { nameParents } from "./parents.ts";

/** Throws a Failure (2). */
export async function describeWritten(context: RunContext, stream: Stream): Promise<WrittenStream> {
  const target = targetOf(context, stream.target.connection);
  const schema = await target.describe(stream.target.object);
  const named = nameParents(context.job, stream, schema);
  const fieldSchemas = new Map<string, FieldSchema>();
  for (const field of named.fields) {
    const found = await target.resolveField(schema, field.target);
    if (found === undefined) {
      throw usageFailure(`${schema.object} has no field ${field.target} any more, or this user can't see it`, {
        where: field.targetPlace,
        next: "bring the field back, or name the fields to be taken back: --fields",
      });
    }
    const isKey = named.target.key.includes(field.target);
    fieldSchemas.set(field.target, isKey ? { ...found, isKey: true } : found);
  }
  return { stream: named, schema, fieldSchemas, planned: named.fields.map((field) => ({ field })) };
}
