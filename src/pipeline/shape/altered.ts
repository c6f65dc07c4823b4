// What a target's fields are beside what they were when values were judged by them. In: the shape that a plan has seen. Out: what
// keeps values otherwise by now, or is not there any more. Must hold: values that were judged by other fields are not written:
// a system may round one to a new scale, or leave a field out, and say nothing.

import type { BatchRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { Stream } from "../../job/job.ts";
import { mayBeSent } from "../../load/write.ts";
import { type ShapeChange, tellChanges } from "../../report/shape-changes.ts";
import { nameParents } from "../compile/parents.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { stalePlan } from "../run/stale-plan.ts";
import { changesValues, compareShapes } from "./compare-shapes.ts";
import { readShape } from "./drift.ts";
import { shapeOfTarget, type TargetShape } from "./shape.ts";

/** The fields of a stream as its target describes them now. */
async function describeFields(context: RunContext, stream: Stream): Promise<TargetShape> {
  const target = targetOf(context, stream.target.connection);
  const schema = await target.describe(stream.target.object);
  const named = nameParents(context.job, stream, schema);
  const fields = new Map<string, FieldSchema>();
  for (const { target: name } of named.fields) {
    const field = await target.resolveField(schema, name);
    if (field !== undefined) fields.set(name, field);
  }
  return shapeOfTarget(named, schema, fields);
}

/** Of the fields that `shape` has seen, as JSON. */
export async function findAltered(context: RunContext, stream: Stream, shape: string | null): Promise<ShapeChange[]> {
  const planned = shape === null ? null : readShape(shape).target;
  if (planned === null) return [];
  const now = await describeFields(context, stream);
  return compareShapes({ source: null, target: planned }, { source: null, target: now }).filter(changesValues);
}

/** Throws a Failure (7). `next`: what to do then. */
export async function refuseAltered(
  context: RunContext,
  stream: Stream,
  shape: string | null,
  next: string,
): Promise<void> {
  const changes = await findAltered(context, stream, shape);
  if (changes.length === 0) return;
  throw stalePlan(`${stream.target.object} was altered since the plan was made: ${tellChanges(changes).join("; ")}`, {
    why: "the plan's values were judged by the fields as they were",
    next,
  });
}

/** Of a run that is gone on with, where something of a stream is still to be written. */
export async function refuseAlteredSince(
  context: RunContext,
  stream: Stream,
  record: StreamRecord,
  isFullyAnswered: (batch: BatchRecord) => boolean,
): Promise<void> {
  const { run } = context;
  if (!(await isToBeSent(context, stream, isFullyAnswered))) return;
  const undo =
    run.options.rollback === undefined ? "a new run plans the rest anew" : "a new rollback takes back the rest";
  await refuseAltered(
    context,
    stream,
    record.shape,
    `alter it back, then loadline resume ${run.id}; or loadline abandon ${run.id} gives the run up, and ${undo}`,
  );
}

async function isToBeSent(
  context: RunContext,
  stream: Stream,
  isFullyAnswered: (batch: BatchRecord) => boolean,
): Promise<boolean> {
  const target = targetOf(context, stream.target.connection);
  for (const batch of context.ledger.batches(context.run.id, stream.name)) {
    const isAnswered = () => isFullyAnswered(batch);
    if (await mayBeSent(batch, { target, isAnswered, signal: context.signal })) return true;
  }
  return false;
}
