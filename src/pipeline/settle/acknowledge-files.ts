// What becomes of the files of a settled stream: moved, deleted, or left. What must hold: a file is moved or deleted only
// after its load is settled, and only if it still is the file that was loaded; none takes the place of another.

import type { TakeRecord } from "../../checkpoint/ledger.ts";
import type { FileCatalog, ListedFile } from "../../contract/files.ts";
import { failpoint } from "../../core/failpoint.ts";
import { inParallel } from "../../core/in-parallel.ts";
import { fileOf } from "../../core/model.ts";
import { numberedName, placeAfterMove } from "../../extract/choose-files.ts";
import type { FileSource, Stream } from "../../job/job.ts";
import { isPartial, type RunContext, sourceOf } from "../run/context.ts";

/** Each waits for several answers of a server: one file at a time, 10,000 of them would take minutes. */
const filesAtOnce = 8;

/** Moves or deletes the files of a settled stream, as the job wants it. What is done is not done again. */
export async function acknowledgeFiles(context: RunContext, stream: Stream): Promise<void> {
  const { source } = stream;
  const catalog = sourceOf(context, source.connection).files;
  if (source.kind !== "files" || catalog === undefined || source.after.kind === "leave" || isPartial(context)) return;
  if (catalog.readOnly) return;
  const takes = context.ledger.takes(context.run.id, stream.name).filter(({ acknowledged }) => !acknowledged);
  const parts = context.ledger.parts(context.run.id, stream.name).map(fileOf);
  const read = new Map(parts.map(({ ordinal, sha256 }) => [ordinal, sha256]));
  const places = new Set<string>();
  const acknowledged = inParallel(takes, filesAtOnce, async (take) => {
    context.signal.throwIfAborted();
    failpoint("settled-file");
    await acknowledgeFile(context, source, { catalog, take, sha256: read.get(take.ordinal), places });
    failpoint("acknowledged");
    context.ledger.saveTakes([{ ...take, acknowledged: true }]);
  });
  for await (const _ of acknowledged);
}

interface Taken {
  catalog: FileCatalog;
  take: TakeRecord;
  /** Of its bytes as they were read; a done file is not read. */
  sha256: string | undefined;
  /** Names that files of this run go to, or have found taken. */
  places: Set<string>;
}

/** Without a time of change, another file of that size would look the same: its bytes tell. */
async function isStillThat(
  catalog: FileCatalog,
  there: ListedFile,
  { take, sha256 }: Pick<Taken, "take" | "sha256">,
): Promise<boolean> {
  if (there.bytes !== take.bytes || there.modifiedMs !== take.modifiedMs) return false;
  return there.modifiedMs !== 0 || sha256 === undefined || (await catalog.hash(take.label)) === sha256;
}

async function acknowledgeFile(
  { emit }: RunContext,
  { after, files }: FileSource,
  { catalog, take, sha256, places }: Taken,
): Promise<void> {
  const there = await catalog.look(take.label);
  // Gone: an attempt that was killed has done it, or somebody else.
  if (there === undefined) return;
  if (!(await isStillThat(catalog, there, { take, sha256 }))) {
    emit({ type: "warning", message: `${take.label} is another file by now: left for the next run` });
    return;
  }
  if (after.kind === "delete") return catalog.remove(take.label);
  if (after.kind === "leave") return;
  const place = placeAfterMove(files, take.label, after.folder);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? place : numberedName(place, number);
    // Asked for at the same time, both would find it free, and not every server refuses a name that is taken.
    if (places.has(name)) continue;
    places.add(name);
    if (await catalog.move(take.label, name)) return;
  }
}
