// The files that a run takes of a stream.
// What must hold: the choice is in the ledger before a byte is read, and a resumed run keeps it; what was taken is
// remembered with the settling of the stream, in one transaction.

import { rmSync } from "node:fs";
import type { TakenRecord, TakeRecord } from "../../checkpoint/ledger.ts";
import type { ChosenFile, FileCatalog, ListedFile } from "../../contract/files.ts";
import type { ExtractedPart } from "../../contract/source.ts";
import { now } from "../../core/clock.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { fileOf } from "../../core/model.ts";
import {
  companionOf,
  dropCompanions,
  nameBeside,
  orderFiles,
  type ReadyFiles,
  refuseStale,
  refuseTimeless,
  selectDone,
  selectListed,
  selectStable,
} from "../../extract/choose-files.ts";
import { type ManifestEntry, parseManifest } from "../../extract/manifest.ts";
import type { FileSource, Stream } from "../../job/job.ts";
import { countOf, showCount } from "../../report/numbers.ts";
import { isPartial, type RunContext } from "../run/context.ts";
import { isOwn, memoryOwner, tellOtherOwner } from "../run/memory-owner.ts";

export type FileStream = Stream & { source: FileSource };

/** What a run takes of its files, or that there is nothing new. */
export async function chooseFiles(
  context: RunContext,
  stream: FileStream,
  catalog: FileCatalog,
): Promise<ChosenFile[]> {
  const { ledger, run } = context;
  const kept = ledger.takes(run.id, stream.name);
  if (kept.length > 0) return kept.filter(({ ordinal, takenBy }) => ordinal > 0 && takenBy === null);
  const { source } = stream;
  const { files, nearly } = await catalog.list(source);
  const listed = dropCompanions(source, files);
  if (listed.length === 0) refuseNone(stream, nearly);
  tellNearly(context, stream, nearly);
  refuseTimeless(source, listed);
  const manifests = await readManifests(source, listed, catalog);
  const { ready, waiting } = await selectReady(source, listed, catalog, manifests);
  tellWaiting(context, stream, waiting);
  rememberWaiting(context, stream, waiting);
  const known = source.once || source.maxAgeMs !== undefined ? ledger.taken(memoryOwner(context, stream)) : [];
  const taken = known.filter((record) => isOwn(context, record));
  const other = tellOtherOwner(context, stream, known);
  if (other !== undefined) context.emit({ type: "warning", message: other });
  const newest = [...ready, ...taken].reduce<number | undefined>(
    (latest, { modifiedMs }) => Math.max(latest ?? modifiedMs, modifiedMs),
    undefined,
  );
  refuseStale(source, newest, now().getTime());
  const takes = orderFiles(ready, source.order).map((file, index): TakeRecord => {
    const { rows = null, sha256 = null } = manifests.get(file.label) ?? {};
    const same = source.once ? taken.find((earlier) => isSame(earlier, file)) : undefined;
    return {
      run: run.id,
      stream: stream.name,
      ...file,
      ordinal: index + 1,
      rows,
      sha256,
      takenBy: same?.run ?? null,
      acknowledged: false,
    };
  });
  const old = takes.filter(({ takenBy }) => takenBy !== null);
  if (old.length > 0) {
    const message = `${stream.name}: ${countOf(old.length, "file")} taken before`;
    context.emit({ type: "warning", message });
  }
  const companions = takes.map(({ label }) => companionOf(source, label)).filter((label) => label !== undefined);
  ledger.saveTakes([...takes, ...(await recordCompanions(context, stream, catalog, new Set(companions)))]);
  failpoint("chosen");
  return takes.filter(({ takenBy }) => takenBy === null);
}

/** The same name, size and time are the same file: it needs not be fetched to know its bytes. Without a time it does. */
function isSame(earlier: ListedFile, file: ListedFile): boolean {
  return (
    file.modifiedMs !== 0 &&
    earlier.label === file.label &&
    earlier.bytes === file.bytes &&
    earlier.modifiedMs === file.modifiedMs
  );
}

/** A job that clears its folder, or takes each file once, finds it empty on most days. */
function refuseNone({ source }: FileStream, nearly: readonly string[]): void {
  if (source.once || source.ready !== undefined || source.after.kind !== "leave" || source.maxAgeMs !== undefined)
    return;
  const [like] = nearly;
  throw new Failure(exitCode.failed, `no file matches "${source.files}" in ${source.connection}`, {
    where: source.place,
    ...(like === undefined ? {} : { why: `${like} is there: capital and small letters are not the same` }),
    next: like === undefined ? "check `files` and whether the feed has arrived" : "correct `files`, or the file's name",
  });
}

function tellNearly({ emit }: RunContext, { name, source }: FileStream, nearly: readonly string[]): void {
  const [like] = nearly;
  if (like === undefined) return;
  const others = nearly.length === 1 ? "" : `, nor ${countOf(nearly.length - 1, "other")}`;
  const message = `${name}: ${like} is not taken${others}: "${source.files}" has other capital and small letters`;
  emit({ type: "warning", message });
}

/** What manifests say of the files, by their labels. */
async function readManifests(
  source: FileSource,
  listed: readonly ListedFile[],
  catalog: FileCatalog,
): Promise<Map<string, ManifestEntry>> {
  const said = new Map<string, ManifestEntry>();
  if (source.ready?.kind !== "manifest") return said;
  for (const manifest of new Set(listed.map(({ label }) => companionOf(source, label) ?? ""))) {
    const text = await catalog.readText(manifest);
    const entries = text === undefined ? [] : parseManifest(text, manifest);
    for (const entry of entries) {
      const label = nameBeside("{name}", `${manifest.slice(0, manifest.lastIndexOf("/") + 1)}${entry.name}`);
      said.set(label, entry);
      if (listed.some((file) => file.label === label) || source.once || source.after.kind !== "leave") continue;
      throw new Failure(exitCode.guard, `the manifest lists ${entry.name}, which is not there`, {
        where: { file: manifest },
        next: "wait until all of it has arrived, or ask the sender; nothing was written",
      });
    }
  }
  return said;
}

async function selectReady(
  source: FileSource,
  listed: readonly ListedFile[],
  catalog: FileCatalog,
  manifests: ReadonlyMap<string, ManifestEntry>,
): Promise<ReadyFiles> {
  const { ready } = source;
  if (ready === undefined) return { ready: [...listed], waiting: [] };
  if (ready.kind === "stable") return selectStable(listed, ready.forMs, now().getTime());
  if (ready.kind === "manifest") return selectListed(listed, manifests);
  const isDone = new Map<string, boolean>();
  for (const { label } of listed) {
    isDone.set(label, (await catalog.look(companionOf(source, label) ?? "")) !== undefined);
  }
  return selectDone(listed, isDone);
}

function tellWaiting({ emit }: RunContext, { name }: Stream, waiting: ReadyFiles["waiting"]): void {
  const [first] = waiting;
  if (first === undefined) return;
  const others = waiting.length === 1 ? "" : `, and ${countOf(waiting.length - 1, "other")}`;
  emit({ type: "warning", message: `${name}: ${first.label} is not ready: ${first.why}${others}` });
}

/** Durable before the files are chosen: a resumed run keeps the choice, and must know what it left out. */
function rememberWaiting({ ledger, run }: RunContext, { name }: Stream, waiting: ReadyFiles["waiting"]): void {
  const [first] = waiting;
  const record = ledger.streams(run.id).find((stream) => stream.name === name);
  if (first === undefined || record === undefined) return;
  const others = waiting.length === 1 ? "" : `, and ${countOf(waiting.length - 1, "other")}`;
  ledger.saveStream({ ...record, partial: `${first.label} is not ready: ${first.why}${others}` });
}

async function recordCompanions(
  context: RunContext,
  stream: FileStream,
  catalog: FileCatalog,
  labels: ReadonlySet<string>,
): Promise<TakeRecord[]> {
  if (stream.source.after.kind === "leave") return [];
  const found = await Promise.all([...labels].map((label) => catalog.look(label)));
  return found
    .filter((file) => file !== undefined)
    .map((file, index) => ({
      run: context.run.id,
      stream: stream.name,
      ...file,
      ordinal: -index,
      rows: null,
      sha256: null,
      takenBy: null,
      acknowledged: false,
    }));
}

/** Tells of each part whether it is to be staged: not where its bytes were taken before, by whatever name. */
export function openAdmission(context: RunContext, stream: FileStream): (part: ExtractedPart) => boolean {
  const { ledger, run, emit } = context;
  const takes = new Map(ledger.takes(run.id, stream.name).map((take) => [take.ordinal, take]));
  const isOnce = stream.source.once;
  const taken = new Map<string, { run: string; label: string }>();
  const known = isOnce ? ledger.taken(memoryOwner(context, stream)) : [];
  for (const earlier of known.filter((record) => isOwn(context, record))) taken.set(earlier.sha256, earlier);
  for (const { ordinal, sha256 } of isOnce ? ledger.parts(run.id, stream.name).map(fileOf) : []) {
    taken.set(sha256, { run: run.id, label: takes.get(ordinal)?.label ?? "" });
  }
  return (part) => {
    const take = takes.get(part.ordinal);
    if (take === undefined) throw new Error(`${part.label} was not chosen`);
    refuseOtherContent(part, take.sha256);
    if (stream.source.ready?.kind === "manifest" && take.sha256 === null) refuseOtherSize(part, take.bytes);
    const earlier = taken.get(part.sha256);
    if (isOnce) taken.set(part.sha256, { run: run.id, label: part.label });
    if (earlier === undefined || (earlier.run === run.id && earlier.label === part.label)) return true;
    ledger.saveTakes([{ ...take, takenBy: earlier.run }]);
    rmSync(part.path, { force: true });
    emit({ type: "warning", message: `${part.label} has the bytes of ${earlier.label}, taken before: left out` });
    return false;
  };
}

function refuseOtherContent(part: ExtractedPart, promised: string | null): void {
  if (promised === null || promised === part.sha256) return;
  throw new Failure(exitCode.failed, "the file is not what its manifest says", {
    where: { file: part.label },
    why: `its SHA-256 is ${part.sha256}, the manifest says ${promised}`,
    next: "ask the sender; nothing was written",
  });
}

/** The stated size was compared with the manifest's, and the server may state another one than it gives. */
function refuseOtherSize({ label, bytes }: ExtractedPart, stated: number): void {
  if (bytes === stated) return;
  throw new Failure(exitCode.failed, "the file is not of the size that its server states", {
    where: { file: label },
    why: `${countOf(stated, "byte")} stated, ${showCount(bytes)} read: its manifest can't be compared`,
    next: "ask the sender for a manifest with sha256; nothing was written",
  });
}

/** What a settling stream has taken, to be remembered; nothing of a run that loads only a part. */
export function listTaken(context: RunContext, stream: Stream): Omit<TakenRecord, "settled">[] {
  const { ledger, run } = context;
  const { source } = stream;
  if (source.kind !== "files" || (!source.once && source.maxAgeMs === undefined) || isPartial(context)) return [];
  const taker = memoryOwner(context, stream);
  const received = new Map(
    ledger
      .parts(run.id, stream.name)
      .map(fileOf)
      .map(({ ordinal, sha256 }) => [ordinal, sha256]),
  );
  return ledger.takes(run.id, stream.name).flatMap(({ ordinal, label, bytes, modifiedMs }) => {
    const sha256 = received.get(ordinal);
    return sha256 === undefined ? [] : [{ ...taker, sha256, run: run.id, label, bytes, modifiedMs }];
  });
}
