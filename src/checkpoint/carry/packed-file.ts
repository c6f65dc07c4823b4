// Files of a state folder packed into one SQLite file, with a header and a hash of everything. In: paths below a folder.
// Out: one file that anyone can look into; the same files again. What must hold: what is not all that was written is told
// before anything of it is used, and no name in it leads out of a folder.

import { createHash, type Hash } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { Failure, showPath } from "../../core/errors.ts";
import { type ExitCode, exitCode } from "../../core/exit-code.ts";
import { makePrivateFolder, sha256Of, syncFile } from "../../core/files.ts";
import { type DatabaseSync, isDamage, openSqliteFile } from "../../core/sqlite.ts";
import { BrokenSeal, Seal } from "./seal.ts";

const chunkBytes = 1 << 20;

/** A kind of packed file, and how messages speak of it. */
export interface PackedKind {
  /** SQLite keeps it at byte 68, where `file` finds it. */
  applicationId: number;
  version: number;
  /** "state", and how one comes to be: "exported". */
  name: string;
  written: string;
  /** What writes one, and what to do about one that is none, or damaged. */
  madeBy: string;
  notOurs: string;
  damaged: { why: string; next: string };
  /** Of a file that can't be used. */
  exitCode: ExitCode;
  /** What holds one that is busy. */
  held: string;
  /** Which paths it may hold. */
  isPath(path: string): boolean;
  /** Statements for tables of its own, which the hash leaves out. */
  more?: string;
}

const structure = `
  CREATE TABLE header (text TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE TABLE files (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT;
  CREATE TABLE seal (one INTEGER PRIMARY KEY CHECK (one = 1), message BLOB NOT NULL, label TEXT NOT NULL) STRICT;
  CREATE TABLE chunks (path TEXT, ordinal INTEGER, content BLOB NOT NULL, PRIMARY KEY (path, ordinal)) STRICT, WITHOUT ROWID;
`;

/** What can be seen of a file that is sealed. */
export interface SealLabel {
  /** Has the file's key, for who may read it. */
  message: Uint8Array;
  /** What the file is. */
  label: string;
}

/** What a file is sealed with. */
export interface Sealing extends SealLabel {
  key: Uint8Array;
}

interface ListedFile {
  path: string;
  bytes: number;
  sha256: string;
}

/**
 * Writes a new file, private and on the disk when it returns. `files`: name inside to path on this machine. Of one that is
 * sealed its size and the number of its files can be seen, and no name.
 */
export function writePackedFile(
  kind: PackedKind,
  path: string,
  header: object,
  files: ReadonlyMap<string, string>,
  sealing?: Sealing,
): void {
  closeSync(openSync(path, "wx", 0o600));
  using database = openSqliteFile(path);
  database.exec(`PRAGMA application_id = ${kind.applicationId}; PRAGMA user_version = ${kind.version};
    ${structure} ${kind.more ?? ""} BEGIN`);
  const seal = sealing === undefined ? undefined : new Seal(sealing.key);
  const listed = [...files].map(([name, from], index) => addFile(database, { name, index, from, seal }));
  const addListed = database.prepare("INSERT INTO files VALUES (?, ?, ?)");
  const shown = seal === undefined ? listed : [];
  for (const { path: name, bytes, sha256 } of shown) addListed.run(name, bytes, sha256);
  const text =
    seal === undefined || sealing === undefined
      ? JSON.stringify(header)
      : seal.close(Buffer.from(JSON.stringify({ header, files: listed })), headerOf(sealing)).toString("base64");
  database.prepare("INSERT INTO header VALUES (?, ?)").run(text, hashOf(text, shown));
  if (sealing !== undefined) database.prepare("INSERT INTO seal VALUES (1, ?, ?)").run(sealing.message, sealing.label);
  database.exec("COMMIT");
  syncFile(path);
}

/** Under its name at once, where nobody has that. Throws EEXIST. */
export function placeNewFile(written: string, file: string): void {
  try {
    linkSync(written, file);
  } catch (error) {
    // A file system without links.
    if (!["EPERM", "ENOTSUP", "ENOSYS", "EMLINK"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    copyFileSync(written, file, constants.COPYFILE_EXCL);
  }
}

interface AddedFile {
  name: string;
  /** Among all files. */
  index: number;
  from: string;
  seal: Seal | undefined;
}

function addFile(database: DatabaseSync, { name: path, index, from, seal }: AddedFile): ListedFile {
  const add = database.prepare("INSERT INTO chunks VALUES (?, ?, ?)");
  const hash = createHash("sha256");
  const descriptor = openSync(from, "r");
  let bytes = 0;
  try {
    const buffer = Buffer.alloc(chunkBytes);
    for (let ordinal = 0; ; ordinal += 1) {
      const read = readSync(descriptor, buffer);
      if (read === 0) break;
      const chunk = buffer.subarray(0, read);
      hash.update(chunk);
      bytes += read;
      const packed = deflateRawSync(chunk, { level: 1 });
      if (seal === undefined) add.run(path, ordinal, packed);
      else add.run(String(index), ordinal, seal.close(packed, placeOf(index, ordinal)));
    }
  } finally {
    closeSync(descriptor);
  }
  return { path, bytes, sha256: hash.digest("hex") };
}

/** The place of the header says what the file is. */
function headerOf({ label }: Pick<SealLabel, "label">): string {
  return `header of ${label}`;
}

function placeOf(index: number, ordinal: number): string {
  return `file ${index} chunk ${ordinal}`;
}

function hashOf(header: string, files: readonly ListedFile[]): string {
  const sorted = files.toSorted((left, right) => (left.path < right.path ? -1 : 1));
  return sha256Of(
    Buffer.from(JSON.stringify([header, sorted.map(({ path, bytes, sha256 }) => [path, bytes, sha256])])),
  );
}

/** One that was opened, its header and the list of its files looked through; the files are looked through as they are taken. */
export class PackedFile<Header> implements Disposable {
  readonly header: Header;
  readonly files: readonly ListedFile[];
  /** Of header and files: what the file is. */
  readonly hash: string;
  readonly #database: DatabaseSync;
  /** Of one that is sealed. */
  readonly seal: Seal | undefined;
  readonly #kind: PackedKind;
  readonly #path: string;

  private constructor(kind: PackedKind, path: string, database: DatabaseSync, key: Uint8Array | undefined) {
    this.#kind = kind;
    this.#path = path;
    this.#database = database;
    this.seal = key === undefined ? undefined : new Seal(key);
    const { header, files, hash } = readList(kind, path, database, this.seal);
    this.header = header as Header;
    this.files = files;
    this.hash = hash;
  }

  /** Throws a Failure where it is none, damaged, of a newer loadline, or sealed and there is no key. */
  static open<Header>(kind: PackedKind, path: string, key?: Uint8Array): PackedFile<Header> {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) {
      throw new Failure(exitCode.usage, `there is no file ${showPath(path)}`, { next: kind.madeBy });
    }
    return guard(kind, path, () => {
      const database = openSqliteFile(path, { readOnly: true });
      try {
        return new PackedFile<Header>(kind, path, database, key);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** Writes its files below a folder, each on the disk. Throws a Failure that names one that is not what was written. */
  unpack(folder: string): void {
    for (const [index, file] of this.files.entries())
      guard(this.#kind, this.#path, () => this.#unpackFile(file, index, join(folder, file.path)));
  }

  /** Throws a Failure that names a file which is not what was written. */
  verify(): void {
    for (const [index, file] of this.files.entries())
      guard(this.#kind, this.#path, () => this.#read(file, index, () => undefined));
  }

  /** Of a table that is none of every such file. */
  rows(sql: string): Record<string, unknown>[] {
    return guard(this.#kind, this.#path, () => this.#database.prepare(sql).all());
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #unpackFile(file: ListedFile, index: number, to: string): void {
    makePrivateFolder(dirname(to));
    const descriptor = openSync(to, "wx", 0o600);
    try {
      this.#read(file, index, (chunk) => void writeSync(descriptor, chunk));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  #read({ path, bytes, sha256 }: ListedFile, index: number, use: (chunk: Buffer) => void): void {
    const chunks = this.#database.prepare("SELECT ordinal, content FROM chunks WHERE path = ? ORDER BY ordinal");
    const hash: Hash = createHash("sha256");
    let read = 0;
    for (const { ordinal, content } of chunks.iterate(this.seal === undefined ? path : String(index))) {
      const packed = content as Uint8Array;
      const opened = this.seal === undefined ? packed : this.seal.open(packed, placeOf(index, Number(ordinal)));
      const chunk = this.#inflate(path, opened);
      hash.update(chunk);
      read += chunk.length;
      use(chunk);
    }
    if (read !== bytes || hash.digest("hex") !== sha256) throw this.#changed(path);
  }

  #inflate(path: string, content: Uint8Array): Buffer {
    try {
      return inflateRawSync(content, { maxOutputLength: chunkBytes });
    } catch {
      throw this.#changed(path);
    }
  }

  #changed(path: string): Failure {
    return damaged(this.#kind, this.#path, `${path} is not what was written`);
  }
}

/** Undefined of a file that is not sealed. Throws a Failure where it is none, damaged, or of a newer loadline. */
export function readSeal(kind: PackedKind, path: string): SealLabel | undefined {
  return guard(kind, path, () => {
    const database = openSqliteFile(path, { readOnly: true });
    try {
      refuseOthers(kind, path, database);
      return sealOf(database);
    } finally {
      database.close();
    }
  });
}

function sealOf(database: DatabaseSync): SealLabel | undefined {
  return database.prepare("SELECT message, label FROM seal").get() as SealLabel | undefined;
}

function refuseOthers(kind: PackedKind, path: string, database: DatabaseSync): void {
  const { application_id: id } = database.prepare("PRAGMA application_id").get() as { application_id: number };
  if (id !== kind.applicationId) throw notOurs(kind, path);
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > kind.version) {
    throw new Failure(kind.exitCode, `${showPath(path)} was ${kind.written} by a newer loadline (format ${version})`, {
      next: "update loadline",
    });
  }
}

function readList(
  kind: PackedKind,
  path: string,
  database: DatabaseSync,
  seal: Seal | undefined,
): { header: unknown; files: ListedFile[]; hash: string } {
  refuseOthers(kind, path, database);
  const [row, ...others] = database.prepare("SELECT * FROM header").all() as { text: string; hash: string }[];
  const files = database.prepare("SELECT path, bytes, sha256 FROM files").all() as unknown as ListedFile[];
  if (row === undefined || others.length > 0 || row.hash !== hashOf(row.text, files)) {
    throw damaged(kind, path, "its list of files is not what was written");
  }
  const { header, files: listed } =
    seal === undefined ? readPlain(kind, path, row.text, files) : openList(seal, sealOf(database), row.text);
  const strange = listed.find((file) => hasDots(file.path) || !kind.isPath(file.path));
  if (strange !== undefined)
    throw damaged(kind, path, `it holds ${JSON.stringify(strange.path)}, which is no file of a ${kind.name}`);
  return { header, files: listed, hash: row.hash };
}

interface HeaderAndFiles {
  header: unknown;
  files: ListedFile[];
}

/** The header of a sealed file from which the key was taken away is no JSON. */
function readPlain(kind: PackedKind, path: string, text: string, files: ListedFile[]): HeaderAndFiles {
  try {
    return { header: JSON.parse(text) as unknown, files };
  } catch {
    throw damaged(kind, path, "its header can't be read");
  }
}

function openList(seal: Seal, label: SealLabel | undefined, text: string): HeaderAndFiles {
  const place = headerOf(label ?? { label: "" });
  return JSON.parse(seal.open(Buffer.from(text, "base64"), place).toString()) as HeaderAndFiles;
}

/** Whether a path could lead out of the folder that it is unpacked below. */
export function hasDots(path: string): boolean {
  return path.split("/").some((part) => part === "" || part === "." || part === "..") || /[\\\0]/.test(path);
}

function notOurs({ name, written, notOurs: next, exitCode: code }: PackedKind, path: string): Failure {
  return new Failure(code, `${showPath(path)} is no ${name} that loadline ${written}`, { next });
}

export function damaged({ damaged: { why, next }, exitCode: code }: PackedKind, path: string, what: string): Failure {
  return new Failure(code, `${showPath(path)} is damaged: ${what}`, { why, next });
}

/** What SQLite says of a file that is cut off, or that is none of its own. */
function guard<T>(kind: PackedKind, path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof BrokenSeal) throw damaged(kind, path, "a part of it is not what was encrypted");
    const { errcode } = error as { errcode?: number };
    if (errcode === notADatabase) throw notOurs(kind, path);
    if (errcode !== undefined && (errcode & 0xff) === busy) throw heldFailure(kind, path);
    if (!isDamage(error) && errcode === undefined) throw error;
    throw damaged(kind, path, `SQLite says "${(error as Error).message}"`);
  }
}

const notADatabase = 26;
const busy = 5;

export function heldFailure({ held }: PackedKind, path: string): Failure {
  return new Failure(exitCode.locked, `${held} ${showPath(path)} is under way`, { next: "run again once it is done" });
}
