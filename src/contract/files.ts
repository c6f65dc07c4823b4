// Folders of files, as a source and as a target. In: globs and names. Out: what is there. What must hold: a file that
// matches is taken or named, none is left out in silence; a file that is written is on the disk, under its name, or the
// call fails.

import type { FileSource } from "../job/job.ts";

/** The folder of a target that takes whole files. */
export interface FileStore {
  /** What state is kept under. */
  readonly orgId: string;
  readonly warnings: readonly string[];
  /** Whether a file of this name is there, listed or not. */
  has(name: string): Promise<boolean>;
  /** Whether this very file is there: the same size, with `bytes` the same bytes too. */
  holds(name: string, file: LocalFile, by: "size" | "bytes"): Promise<boolean>;
  /** What tells the file of a name from any other: as exactly as the store can without reading much. Undefined where there is none. */
  mark(name: string): Promise<string | undefined>;
  /** Writes a local file under a name; it is on the disk then. May go on with what an earlier attempt has left there. */
  write(name: string, file: StoredFile, signal: AbortSignal): Promise<void>;
  /** Gives a file another name, in place of a file that has it: in one step where the store can. */
  rename(name: string, to: string): Promise<void>;
  close(): void;
}

export interface LocalFile {
  path: string;
  bytes: number;
}

interface StoredFile extends LocalFile {
  onBytes(bytes: number): void;
}

/** A file of a source as it is now. */
export interface ListedFile {
  /** Below the connection's folder, with slashes. */
  label: string;
  /** As the source states it; a file is read to its end, whatever that is. 0 where nothing is stated. */
  bytes: number;
  /** 0 where the source does not say. */
  modifiedMs: number;
}

/** What a glob found. */
export interface Listing {
  /** In the order of their names. */
  files: ListedFile[];
  /** Names that match but for capital and small letters: they are not taken. */
  nearly: string[];
}

/** A file that a run takes. */
export interface ChosenFile extends ListedFile {
  ordinal: number;
  /** What its sender says is in it, where there is a manifest. */
  rows: number | null;
  sha256: string | null;
}

/** What a source of files has and a source of records does not. */
export interface FileCatalog {
  /** Whether files are only looked at: in a rehearsal they are neither moved nor deleted. */
  readonly readOnly: boolean;
  /** The files that match. Throws a Failure for one that matches and can't be taken: none is left out in silence. */
  list(source: FileSource): Promise<Listing>;
  /** A path on this machine, with the ending of the label, where the first `bytes` can be read; if need be in `folder`. */
  fetchHead(label: string, bytes: number, folder: string): Promise<string>;
  /** The whole of a small text file; undefined where there is none. */
  readText(label: string): Promise<string | undefined>;
  /** As it is now; undefined where there is none. */
  look(label: string): Promise<ListedFile | undefined>;
  /** The SHA-256 of all of its bytes. */
  hash(label: string): Promise<string>;
  /** Moves a file in one step. False where `to` is taken, which is never written over. Makes the folders of `to`. */
  move(label: string, to: string): Promise<boolean>;
  /** Writes a local file under this name, whatever is there; makes its folders. It may go on with what an earlier attempt has left. */
  write(label: string, file: LocalFile, signal: AbortSignal): Promise<void>;
  /** One that is gone is deleted. */
  remove(label: string): Promise<void>;
}
