// The field that tells when a record changed. In: what a job asks for, the object. Out: the field. Must hold: it is a time,
// and no record is without one: that would be in no window, and never taken.

import { usageFailure } from "../../core/errors.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import type { ObjectSource } from "../../job/job.ts";

export interface CursorRules {
  /** What is taken where a job names none; undefined where the object has nothing of the kind. */
  usual: string | undefined;
  /** What the system calls a field. */
  noun: string;
  isNeverEmpty(field: FieldSchema): boolean;
}

/** The cursor that a job names, else the usual one. Throws a Failure (2). */
export function cursorOf(
  { incremental }: ObjectSource,
  { object, fields }: ObjectSchema,
  { usual, noun, isNeverEmpty }: CursorRules,
): string {
  const cursor = incremental?.cursor ?? usual;
  if (cursor === undefined)
    throw usageFailure(`${object} has no ${noun} that tells when a record changed: it can't be extracted`);
  const field = fields.get(cursor);
  const isTime = field?.kind === "datetime";
  if (isTime && (cursor === usual || isNeverEmpty(field))) return cursor;
  const told = {
    ...(incremental === undefined ? {} : { where: incremental.place }),
    next: usual === undefined ? "take all records: leave out incremental" : `leave it out, and ${usual} is taken`,
  };
  if (!isTime) throw usageFailure(`${object} has no datetime ${noun} ${cursor} (incremental.cursor)`, told);
  throw usageFailure(`${object}.${cursor} may be empty, so it can't tell when a record changed (incremental.cursor)`, {
    ...told,
    why: "a record without a value is in no window and would never be taken",
  });
}
