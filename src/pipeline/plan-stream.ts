// One stream from its source to its plan and batch files: extract → stage (transform, validate) → diff → plan.

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { PartRecord, StreamRecord } from "../checkpoint/ledger.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { failpoint } from "../core/failpoint.ts";
import { hashFile, syncFile } from "../core/files.ts";
import { readCsvHeader } from "../extract/csv-header.ts";
import type { Stream } from "../job/job.ts";
import { refuseFullDisk } from "../stage/free-space.ts";
import { type CompiledStream, compileStream } from "./compile-stream.ts";
import { type RunContext, reportProgress, sourceOf, subfolder, targetOf } from "./context.ts";
import { diffStream } from "./diff-stream.ts";
import { rejectOrphans } from "./parents.ts";
import { keepRejects, rejectsPath } from "./rejects.ts";
import { stageStream } from "./stage-stream.ts";
import { writeBatches } from "./write-batches.ts";

export async function planStream(context: RunContext, stream: Stream): Promise<StreamRecord> {
  const target = targetOf(context, stream.target.connection);
  const record: StreamRecord = {
    run: context.run.id,
    name: stream.name,
    connection: stream.target.connection,
    org: target.orgId,
    object: stream.target.object,
    mode: stream.target.mode,
    state: "extracting",
    planSha256: null,
    plan: null,
    counts: null,
    how: null,
    rejectsBytes: 0,
  };
  context.ledger.saveStream(record);
  const parts = await extractParts(context, stream);
  if (stream.target.mode === "insert") refuseInsertedFiles(context, stream, parts);
  const columns = [...new Set(parts.flatMap((part) => part.columns))];
  const compiled = await compileStream({ engine: context.engine, job: context.job, stream, target, columns });
  return planParts(context, compiled, parts, record);
}

async function planParts(
  context: RunContext,
  compiled: CompiledStream,
  parts: PartRecord[],
  record: StreamRecord,
): Promise<StreamRecord> {
  const { engine, emit, ledger, run } = context;
  const { stream } = compiled;
  emit({ type: "step-started", stream: stream.name, step: "stage" });
  const stageFolder = subfolder(context, "stage");
  refuseFullDisk(
    context.folder,
    parts.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  const staged = await stageStream({
    engine,
    compiled,
    parts,
    folder: stageFolder,
    onPart: () => context.signal.throwIfAborted(),
  });
  for (const { part, hasLines } of staged.parts) ledger.addPart(run.id, stream.name, { ...part, careful: hasLines });
  for (const { part } of staged.parts.filter(({ hasLines }) => hasLines)) {
    emit({ type: "warning", message: `${part.label} is not plain CSV throughout: it was read record by record` });
  }
  failpoint("staged");
  context.budget.refuseIfReached();
  emit({ type: "step-started", stream: stream.name, step: "diff" });
  const plan = join(subfolder(context, "plan"), `${stream.name}.parquet`);
  const diff = await diffStream({
    engine,
    compiled,
    staged,
    target: targetOf(context, stream.target.connection),
    selection: context.run.options,
    snapshotFolder: subfolder(context, "snapshot"),
    planPath: plan,
    refuseRows: () =>
      rejectOrphans({
        engine,
        compiled,
        job: context.job,
        target: targetOf(context, stream.target.connection),
        stage: staged.view,
        plans: plansOf(context),
        folder: subfolder(context, "snapshot"),
        signal: context.signal,
      }),
    signal: context.signal,
    onSnapshot: (rows) => reportProgress(context, stream.name, "snapshot")(rows, 0),
  });
  const rejectsBytes = await keepRejects(context, compiled, staged);
  const batches = await writeBatches(context, compiled, plan);
  syncFile(plan);
  if (rejectsBytes > 0) syncFile(rejectsPath(context, stream.name));
  const planned: StreamRecord = {
    ...record,
    state: "planned",
    plan,
    planSha256: await hashFile(plan),
    counts: diff.counts,
    how: diff.how,
    rejectsBytes,
  };
  failpoint("diffed");
  ledger.savePlan(planned, batches);
  failpoint("planned");
  rmSync(join(context.folder, "snapshot"), { recursive: true, force: true });
  rmSync(stageFolder, { recursive: true, force: true });
  emit({
    type: "planned",
    stream: stream.name,
    counts: diff.counts,
    how: diff.how,
    warnings: diff.warnings,
    batches: batches.length,
  });
  return planned;
}

function plansOf({ ledger, run }: RunContext): Map<string, string> {
  return new Map(ledger.streams(run.id).flatMap(({ name, plan }) => (plan === null ? [] : [[name, plan] as const])));
}

/** Parts in the ledger and on disk. After a crash the source must give the same bytes again. */
async function extractParts(context: RunContext, stream: Stream): Promise<PartRecord[]> {
  context.emit({ type: "step-started", stream: stream.name, step: "extract" });
  const known = new Map(context.ledger.parts(context.run.id, stream.name).map((part) => [part.ordinal, part]));
  const parts: PartRecord[] = [];
  const extracted = sourceOf(context, stream.source.connection).extract({
    source: stream.source,
    folder: subfolder(context, "extract", stream.name),
    signal: context.signal,
    onProgress: reportProgress(context, stream.name, "extract"),
  });
  for await (const part of extracted) {
    const before = known.get(part.ordinal);
    if (before !== undefined && (before.label !== part.label || before.sha256 !== part.sha256))
      refuseOtherInput(part.label, context);
    const record = { ...part, columns: await readCsvHeader(part, stream.source.format), careful: false };
    context.ledger.addPart(context.run.id, stream.name, record);
    failpoint("extracted");
    context.emit({
      type: "part-extracted",
      stream: stream.name,
      label: part.label,
      bytes: part.bytes,
      sha256: part.sha256,
    });
    parts.push(record);
  }
  return parts;
}

function refuseOtherInput(label: string, context: RunContext): never {
  throw new Failure(exitCode.failed, "the input changed since this run began", {
    where: { file: label },
    why: "a resumed run goes on with the same bytes or not at all",
    next: `nothing was written yet: start anew with loadline run ${context.run.jobFile}`,
  });
}

function refuseInsertedFiles(context: RunContext, stream: Stream, parts: readonly PartRecord[]): void {
  if (context.run.options.again === true) return;
  const { orgId } = targetOf(context, stream.target.connection);
  for (const part of parts) {
    const earlier = context.ledger.findInsert(orgId, stream.target.object, part.sha256);
    if (earlier === undefined) continue;
    throw new Failure(exitCode.guard, `these bytes were inserted into ${stream.target.object} already`, {
      where: { file: part.label },
      why: `run ${earlier.run} inserted ${earlier.label} with the same content at ${earlier.settled}`,
      next: "remove the file, or insert its rows a second time with --again",
    });
  }
}
