// A stream's source as parts in the run folder, with its expressions bound: of files the parts come first, because their
// headers say what there is; of records the expressions come first, because they say what to take. In: a source, its window
// or what it has taken before. Out: parts. Must hold: a part is in the ledger, hashed, before a row of it is read.

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { PartRecord } from "../../checkpoint/ledger.ts";
import type { ChosenFile, FileCatalog } from "../../contract/files.ts";
import type { RecordCatalog, RecordSchema } from "../../contract/records.ts";
import type { ExtractedPart } from "../../contract/source.ts";
import { Failure, pathInCommand } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { hashFile } from "../../core/files.ts";
import { fileOf, isKeptPart } from "../../core/model.ts";
import { nameReceived } from "../../formats/received.ts";
import type { ObjectSource, Stream } from "../../job/job.ts";
import { countOf } from "../../report/numbers.ts";
import type { SourceColumns } from "../compile/bind-expression.ts";
import { columnsOfParts, compileInRun } from "../compile/compile-in-run.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { tellStaleFields } from "../compile/stale-fields.ts";
import { type RunContext, reportProgress, sourceOf, subfolder, targetOf } from "../run/context.ts";
import { type SourceShape, shapeOfFiles, shapeOfObject } from "../shape/shape.ts";
import { addDeleted, comparedColumns } from "./known-records.ts";
import { type Opening, readPartColumns, unpackPart } from "./part-files.ts";
import { chooseFiles, type FileStream, openAdmission } from "./take-files.ts";
import { takeRetried } from "./take-retried.ts";
import { takeWaiting, tellTaken } from "./take-waiting.ts";
import { type OpenWindow, openWindow, refuseOtherSource } from "./window.ts";

export interface ExtractedStream {
  compiled: CompiledStream;
  /** What its expressions may use. */
  columns: SourceColumns | undefined;
  parts: PartRecord[];
  /** Records that an earlier run took: a table function. */
  seen?: string;
  /** What is to be said of the source, a sentence each. */
  notes: string[];
  /** What it looks like; null where that was not seen. */
  shape: SourceShape | null;
}

/** Undefined where there is no file to take. */
export async function extractStream(context: RunContext, stream: Stream): Promise<ExtractedStream | undefined> {
  const source = sourceOf(context, stream.source.connection);
  if (stream.source.kind === "object" && source.records !== undefined) {
    refuseOtherSource(context, stream, source);
    return extractRecords(context, { ...stream, source: stream.source }, source.records);
  }
  const { source: files } = stream;
  if (files.kind !== "files" || source.files === undefined) throw new Error("the connection was not checked");
  const parts =
    context.run.options.retry === undefined
      ? await takeFiles(context, { ...stream, source: files }, source.files)
      : await takeRetried(context, stream);
  if (parts.length === 0) return undefined;
  if (stream.target.mode === "insert") await refuseInsertedFiles(context, stream, parts);
  const columns = columnsOfParts(parts);
  const compiled = await compileInRun(context, stream, columns);
  const came = context.run.options.retry === undefined ? parts.filter((part) => !isKeptPart(part)) : [];
  const shape = shapeOfFiles(came.flatMap((part) => part.columns));
  // Where every record names its columns, a file without records names none: it lacks nothing.
  for (const part of parts) if (part.columns.length === 0) part.columns = [...compiled.columns.keys()];
  const notes = context.run.options.retry === undefined ? tellTaken(parts) : [];
  return { compiled, columns, parts, notes, shape };
}

async function takeFiles(context: RunContext, stream: FileStream, catalog: FileCatalog): Promise<PartRecord[]> {
  const files = await chooseFiles(context, stream, catalog);
  return takeWaiting(context, stream, await extractParts(context, stream, [], { files }));
}

async function extractRecords(
  context: RunContext,
  stream: Stream & { source: ObjectSource },
  catalog: RecordCatalog,
): Promise<ExtractedStream> {
  const schema = await catalog.describe(stream.source);
  rememberHidden(context, stream, schema);
  const compiled = await compileInRun(context, stream, schema);
  const shape = await shapeOfObject(stream.source, schema, compiled.columns.keys());
  if (context.run.options.retry !== undefined) {
    return { compiled, columns: schema, parts: await takeRetried(context, stream), notes: [], shape };
  }
  const opened = await openWindow(context, stream, catalog);
  const names = [...compiled.columns.keys(), ...(stream.source.deletes !== "ignore" ? schema.deletionColumns : [])];
  const compared = comparedColumns(compiled, schema);
  const taken = await extractParts(context, stream, names, { files: [], opened, compared });
  const parts =
    compared === undefined ? taken : await addDeleted(context, stream, taken, { schema, mark: opened.mark });
  const notes = [...tellStaleFields(stream, compiled.columns.keys(), schema), ...tellPending(context, opened)];
  return {
    compiled,
    columns: schema,
    parts,
    notes,
    shape,
    ...(opened.seen === undefined ? {} : { seen: opened.seen }),
  };
}

/** What is hidden is not gone: such a source is not whole. */
function rememberHidden({ ledger, run }: RunContext, { name }: Stream, { hides }: RecordSchema): void {
  const record = ledger.streams(run.id).find((stream) => stream.name === name);
  if (hides !== undefined && record !== undefined) ledger.saveStream({ ...record, partial: hides });
}

/** What a plan says is waiting: a run takes it without a word, as every one does. */
function tellPending({ run }: RunContext, { window }: OpenWindow): string[] {
  const records = window?.from === undefined ? 0 : window.pending.length;
  if (run.command !== "plan" || records === 0) return [];
  return [`${countOf(records, "record")} that the run before did not load, rejected or in conflict, taken again`];
}

interface Taking {
  files: readonly ChosenFile[];
  /** Of records. */
  opened?: OpenWindow;
  compared?: readonly string[] | undefined;
}

/** Parts in the ledger and on disk. After a crash those that have arrived are kept, and files must be the same. */
async function extractParts(
  context: RunContext,
  stream: Stream,
  columns: readonly string[],
  { files, opened, compared }: Taking,
): Promise<PartRecord[]> {
  context.emit({ type: "step-started", stream: stream.name, step: "extract" });
  const before = context.ledger.parts(context.run.id, stream.name);
  await decryptAgain(context, stream, before);
  const known = await findIntact(before);
  const parts: PartRecord[] = [...known];
  const { source } = stream;
  const admits = source.kind === "files" ? openAdmission(context, { ...stream, source }) : undefined;
  const extracted = sourceOf(context, stream.source.connection).extract({
    source: stream.source,
    files,
    columns,
    known: known.map((part) => ({ ...part, ordinal: fileOf(part).ordinal })),
    handle: opened?.record.handle ?? null,
    keepHandle: (handle) => {
      if (opened !== undefined) context.ledger.saveWindow({ ...opened.record, handle });
      failpoint("query-opened");
    },
    ...(opened?.window === undefined ? {} : { window: opened.window }),
    ...(compared === undefined ? {} : { compared }),
    folder: subfolder(context, "extract", stream.name),
    signal: context.signal,
    onDoubt: (message) => context.emit({ type: "warning", message }),
    onProgress: reportProgress(context, stream.name, "extract", opened === undefined ? "bytes" : "rows"),
  });
  const earlier = new Map(before.map(fileOf).map(({ ordinal, sha256 }) => [ordinal, sha256]));
  const ordinals = new Ordinals(before);
  for await (const received of extracted) {
    if (source.kind === "files") {
      const sha256 = earlier.get(received.ordinal);
      if (sha256 !== undefined && sha256 !== received.sha256) refuseOtherInput(received.label, context);
      if (admits?.(received) === false) continue;
    }
    const added = await addReceived(context, stream, received, ordinals.next(received.ordinal));
    ordinals.note(added);
    parts.push(...added);
  }
  return parts.sort((left, right) => left.ordinal - right.ordinal);
}

/** A file in an archive is fetched with all of the archive, or not at all. */
async function findIntact(parts: readonly PartRecord[]): Promise<PartRecord[]> {
  const damaged = new Set<number>();
  for (const part of parts) {
    if (existsSync(part.path) && (await hashFile(part.path)) === part.sha256) continue;
    damaged.add(fileOf(part).ordinal);
  }
  return parts.filter((part) => !damaged.has(fileOf(part).ordinal));
}

/** What was in clear goes with the stage, when a run ends; it is made anew from the bytes as received. */
export async function decryptAgain(context: RunContext, stream: Stream, parts: readonly PartRecord[]): Promise<void> {
  if (stream.source.kind !== "files" || stream.source.decryption === undefined) return;
  for (const { ordinal, label } of context.ledger.takes(context.run.id, stream.name)) {
    const [part] = parts.filter((one) => fileOf(one).ordinal === ordinal);
    const path = join(subfolder(context, "extract", stream.name), nameReceived(ordinal, stream.source.format, label));
    if (part === undefined || !existsSync(path) || (await hashFile(path)) !== fileOf(part).sha256) continue;
    const received = { ...part, ...fileOf(part), path, label, bytes: statSync(path).size };
    for await (const _ of unpackPart(received, part.ordinal, openingOf(context, stream)));
  }
}

function openingOf(context: RunContext, { name, source }: Stream): Opening {
  const keys = context.keys.get(name)?.decryption;
  const clearFolder = keys === undefined ? context.folder : subfolder(context, "stage", "clear", name);
  return { format: source.format, keys, clearFolder };
}

/** Numbers of parts, of files in their order. The same for every attempt. */
class Ordinals {
  /** By their files, the last one first. */
  readonly #before: PartRecord[];
  #free = 0;

  constructor(before: readonly PartRecord[]) {
    this.#before = before.toSorted((left, right) => fileOf(right).ordinal - fileOf(left).ordinal);
  }

  /** Of the first part of a file: its own number, or, behind archives, the next one. */
  next(file: number): number {
    for (
      let last = this.#before.at(-1);
      last !== undefined && fileOf(last).ordinal < file;
      last = this.#before.at(-1)
    ) {
      this.note([last]);
      this.#before.pop();
    }
    return Math.max(file, this.#free);
  }

  note(parts: readonly PartRecord[]): void {
    for (const { ordinal } of parts) this.#free = Math.max(this.#free, ordinal + 1);
  }
}

async function addReceived(
  context: RunContext,
  stream: Stream,
  received: ExtractedPart,
  ordinal: number,
): Promise<PartRecord[]> {
  const records: PartRecord[] = [];
  for await (const part of unpackPart(received, ordinal, openingOf(context, stream))) {
    const columns = await readPartColumns(context.engine, part, stream.source.format);
    records.push({ ...part, columns, careful: false });
  }
  context.ledger.addParts(context.run.id, stream.name, records);
  failpoint("extracted");
  for (const { label, bytes, sha256 } of records)
    context.emit({ type: "part-extracted", stream: stream.name, label, bytes, sha256 });
  return records;
}

function refuseOtherInput(label: string, context: RunContext): never {
  throw new Failure(exitCode.failed, "the input changed since this run began", {
    where: { file: label },
    why: "a resumed run goes on with the same bytes or not at all",
    next: `nothing was written yet: start anew with loadline run ${pathInCommand(context.run.jobFile)}`,
  });
}

/** Before a row is read: all of them are there. */
export async function refuseInsertedFiles(
  context: RunContext,
  stream: Stream,
  parts: readonly PartRecord[],
): Promise<void> {
  const { again, reconcile } = context.run.options;
  // What is there already is seen in the target.
  if (again === true || reconcile !== undefined) return;
  const target = targetOf(context, stream.target.connection);
  const { object } = await target.describe(stream.target.object);
  // An older loadline wrote the object down as the job has it.
  const names = new Set([stream.target.object, object]);
  const known = new Map([...names].flatMap((name) => [...context.ledger.insertedFiles(target.orgId, name)]));
  for (const part of parts) {
    const earlier = known.get(part.sha256);
    if (earlier === undefined) continue;
    throw new Failure(exitCode.guard, `these bytes were inserted into ${stream.target.object} already`, {
      where: { file: part.label },
      why: `run ${earlier.run} inserted ${earlier.label} with the same content at ${earlier.settled}`,
      next: "remove the file, or insert its rows a second time with --again",
    });
  }
}
