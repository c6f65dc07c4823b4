// Compressed files. In: a file. Out: its content. What must hold: a file that ends too early, one that goes on after its
// end and one that grows beyond all measure are refused; several members in a row are one content, as gzip and zstd say.

import { statfsSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from "node:zlib";
import { countOf } from "../core/counted.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { readPieces } from "../core/files.ts";

export type Packing = "none" | "gzip" | "zstd" | "zip" | "pgp";

const chunkBytes = 1 << 20;
/** CSV shrinks to a tenth, empty columns to a hundredth; what shrinks further was made to fill a disk. */
const ratioMax = 200;
/** Below this it does no harm. */
const harmlessBytes = 64 << 20;
/** What is left free for others and for the work that follows. */
const reserveBytes = 64 << 20;
/** zstd's frames, skippable ones too, begin with four bytes, of which the first is one of these (RFC 8878, 3.1). */
const zstdMagic = [0xfd2fb528, 0x184d2a50] as const;

/** The outermost one. */
export function packingOf(name: string): Packing {
  if (/\.(pgp|gpg|asc)$/.test(name)) return "pgp";
  if (name.endsWith(".gz")) return "gzip";
  if (name.endsWith(".zst")) return "zstd";
  return name.endsWith(".zip") ? "zip" : "none";
}

/** `.gz` of `a.csv.gz`, `.gz.pgp` of `a.csv.gz.pgp`; nothing of a file that is not packed. */
export function endingOf(name: string): string {
  return /(\.(gz|zst|zip))?(\.(pgp|gpg|asc))?$/.exec(name)?.[0] ?? "";
}

/** The name of what is inside. */
export function nameInside(name: string): string {
  return name.slice(0, name.length - endingOf(name).length);
}

/** The bytes of a file, those of a gzip or zstd file unpacked. */
export async function* readUnpacked(path: string, label: string): AsyncGenerator<Buffer> {
  const packing = packingOf(path);
  const bytes = statSync(path).size;
  const growth = new Growth(label, bytes);
  try {
    if (packing === "none") yield* readPieces(path);
    else if (packing === "gzip") yield* growth.watch(gunzip(path, bytes));
    else yield* growth.watch(unpackFrames(path, bytes));
  } catch (error) {
    throw explainDamage(label, error);
  }
}

async function* gunzip(path: string, bytes: number): AsyncGenerator<Buffer> {
  const unpacking = createGunzip({ chunkSize: chunkBytes });
  yield* drain(path, 0, unpacking);
  await isPadded(path, unpacking.bytesWritten, bytes);
}

/** Node stops after zstd's first frame. */
async function* unpackFrames(path: string, bytes: number): AsyncGenerator<Buffer> {
  let start = 0;
  do {
    if (!(await startsFrame(path, start))) {
      throw new Error(start === 0 ? "it is no zstd file" : `${countOf(bytes - start, "byte")} more after its end`);
    }
    const unpacking = createZstdDecompress({ chunkSize: chunkBytes });
    yield* drain(path, start, unpacking);
    if (unpacking.bytesWritten === 0) throw new Error("it ends too early");
    start += unpacking.bytesWritten;
  } while (start < bytes);
}

async function startsFrame(path: string, start: number): Promise<boolean> {
  const magic = await readAt(path, start, 4);
  if (magic.length < 4) return false;
  const number = magic.readUInt32LE();
  return number === zstdMagic[0] || (number & 0xfffffff0) >>> 0 === zstdMagic[1];
}

async function* drain(path: string, start: number, unpacking: Gunzip | ZstdDecompress): AsyncGenerator<Buffer> {
  const file = readPieces(path, start);
  file.on("error", (error) => unpacking.destroy(error));
  try {
    yield* file.pipe(unpacking);
  } finally {
    file.destroy();
    unpacking.destroy();
  }
}

/** Whether zeros follow the end of a gzip file, which GNU gzip allows. Throws where anything else does. */
export async function isPadded(path: string, start: number, bytes: number): Promise<boolean> {
  for (let offset = start; offset < bytes; offset += chunkBytes) {
    const rest = await readAt(path, offset, chunkBytes);
    if (rest.some((byte) => byte !== 0)) throw new Error(`${countOf(bytes - start, "byte")} more after its end`);
  }
  return start < bytes;
}

async function readAt(path: string, position: number, length: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Refuses what grows beyond measure, also when only its directory says so. */
export class Growth {
  readonly #label: string;
  readonly #packedBytes: number;
  #bytes = 0;

  constructor(label: string, packedBytes: number) {
    this.#label = label;
    this.#packedBytes = packedBytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= harmlessBytes || this.#bytes <= this.#packedBytes * ratioMax) return;
    throw new Failure(exitCode.failed, `the file unpacks to more than ${ratioMax} times its size`, {
      where: { file: this.#label },
      why: "no feed shrinks that far: it was made, or damaged, to fill the disk",
      next: "ask the sender for another one; a file that is right can be unpacked by hand",
    });
  }

  async *watch(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.add(chunk.length);
      yield chunk;
    }
  }
}

/** Throws a Failure where so many bytes more would fill the disk. */
export function refuseFilling(path: string, bytes: number, label: string): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize - reserveBytes >= bytes) return;
  throw new Failure(exitCode.failed, `not enough disk space to unpack ${countOf(bytes, "byte")}`, {
    where: { file: label },
    next: "free some space, then run loadline resume",
  });
}

export function explainDamage(label: string, error: unknown): unknown {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? "") : "";
  // Errors of the machine have a system call; what zlib, yauzl and this file say of the content has none.
  if (!(error instanceof Error) || error instanceof Failure || "syscall" in error) return error;
  const isNoGzip = error.message === "incorrect header check";
  const why = isNoGzip ? "what is there, or after its end, is no gzip" : error.message;
  return new Failure(exitCode.failed, "the compressed file is damaged", {
    where: { file: label },
    why: code === "Z_BUF_ERROR" ? "it ends too early" : why,
    next: isNoGzip ? "take .gz off its name if it is not packed, else fetch it again" : "fetch it again",
  });
}
