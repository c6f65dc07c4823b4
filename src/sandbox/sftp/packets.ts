// Packets of SFTP version 3 (draft-ietf-secsh-filexfer-02) as bytes and back. In: the bytes of a channel. Out: whole
// packets, whose parts are read in their order. What must hold: a packet that is too long or cut short is an error, not
// a guess.

import type { Stats } from "node:fs";

/** Of OpenSSH (sftp-common.h): no packet is longer. */
export const packetBytesMax = 256 * 1024;

/** What a request is called in the draft, and its number. */
export const requestNames = new Map<number, string>([
  [1, "INIT"],
  [3, "OPEN"],
  [4, "CLOSE"],
  [5, "READ"],
  [6, "WRITE"],
  [7, "LSTAT"],
  [8, "FSTAT"],
  [9, "SETSTAT"],
  [10, "FSETSTAT"],
  [11, "OPENDIR"],
  [12, "READDIR"],
  [13, "REMOVE"],
  [14, "MKDIR"],
  [15, "RMDIR"],
  [16, "REALPATH"],
  [17, "STAT"],
  [18, "RENAME"],
  [19, "READLINK"],
  [20, "SYMLINK"],
  [200, "EXTENDED"],
]);

const answerTypes = { version: 2, status: 101, handle: 102, data: 103, name: 104, attrs: 105, extended: 201 } as const;

export const statusCode = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const;

export const openFlag = { read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 } as const;

const attributeFlag = { size: 1, owner: 2, permissions: 4, times: 8 } as const;

/** A request whose answer is a status. */
export class StatusError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What a client sets of a file. */
export interface Attributes {
  size?: number;
  permissions?: number;
  times?: { accessed: number; modified: number };
}

export interface NamedFile {
  name: string;
  longname: string;
  stats?: Stats;
}

/** Reads a packet's parts one after the other. */
export class PacketReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#take(1).readUInt8();
  }

  number(): number {
    return this.#take(4).readUInt32BE();
  }

  /** A file's offset: files beyond 2⁵³ bytes there are none. */
  offset(): number {
    return Number(this.#take(8).readBigUInt64BE());
  }

  bytes(): Buffer {
    return this.#take(this.number());
  }

  text(): string {
    return this.bytes().toString("utf8");
  }

  attributes(): Attributes {
    const flags = this.number();
    const size = (flags & attributeFlag.size) === 0 ? undefined : this.offset();
    // One user: owners are read and left alone.
    if ((flags & attributeFlag.owner) !== 0) this.#take(8);
    const permissions = (flags & attributeFlag.permissions) === 0 ? undefined : this.number();
    const times =
      (flags & attributeFlag.times) === 0 ? undefined : { accessed: this.number(), modified: this.number() };
    return {
      ...(size === undefined ? {} : { size }),
      ...(permissions === undefined ? {} : { permissions }),
      ...(times === undefined ? {} : { times }),
    };
  }

  #take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw new StatusError(statusCode.badMessage, "the packet is too short");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Cuts what a channel brings into packets, each without its length. */
export async function* readPackets(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.length;
    while (bytes >= 4) {
      const [first = Buffer.alloc(0)] = waiting;
      const whole = first.length >= 4 ? first : Buffer.concat(waiting);
      if (whole !== first) waiting = [whole];
      const length = whole.readUInt32BE();
      if (length === 0 || length > packetBytesMax) throw new Error(`a packet of ${length} bytes`);
      if (bytes < 4 + length) break;
      const joined = waiting.length === 1 ? whole : Buffer.concat(waiting);
      yield joined.subarray(4, 4 + length);
      bytes -= 4 + length;
      waiting = bytes === 0 ? [] : [joined.subarray(4 + length)];
    }
  }
}

export function versionPacket(extensions: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(extensions).flatMap(([name, value]) => [text(name), text(value)]);
  return packet(answerTypes.version, [number(3), ...pairs]);
}

export function statusPacket(id: number, code: number, message: string): Buffer {
  return packet(answerTypes.status, [number(id), number(code), text(message), text("")]);
}

export function handlePacket(id: number, handle: string): Buffer {
  return packet(answerTypes.handle, [number(id), text(handle)]);
}

export function dataPacket(id: number, data: Buffer): Buffer {
  return packet(answerTypes.data, [number(id), number(data.length), data]);
}

export function attributesPacket(id: number, stats: Stats): Buffer {
  return packet(answerTypes.attrs, [number(id), attributesOf(stats)]);
}

export function namesPacket(id: number, files: readonly NamedFile[]): Buffer {
  const listed = files.flatMap(({ name, longname, stats }) => [
    text(name),
    text(longname),
    stats === undefined ? number(0) : attributesOf(stats),
  ]);
  return packet(answerTypes.name, [number(id), number(files.length), ...listed]);
}

/** The answer to limits@openssh.com. */
export function limitsPacket(id: number, limits: readonly number[]): Buffer {
  return packet(answerTypes.extended, [number(id), ...limits.map(offset)]);
}

function packet(type: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.of(type), ...parts]);
  return Buffer.concat([number(body.length), body]);
}

function attributesOf(stats: Stats): Buffer {
  const { size, owner, permissions, times } = attributeFlag;
  return Buffer.concat([
    number(size | owner | permissions | times),
    offset(stats.size),
    number(stats.uid),
    number(stats.gid),
    number(stats.mode),
    number(Math.floor(stats.atimeMs / 1000)),
    number(Math.floor(stats.mtimeMs / 1000)),
  ]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function offset(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  return Buffer.concat([number(bytes.length), bytes]);
}
