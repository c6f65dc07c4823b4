// Which of the files that are there a run takes, and in which order. In: what is listed, what the job says, what was taken
// before. Out: the files, and what a person should hear of the others. Nothing here reads or changes a file.

import { posix } from "node:path";
import type { ListedFile } from "../contract/files.ts";
import { countOf, showCount } from "../core/counted.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { isPattern } from "../core/glob.ts";
import type { FileSource } from "../job/job.ts";
import type { ManifestEntry } from "./manifest.ts";

/** The name beside a file that a pattern stands for: `{name}.done` of `in/a.csv` is `in/a.csv.done`. */
export function nameBeside(pattern: string, label: string): string {
  const name = posix.basename(label);
  const stem = name.replace(/(?<=.)\..*$/, "");
  return posix.join(posix.dirname(label), pattern.replaceAll("{name}", name).replaceAll("{stem}", stem));
}

/** The name of a done file or a manifest of this file; undefined where the job wants neither. */
export function companionOf({ ready }: FileSource, label: string): string | undefined {
  return ready === undefined || ready.kind === "stable" ? undefined : nameBeside(ready.name, label);
}

/** Without done files, manifests, and what was moved away already: a glob may match them too. */
export function dropCompanions(source: FileSource, listed: readonly ListedFile[]): ListedFile[] {
  const companions = new Set(listed.map(({ label }) => companionOf(source, label)));
  const moved =
    source.after.kind === "move" ? `${posix.normalize(source.after.folder).replace(/\/$/, "")}/` : undefined;
  return listed.filter(({ label }) => !companions.has(label) && (moved === undefined || !label.startsWith(moved)));
}

export interface ReadyFiles {
  ready: ListedFile[];
  /** Those that are not, each with why. */
  waiting: { label: string; why: string }[];
}

/** Files that nobody has touched for a while; a time ahead of our clock is not one that has passed. */
export function selectStable(files: readonly ListedFile[], forMs: number, nowMs: number): ReadyFiles {
  const isStable = ({ modifiedMs }: ListedFile) => nowMs - modifiedMs >= forMs;
  return {
    ready: files.filter(isStable),
    waiting: files.filter((file) => !isStable(file)).map(({ label }) => ({ label, why: "changed just now" })),
  };
}

/** Files beside which the named file lies. */
export function selectDone(files: readonly ListedFile[], isDone: ReadonlyMap<string, boolean>): ReadyFiles {
  return {
    ready: files.filter(({ label }) => isDone.get(label) === true),
    waiting: files
      .filter(({ label }) => isDone.get(label) !== true)
      .map(({ label }) => ({ label, why: "its done file is not there" })),
  };
}

/** Throws a Failure where a file is not of the size that its manifest says. */
export function selectListed(files: readonly ListedFile[], entries: ReadonlyMap<string, ManifestEntry>): ReadyFiles {
  for (const { label, bytes } of files) {
    const promised = entries.get(label)?.bytes ?? null;
    if (promised === null || promised === bytes) continue;
    throw new Failure(
      exitCode.guard,
      `the file has ${countOf(bytes, "byte")}, its manifest says ${showCount(promised)}`,
      {
        where: { file: label },
        next: "wait until all of it has arrived, or ask the sender; nothing was written",
      },
    );
  }
  return {
    ready: files.filter(({ label }) => entries.has(label)),
    waiting: files
      .filter(({ label }) => !entries.has(label))
      .map(({ label }) => ({ label, why: "no manifest lists it" })),
  };
}

export function orderFiles<F extends ListedFile>(files: readonly F[], order: FileSource["order"]): F[] {
  const byName = (left: F, right: F) => (left.label < right.label ? -1 : left.label > right.label ? 1 : 0);
  return [...files].sort((left, right) =>
    order === "name" ? byName(left, right) : left.modifiedMs - right.modifiedMs || byName(left, right),
  );
}

/** Stops where a feed has dried up. `newestMs`: of the files that are ready, and of those that were taken before. */
export function refuseStale(source: FileSource, newestMs: number | undefined, nowMs: number): void {
  if (source.maxAgeMs === undefined) return;
  if (newestMs !== undefined && nowMs - newestMs <= source.maxAgeMs) return;
  const since = newestMs === undefined ? "there is none" : `the newest is of ${new Date(newestMs).toISOString()}`;
  throw new Failure(exitCode.guard, `no file "${source.files}" is young enough (source.max_age)`, {
    where: source.place,
    why: since,
    next: "ask the sender why the feed has stopped; nothing was written",
  });
}

/** What a job asks of times can't be told where the source states none. */
export function refuseTimeless(source: FileSource, files: readonly ListedFile[]): void {
  const file = files.find(({ modifiedMs }) => modifiedMs === 0);
  const asks = [
    source.ready?.kind === "stable" ? "source.ready.stable_for" : undefined,
    source.order === "time" ? "source.order: time" : undefined,
    source.maxAgeMs === undefined ? undefined : "source.max_age",
  ].find((key) => key !== undefined);
  if (file === undefined || asks === undefined) return;
  throw new Failure(exitCode.failed, `no time of change is stated, which ${asks} goes by`, {
    where: { file: file.label },
    why: "0, the first moment of 1970, stands for none",
    next: `take ${asks} out of the job; ready.done_file or ready.manifest need no times`,
  });
}

/** Where a file goes when it is moved away: what the glob left open of its path stays below the folder. */
export function placeAfterMove(files: string, label: string, folder: string): string {
  const segments = posix.normalize(files).split("/");
  const open = segments.slice(0, -1).findIndex(isPattern);
  const fixed = open < 0 ? segments.length - 1 : open;
  return posix.join(folder, ...label.split("/").slice(fixed));
}

/** Another name for a file whose own is taken: `a.csv`, `a.2.csv`, `a.3.csv`. */
export function numberedName(path: string, number: number): string {
  const name = posix.basename(path);
  const dot = name.indexOf(".", 1);
  const [stem, ending] = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
  return posix.join(posix.dirname(path), `${stem}.${number}${ending}`);
}
