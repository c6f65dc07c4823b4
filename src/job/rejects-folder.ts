// Files of rejected rows that are put beside a sender's (source.on_reject). What must hold: no stream of the job may take
// them for input. A glob is not known by the names that it will find, so what might match is refused as what does.

import { posix } from "node:path";
import { isPattern, openGlob } from "../core/glob.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { FileSource, Stream } from "./job.ts";
import type { StreamDraft } from "./stream-draft.ts";
import { keySpanAt } from "./yaml-tree.ts";

/** How the names of such files end, after the name of the sender's file and the run. */
export const rejectsEnding = ".rejects.csv";

export interface BuiltStream {
  stream: Stream;
  draft: StreamDraft;
}

export function refuseTakenRejects(built: readonly BuiltStream[], diagnostics: Diagnostics): void {
  for (const { stream, draft } of built) {
    const { source } = stream;
    if (source.kind !== "files" || source.rejectsFolder === undefined) continue;
    for (const { stream: other } of built) {
      if (other.source.kind !== "files" || other.source.connection !== source.connection) continue;
      if (!mayTake(other.source, source, source.rejectsFolder)) continue;
      const span = keySpanAt(draft.tree, ["source", "on_reject"]);
      const whose = other.name === stream.name ? "" : ` of stream ${other.name}`;
      const message = `"${other.source.files}"${whose} may match the files that are put into ${source.rejectsFolder}: a later run would take them for input`;
      diagnostics.add(span, message, { next: "name a folder that no stream of the job takes files from" });
    }
  }
}

/** Whether `taker` may take a file of rejected rows of `source`. */
function mayTake(taker: FileSource, source: FileSource, folder: string): boolean {
  const glob = openGlob(taker.files);
  // What was moved away is not taken again.
  if (taker.after.kind === "move" && isBelow(posix.normalize(folder), posix.normalize(taker.after.folder)))
    return false;
  if (glob.isName) return false;
  const segments = posix.normalize(taker.files).split("/");
  if (!mayEndAsRejects(segments.at(-1) ?? "")) return false;
  const put = [...foldersOf(folder), ...openFolders(source.files)];
  const taken = segments.slice(0, -1);
  const isDeep = glob.isDeep || openGlob(source.files).isDeep;
  if (!isDeep && put.length !== taken.length) return false;
  for (const [index, name] of put.entries()) {
    const other = taken[index];
    if (isDeep && (other === undefined || isPattern(other) || isPattern(name))) return true;
    if (other !== undefined && !mayBeOne(name, other)) return false;
  }
  return true;
}

function foldersOf(path: string): string[] {
  return posix
    .normalize(path)
    .split("/")
    .filter((name) => name !== "" && name !== ".");
}

/** The folders of a glob from the first on that it leaves open: they are kept below the folder (`placeAfterMove`). */
function openFolders(files: string): string[] {
  const folders = posix.normalize(files).split("/").slice(0, -1);
  const open = folders.findIndex(isPattern);
  return open < 0 ? [] : folders.slice(open);
}

function mayBeOne(left: string, right: string): boolean {
  if (isPattern(left)) return isPattern(right) || posix.matchesGlob(right, left);
  return isPattern(right) ? posix.matchesGlob(left, right) : left.normalize("NFC") === right.normalize("NFC");
}

/** By what stands behind the last open place of a pattern. */
function mayEndAsRejects(pattern: string): boolean {
  const ending = /[^*?[\]{}()!+@]*$/.exec(pattern)?.[0] ?? "";
  return rejectsEnding.endsWith(ending) || ending.endsWith(rejectsEnding);
}

function isBelow(path: string, folder: string): boolean {
  const [inner, outer] = [foldersOf(path), foldersOf(folder)];
  return outer.every((name, index) => inner[index] === name);
}
