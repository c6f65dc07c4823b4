// Durable, private files: run folders are 0700, files 0600, and what must survive a crash is synced with its folder.

import { createHash } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  createReadStream,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  type ReadStream,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { copyFile, open } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Whether there is something. Throws where that can't be known: what must not be seen is not absent. */
export function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw error;
  }
}

/** Of files that are there, in bytes. */
export function sizeOf(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + statSync(path).size, 0);
}

/** Throws, naming the path, where this user may not read and write it. */
export function refuseForbidden(path: string): void {
  accessSync(path, constants.R_OK | constants.W_OK);
}

export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Writes a file whole or not at all: temporary name, fsync, rename, fsync of the folder. */
export function writeDurably(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.tmp`;
  const descriptor = openSync(temporary, "w", 0o600);
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
  syncPath(dirname(path));
}

/** Writes a file that others see whole or not at all. A power cut may take it. */
export function writeWhole(path: string, content: string): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, content, { mode: 0o600 });
  renameSync(temporary, path);
}

/** Flushes a file that something else wrote, and its entry in the folder, to the disk. */
export function syncFile(path: string): void {
  syncPath(path);
  syncPath(dirname(path));
}

/** Flushes the entry of a file that is itself on the disk, as renaming leaves it, while other work goes on. */
export async function syncEntry(path: string): Promise<void> {
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const pieceBytes = { min: 1 << 16, max: 1 << 20 };

/**
 * The bytes of a file in large pieces, of a small one in small buffers. With a megabyte for each of them a run of three
 * rows took twenty, and V8, which collects after 64, spent a quarter of the run on that.
 */
export function readPieces(path: string, start = 0): ReadStream {
  return createReadStream(path, { start, highWaterMark: pieceBytesOf(statSync(path).size - start) });
}

function pieceBytesOf(size: number): number {
  const { min, max } = pieceBytes;
  return Math.min(max, Math.max(min, size));
}

/** Shows a file piece by piece. A piece is what it is until `act` returns: one buffer for each is memory until V8 comes to collect it. */
export async function lookThrough(path: string, act: (piece: Buffer) => void): Promise<void> {
  await using file = await open(path);
  const buffer = Buffer.allocUnsafeSlow(pieceBytesOf((await file.stat()).size));
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return;
    act(buffer.subarray(0, bytesRead));
  }
}

/** The SHA-256 of a file in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await lookThrough(path, (piece) => hash.update(piece));
  return hash.digest("hex");
}

/** A link, or a copy where the file system has none. What is there already stays. */
export async function linkFile(from: string, to: string): Promise<void> {
  if (existsSync(to) || !existsSync(from)) return;
  makePrivateFolder(dirname(to));
  try {
    linkSync(from, to);
  } catch {
    await copyFile(from, to);
  }
}

/** The same of all files of a folder. */
export async function linkAll(from: string, to: string): Promise<void> {
  for (const name of existsSync(from) ? readdirSync(from) : []) await linkFile(join(from, name), join(to, name));
}
