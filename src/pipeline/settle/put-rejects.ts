// Rows that were rejected, put beside the sender's files (source.on_reject), once their load is settled. In: the rejects of a
// stream. Out: a CSV file for each file that had any. What must hold: it is there whole or not at all, once, whatever kills
// the run, also where the sender takes it away at once; none takes the place of another file.

import { existsSync, readFileSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import type { FileCatalog } from "../../contract/files.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { hashFile, writeDurably } from "../../core/files.ts";
import { placeAfterMove } from "../../extract/choose-files.ts";
import type { Stream } from "../../job/job.ts";
import { rejectsEnding } from "../../job/rejects-folder.ts";
import type { PutRejects } from "../../report/summary.ts";
import { rejectsPath } from "../rows/rejects.ts";
import { divideRejects, type RejectsOfFile } from "../rows/rejects-by-file.ts";
import { isPartial, type RunContext, sourceOf, subfolder } from "../run/context.ts";

/** `isPut` is false while all of it lies there under its first name. */
interface Known extends PutRejects {
  isPut: boolean;
}

export async function putRejects(context: RunContext, stream: Stream): Promise<void> {
  const { source } = stream;
  const catalog = sourceOf(context, source.connection).files;
  if (source.kind !== "files" || source.rejectsFolder === undefined || catalog === undefined) return;
  if (isPartial(context) || catalog.readOnly || !existsSync(rejectsPath(context, stream.name))) return;
  const known = new Map(readKnown(context.folder, stream.name).map((one) => [one.file, one]));
  const keep = (one: Known) => {
    known.set(one.file, one);
    writeDurably(join(subfolder(context, "put"), `${stream.name}.json`), JSON.stringify([...known.values()]));
  };
  for (const rejects of await divideRejects(context, stream)) {
    context.signal.throwIfAborted();
    const ending = `.${context.run.id}${rejectsEnding}`;
    const { label = stream.name } = rejects;
    const place = rejects.label === undefined ? label : posix.basename(label);
    const folder =
      rejects.label === undefined
        ? posix.normalize(source.rejectsFolder)
        : posix.dirname(placeAfterMove(source.files, label, source.rejectsFolder));
    const file = posix.join(folder, `${place}${ending}`);
    if (known.get(file)?.isPut !== true)
      await putFile(context, catalog, { file, rejects, known: known.get(file), keep });
  }
}

interface Putting {
  file: string;
  rejects: RejectsOfFile;
  known: Known | undefined;
  keep(one: Known): void;
}

/** Written under another name and then renamed. A first name that is gone, once all was there, was renamed. */
async function putFile(
  { signal }: RunContext,
  catalog: FileCatalog,
  { file, rejects: { rows, path }, known, keep }: Putting,
): Promise<void> {
  const first = posix.join(posix.dirname(file), `.${posix.basename(file)}.tmp`);
  if (known === undefined) {
    await catalog.write(first, { path, bytes: statSync(path).size }, signal);
    failpoint("rejects-written");
    keep({ file, rows, isPut: false });
  }
  const isRenamed = known !== undefined && (await catalog.look(first)) === undefined;
  if (!isRenamed && !(await catalog.move(first, file))) {
    const there = await catalog.hash(file);
    if (there !== (await hashFile(path))) throw isTaken(file);
    await catalog.remove(first);
  }
  failpoint("rejects-put");
  keep({ file, rows, isPut: true });
}

function isTaken(file: string): Failure {
  return new Failure(exitCode.failed, `${file} is there already, with other content`, {
    why: "the rejected rows of this run were to go there (source.on_reject)",
    next: "move it away, then loadline resume: the rows of the run are loaded",
  });
}

function readKnown(folder: string, stream: string): Known[] {
  const path = join(folder, "put", `${stream}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Known[]) : [];
}

/** For a summary: what was put, and where. */
export function tellPut(folder: string, stream: string): { rejectsPut?: PutRejects[] } {
  const put = readKnown(folder, stream).filter(({ isPut }) => isPut);
  return put.length === 0 ? {} : { rejectsPut: put.map(({ file, rows }) => ({ file, rows })) };
}
