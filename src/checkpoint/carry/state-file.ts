// An exported state: one SQLite file that holds the ledger and the files that later runs need. In: paths below the state
// folder. Out: a file with its format, its generation and a hash of everything; the same files again. What must hold: what
// is not all that was written is told before anything of it is used, and no name in it leads out of a folder.

import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { Failure, showPath } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { makePrivateFolder, sha256Of, syncFile } from "../../core/files.ts";
import { type DatabaseSync, isDamage, openSqliteFile } from "../../core/sqlite.ts";

/** "LOAD": SQLite keeps it at byte 68, where `file` finds it. */
const applicationId = 0x4c4f4144;
const formatVersion = 1;
const chunkBytes = 1 << 20;

/** Which state it is, and where in the line of exports it stands. */
export interface StateHeader {
  /** Of the ledger: which it is, and how many transactions it has seen. */
  ledger: string;
  commits: number;
  /** Counts the exports of one state, from 1. */
  generation: number;
  /** The token of each export that it stems from, the first one first; the last is its own. */
  line: readonly string[];
  exported: string;
  /** The project's folder, where it lay. */
  folder: string;
}

/** As a message names a state. */
export function tellState({ generation, exported }: Pick<StateHeader, "generation" | "exported">): string {
  return `generation ${generation}, exported ${exported}`;
}

const structure = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};
  CREATE TABLE header (text TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE TABLE files (path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL) STRICT;
  CREATE TABLE chunks (path TEXT, ordinal INTEGER, content BLOB NOT NULL, PRIMARY KEY (path, ordinal)) STRICT, WITHOUT ROWID;
`;

interface ListedFile {
  path: string;
  bytes: number;
  sha256: string;
}

/** Writes a new file, private and on the disk when it returns. `files`: name inside to path on this machine. */
export function writeStateFile(path: string, header: StateHeader, files: ReadonlyMap<string, string>): void {
  closeSync(openSync(path, "wx", 0o600));
  using database = openSqliteFile(path);
  database.exec(`${structure} BEGIN`);
  const listed = [...files].map(([name, from]) => addFile(database, name, from));
  const addListed = database.prepare("INSERT INTO files VALUES (?, ?, ?)");
  for (const { path: name, bytes, sha256 } of listed) addListed.run(name, bytes, sha256);
  const text = JSON.stringify(header);
  database.prepare("INSERT INTO header VALUES (?, ?)").run(text, hashOf(text, listed));
  database.exec("COMMIT");
  syncFile(path);
}

function addFile(database: DatabaseSync, path: string, from: string): ListedFile {
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
      add.run(path, ordinal, deflateRawSync(chunk, { level: 1 }));
    }
  } finally {
    closeSync(descriptor);
  }
  return { path, bytes, sha256: hash.digest("hex") };
}

function hashOf(header: string, files: readonly ListedFile[]): string {
  const sorted = files.toSorted((left, right) => (left.path < right.path ? -1 : 1));
  return sha256Of(
    Buffer.from(JSON.stringify([header, sorted.map(({ path, bytes, sha256 }) => [path, bytes, sha256])])),
  );
}

/** An opened export, its header and the list of its files looked through; the files are looked through as they are taken. */
export class StateFile implements Disposable {
  readonly header: StateHeader;
  readonly files: readonly ListedFile[];
  readonly #path: string;
  readonly #database: DatabaseSync;

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    const { header, files } = guard(path, () => readList(path, database));
    this.header = header;
    this.files = files;
  }

  /** Throws a Failure where it is none, damaged, or of a newer loadline. */
  static open(path: string): StateFile {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) {
      throw new Failure(exitCode.usage, `there is no file ${showPath(path)}`, {
        next: "loadline state export writes one",
      });
    }
    return guard(path, () => {
      const database = openSqliteFile(path, { readOnly: true });
      try {
        return new StateFile(path, database);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** Writes its files below a folder, each on the disk. Throws a Failure that names one that is not what was written. */
  unpack(folder: string): void {
    for (const file of this.files) guard(this.#path, () => this.#unpackFile(file, join(folder, file.path)));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #unpackFile({ path, bytes, sha256 }: ListedFile, to: string): void {
    makePrivateFolder(dirname(to));
    const chunks = this.#database.prepare("SELECT ordinal, content FROM chunks WHERE path = ? ORDER BY ordinal");
    const hash: Hash = createHash("sha256");
    let written = 0;
    const descriptor = openSync(to, "wx", 0o600);
    try {
      for (const { content } of chunks.iterate(path)) {
        const chunk = inflate(this.#path, path, content as Uint8Array);
        hash.update(chunk);
        written += chunk.length;
        writeSync(descriptor, chunk);
      }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (written !== bytes || hash.digest("hex") !== sha256)
      throw damaged(this.#path, `${path} is not what was written`);
  }
}

function inflate(stateFile: string, path: string, content: Uint8Array): Buffer {
  try {
    return inflateRawSync(content, { maxOutputLength: chunkBytes });
  } catch {
    throw damaged(stateFile, `${path} is not what was written`);
  }
}

function readList(path: string, database: DatabaseSync): { header: StateHeader; files: ListedFile[] } {
  const { application_id: id } = database.prepare("PRAGMA application_id").get() as { application_id: number };
  if (id !== applicationId) throw notOurs(path);
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > formatVersion) {
    throw new Failure(exitCode.failed, `${showPath(path)} was exported by a newer loadline (format ${version})`, {
      next: "update loadline",
    });
  }
  const [row, ...others] = database.prepare("SELECT * FROM header").all() as { text: string; hash: string }[];
  const files = database.prepare("SELECT path, bytes, sha256 FROM files").all() as unknown as ListedFile[];
  if (row === undefined || others.length > 0 || row.hash !== hashOf(row.text, files)) {
    throw damaged(path, "its list of files is not what was written");
  }
  const strange = files.find((file) => !isStatePath(file.path));
  if (strange !== undefined)
    throw damaged(path, `it holds ${JSON.stringify(strange.path)}, which is no file of a state`);
  return { header: JSON.parse(row.text) as StateHeader, files };
}

/** Below the state folder, in the folders that are carried. */
const statePath = /^(ledger\.db|(inserted|seen|delivered|written|waiting)\/[^/]+|runs\/[^/]+\/.+)$/;

export function isStatePath(path: string): boolean {
  const hasDots = path.split("/").some((part) => part === "" || part === "." || part === "..");
  return statePath.test(path) && !hasDots && !/[\\\0]/.test(path);
}

function notOurs(path: string): Failure {
  return new Failure(exitCode.failed, `${showPath(path)} is no state that loadline exported`, {
    next: "name the file that loadline state export wrote",
  });
}

function damaged(path: string, what: string): Failure {
  return new Failure(exitCode.failed, `${showPath(path)} is damaged: ${what}`, {
    why: "a state that is not whole could have rows sent twice",
    next: "fetch it again from where it is kept, or take the export before it",
  });
}

/** What SQLite says of a file that is cut off, or that is none of its own. */
function guard<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    if (errcode === notADatabase) throw notOurs(path);
    if (errcode !== undefined && (errcode & 0xff) === busy) throw heldFailure(path);
    if (!isDamage(error) && errcode === undefined) throw error;
    throw damaged(path, `SQLite says "${(error as Error).message}"`);
  }
}

const notADatabase = 26;
const busy = 5;

export function heldFailure(path: string): Failure {
  return new Failure(exitCode.locked, `another export into ${showPath(path)} is under way`, {
    next: "run again once it is done",
  });
}
