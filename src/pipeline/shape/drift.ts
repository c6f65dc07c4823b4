// The shape of a stream against the one that its last run kept. In: what a plan has seen of source and target. Out: what a
// person is told, what stops the run, and what is kept once the stream is settled. Must hold: what is not told is not taken
// for known.

import type { DeliveredKey, ShapeOwner } from "../../checkpoint/ledger.ts";
import type { Source } from "../../contract/source.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import type { Stream } from "../../job/job.ts";
import { tellChanges } from "../../report/shape-changes.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type RunContext, sourceOf, targetOf } from "../run/context.ts";
import { memoryOwner } from "../run/memory-owner.ts";
import { compareShapes } from "./compare-shapes.ts";
import { type Shape, type SourceShape, shapeOfTarget } from "./shape.ts";

interface Drift {
  notes: string[];
  stops: string[];
  /** As JSON. */
  shape: string;
}

export function findDrift(context: RunContext, compiled: CompiledStream, source: SourceShape | null): Drift {
  const { stream, schema, fieldSchemas } = compiled;
  const isFile = takesWholeFiles(targetOf(context, stream.target.connection));
  const kept = context.ledger.shape(shapeOwner(context, stream));
  const before = kept === undefined ? undefined : readShape(kept.shape);
  const now: Shape = { source, target: isFile ? null : shapeOfTarget(stream, schema, fieldSchemas) };
  const shape = JSON.stringify({ ...now, source: source ?? before?.source ?? null });
  const told = before === undefined ? [] : tellChanges(compareShapes(before, now));
  if (told.length === 0) return { notes: [], stops: [], shape };
  const { name, schemaPolicy = "warn" } = stream;
  if (schemaPolicy === "warn") return { notes: told, stops: [], shape };
  const all = told.join("; ");
  if (schemaPolicy === "evolve") {
    return { notes: [`schema_policy: evolve takes as known: ${all}`], stops: [], shape };
  }
  const next = "one run with schema_policy: evolve takes that as known";
  return { notes: [], stops: [`${name}: schema_policy: freeze, and ${all}; ${next} (schema_policy)`], shape };
}

export function readShape(text: string): Shape {
  return JSON.parse(text) as Shape;
}

export function shapeOwner(context: RunContext, stream: Stream): ShapeOwner {
  return withSource(memoryOwner(context, stream), stream, sourceOf(context, stream.source.connection));
}

export function withSource(owner: DeliveredKey, { source }: Stream, { orgId }: Source): ShapeOwner {
  return { ...owner, sourceOrg: orgId, source: source.kind === "object" ? source.object : "" };
}
