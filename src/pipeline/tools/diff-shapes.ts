// What `schema diff` shows: what is other in source and target of a job than its last run kept. In: a job, the ledger, the
// systems as `check` asks them. Out: the changes of each stream. Must hold: nothing is written; a mapped column or field
// that went is one of the changes, though a run would stop at it.

import { Ledger, type ShapeOwner, type ShapeRecord } from "../../checkpoint/ledger.ts";
import { type Target, takesWholeFiles } from "../../contract/target.ts";
import type { FieldSchema } from "../../core/model.ts";
import type { Job, Stream } from "../../job/job.ts";
import type { StreamShapeChanges } from "../../report/shape-changes.ts";
import { nameObjects } from "../compile/object-names.ts";
import { nameParents } from "../compile/parents.ts";
import { placeFrom } from "../run/memory-owner.ts";
import { compareShapes } from "../shape/compare-shapes.ts";
import { readShape, withSource } from "../shape/drift.ts";
import { type SourceShape, shapeOfFiles, shapeOfObject, shapeOfTarget, type TargetShape } from "../shape/shape.ts";
import { type CheckRequest, openStream, withTools } from "./check-job.ts";

interface DiffedShapes {
  /** By name. */
  streams: Map<string, StreamShapeChanges>;
  warnings: string[];
}

export function diffShapes(request: CheckRequest & { stateFolder: string }): Promise<DiffedShapes> {
  const { stateFolder } = request;
  return withTools(request, async (tools) => {
    using ledger = Ledger.exists(stateFolder) ? Ledger.open(stateFolder) : undefined;
    const opened = new Map<string, Opened>();
    for (const stream of request.job.streams) opened.set(stream.name, await openStream(request, stream, tools));
    const targets = new Map([...tools.connected].map(([name, { target }]) => [name, target]));
    const job = await nameObjects(request.job, targets);
    const streams = new Map<string, StreamShapeChanges>();
    for (const stream of job.streams) {
      const systems = opened.get(stream.name);
      if (systems === undefined) continue;
      const kept = ledger?.shape(ownerOf(stateFolder, job, stream, systems));
      streams.set(stream.name, await diffStream(job, stream, systems, kept));
    }
    return { streams, warnings: tools.result.warnings };
  });
}

type Opened = Awaited<ReturnType<typeof openStream>>;

function ownerOf(stateFolder: string, job: Job, stream: Stream, { source, target }: Opened): ShapeOwner {
  const { object } = stream.target;
  const jobFile = placeFrom(stateFolder, job.file);
  return withSource({ job: job.name, stream: stream.name, targetOrg: target.orgId, object, jobFile }, stream, source);
}

async function diffStream(
  job: Job,
  stream: Stream,
  systems: Opened,
  kept: ShapeRecord | undefined,
): Promise<StreamShapeChanges> {
  if (kept === undefined) return { kept: null, differences: [], notCompared: [] };
  const before = readShape(kept.shape);
  const source = await lookAtSource(stream, systems, before.source);
  const target = takesWholeFiles(systems.target) ? null : await lookAtTarget(job, stream, systems.target);
  const unseen =
    stream.source.kind === "files" && source === null
      ? [`columns of the source, for no file matches ${stream.source.files}`]
      : [];
  return {
    kept: { run: kept.run, at: kept.kept },
    differences: compareShapes(before, { source, target }),
    notCompared: unseen,
  };
}

/** Of an object the fields that a run has taken: what expressions use of it is known once they are bound. */
async function lookAtSource(
  { source }: Stream,
  { source: system, columns }: Opened,
  before: SourceShape | null,
): Promise<SourceShape | null> {
  if (source.kind === "files") return shapeOfFiles(columns?.columns.keys() ?? []);
  if (system.records === undefined || before === null) return null;
  return shapeOfObject(
    source,
    await system.records.describe(source),
    before.columns.map(([name]) => name),
  );
}

async function lookAtTarget(job: Job, written: Stream, target: Target): Promise<TargetShape> {
  const schema = await target.describe(written.target.object);
  const stream = nameParents(job, written, schema);
  const fields = new Map<string, FieldSchema>();
  for (const { target: name } of stream.fields) {
    const field = await target.resolveField(schema, name);
    if (field !== undefined) fields.set(name, field);
  }
  return shapeOfTarget(stream, schema, fields);
}
