// The requests of one SFTP session, by their names in the draft: what each does to the files, and its answer. Renaming
// refuses a name that is taken, as OpenSSH does in version 3; its extension posix-rename takes the name over.

import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Jail } from "./jail.ts";
import { longnameOf } from "./longname.ts";
import {
  type Attributes,
  attributesPacket,
  dataPacket,
  handlePacket,
  limitsPacket,
  type NamedFile,
  namesPacket,
  openFlag,
  type PacketReader,
  packetBytesMax,
  StatusError,
  statusCode,
  statusPacket,
} from "./packets.ts";

export const extensions = { "posix-rename@openssh.com": "1", "fsync@openssh.com": "1", "limits@openssh.com": "1" };

/** What a packet needs besides its data. */
const dataBytesMax = packetBytesMax - 1024;
const handlesMax = 200;
const namesAtOnce = 100;

type OpenHandle =
  | { kind: "file"; path: string; descriptor: number; append: boolean }
  | { kind: "folder"; path: string; names: NamedFile[] };

export class OpenHandles {
  readonly #open = new Map<string, OpenHandle>();
  #last = 0;

  add(handle: OpenHandle): string {
    if (this.#open.size >= handlesMax) throw new StatusError(statusCode.failure, "Too many open files");
    this.#last += 1;
    const name = String(this.#last);
    this.#open.set(name, handle);
    return name;
  }

  file(name: string): OpenHandle & { kind: "file" } {
    const handle = this.#open.get(name);
    if (handle?.kind !== "file") throw new StatusError(statusCode.failure, "Bad handle");
    return handle;
  }

  folder(name: string): OpenHandle & { kind: "folder" } {
    const handle = this.#open.get(name);
    if (handle?.kind !== "folder") throw new StatusError(statusCode.failure, "Bad handle");
    return handle;
  }

  /** The path that a client named, for faults. */
  pathOf(name: string): string {
    return this.#open.get(name)?.path ?? "";
  }

  close(name: string): void {
    const handle = this.#open.get(name);
    if (handle === undefined) throw new StatusError(statusCode.failure, "Bad handle");
    this.#open.delete(name);
    if (handle.kind === "file") closeSync(handle.descriptor);
  }

  closeAll(): void {
    for (const name of [...this.#open.keys()]) this.close(name);
  }
}

interface Request {
  id: number;
  /** The path that it is about, for faults. */
  path: string;
  /** Does it and gives the answer. */
  act(): Buffer;
}

interface Session {
  jail: Jail;
  handles: OpenHandles;
}

type ReadRequest = (id: number, packet: PacketReader, session: Session) => Request;

/** A request whose answer is that it was done. */
function done(id: number, path: string, act: () => void): Request {
  return {
    id,
    path,
    act() {
      act();
      return statusPacket(id, statusCode.ok, "Success");
    },
  };
}

export const requests: Readonly<Record<string, ReadRequest>> = {
  OPEN(id, packet, { jail, handles }) {
    const path = jail.normalize(packet.text());
    const flags = packet.number();
    const { permissions = 0o644 } = packet.attributes();
    return { id, path, act: () => handlePacket(id, handles.add(openFile(jail, path, flags, permissions))) };
  },
  CLOSE(id, packet, { handles }) {
    const handle = packet.text();
    return done(id, handles.pathOf(handle), () => handles.close(handle));
  },
  READ(id, packet, { handles }) {
    const handle = packet.text();
    const offset = packet.offset();
    const length = Math.min(packet.number(), dataBytesMax);
    return {
      id,
      path: handles.pathOf(handle),
      act() {
        const data = Buffer.allocUnsafe(length);
        const bytes = readSync(handles.file(handle).descriptor, data, 0, length, offset);
        if (bytes === 0) throw new StatusError(statusCode.eof, "End of file");
        return dataPacket(id, data.subarray(0, bytes));
      },
    };
  },
  WRITE(id, packet, { handles }) {
    const handle = packet.text();
    const offset = packet.offset();
    const data = packet.bytes();
    return done(id, handles.pathOf(handle), () => {
      const { descriptor, append } = handles.file(handle);
      for (let sent = 0; sent < data.length; ) {
        sent += writeSync(descriptor, data, sent, data.length - sent, append ? null : offset + sent);
      }
    });
  },
  LSTAT(id, packet, { jail }) {
    const path = jail.normalize(packet.text());
    return { id, path, act: () => attributesPacket(id, lstatSync(jail.entry(path))) };
  },
  STAT(id, packet, { jail }) {
    const path = jail.normalize(packet.text());
    return { id, path, act: () => attributesPacket(id, statSync(jail.follow(path))) };
  },
  FSTAT(id, packet, { handles }) {
    const handle = packet.text();
    const act = () => attributesPacket(id, fstatSync(handles.file(handle).descriptor));
    return { id, path: handles.pathOf(handle), act };
  },
  SETSTAT(id, packet, { jail }) {
    const path = jail.normalize(packet.text());
    const attributes = packet.attributes();
    return done(id, path, () => {
      const local = jail.follow(path);
      const { size, permissions, times } = attributes;
      if (size !== undefined) truncateSync(local, size);
      if (permissions !== undefined) chmodSync(local, permissions & 0o7777);
      if (times !== undefined) utimesSync(local, times.accessed, times.modified);
    });
  },
  FSETSTAT(id, packet, { handles }) {
    const handle = packet.text();
    const attributes = packet.attributes();
    return done(id, handles.pathOf(handle), () => setAttributes(handles.file(handle).descriptor, attributes));
  },
  OPENDIR(id, packet, { jail, handles }) {
    const path = jail.normalize(packet.text());
    return {
      id,
      path,
      act: () => handlePacket(id, handles.add({ kind: "folder", path, names: listFolder(jail.follow(path)) })),
    };
  },
  READDIR(id, packet, { handles }) {
    const handle = packet.text();
    return {
      id,
      path: handles.pathOf(handle),
      act() {
        const names = handles.folder(handle).names.splice(0, namesAtOnce);
        if (names.length === 0) throw new StatusError(statusCode.eof, "End of file");
        return namesPacket(id, names);
      },
    };
  },
  REMOVE(id, packet, { jail }) {
    const path = jail.normalize(packet.text());
    return done(id, path, () => unlinkSync(jail.entry(path)));
  },
  MKDIR(id, packet, { jail }) {
    const path = jail.normalize(packet.text());
    const { permissions = 0o755 } = packet.attributes();
    return done(id, path, () => mkdirSync(jail.entry(path), { mode: permissions & 0o777 }));
  },
  RMDIR(id, packet, { jail }) {
    const path = jail.normalize(packet.text());
    return done(id, path, () => rmdirSync(jail.entry(path)));
  },
  REALPATH(id, packet, { jail }) {
    const path = jail.normalize(packet.text());
    return { id, path, act: () => namesPacket(id, [nameOnly(jail.resolve(path))]) };
  },
  READLINK(id, packet, { jail }) {
    const path = jail.normalize(packet.text());
    return { id, path, act: () => namesPacket(id, [nameOnly(readlinkSync(jail.entry(path)))]) };
  },
  RENAME(id, packet, { jail }) {
    const from = jail.normalize(packet.text());
    const to = jail.normalize(packet.text());
    return done(id, from, () => renameFree(jail.entry(from), jail.entry(to)));
  },
  EXTENDED(id, packet, { jail, handles }) {
    const name = packet.text();
    if (name === "posix-rename@openssh.com") {
      const from = jail.normalize(packet.text());
      const to = jail.normalize(packet.text());
      return done(id, from, () => renameSync(jail.entry(from), jail.entry(to)));
    }
    if (name === "fsync@openssh.com") {
      const handle = packet.text();
      return done(id, handles.pathOf(handle), () => fsyncSync(handles.file(handle).descriptor));
    }
    if (name !== "limits@openssh.com") throw new StatusError(statusCode.unsupported, "Operation unsupported");
    const limits = [packetBytesMax, dataBytesMax, dataBytesMax, handlesMax];
    return { id, path: "/", act: () => limitsPacket(id, limits) };
  },
};

function nameOnly(name: string): NamedFile {
  return { name, longname: name };
}

function openFile(jail: Jail, path: string, flags: number, permissions: number): OpenHandle {
  const has = (flag: keyof typeof openFlag) => (flags & openFlag[flag]) !== 0;
  const creates = has("create");
  const mode =
    (has("write") ? (has("read") ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY) |
    (creates ? constants.O_CREAT : 0) |
    (has("truncate") ? constants.O_TRUNC : 0) |
    (has("exclusive") ? constants.O_EXCL : 0) |
    (has("append") ? constants.O_APPEND : 0);
  const entry = jail.entry(path);
  const local = creates && !existsSync(entry) ? entry : jail.follow(path);
  const descriptor = openSync(local, mode | constants.O_NOFOLLOW, permissions & 0o777);
  return { kind: "file", path, descriptor, append: has("append") };
}

function setAttributes(descriptor: number, { size, permissions, times }: Attributes): void {
  if (size !== undefined) ftruncateSync(descriptor, size);
  if (permissions !== undefined) fchmodSync(descriptor, permissions & 0o7777);
  if (times !== undefined) futimesSync(descriptor, times.accessed, times.modified);
}

function listFolder(folder: string): NamedFile[] {
  return [".", "..", ...readdirSync(folder)].map((name) => {
    const stats = lstatSync(name === ".." ? folder : join(folder, name));
    return { name, longname: longnameOf(name, stats), stats };
  });
}

/** A second name, then without the first: unlike renaming, that fails where the name is taken. */
function renameFree(from: string, to: string): void {
  if (lstatSync(from).isFile()) {
    linkSync(from, to);
    unlinkSync(from);
    return;
  }
  if (existsSync(to)) throw new StatusError(statusCode.failure, "Failure");
  renameSync(from, to);
}
