// What a zip holds beside what its directory lists: a second zip behind the first, a file that the directory was not told
// of. In: a zip and all entries of its directory. What must hold: none of it is left out in silence; readers of zips go by
// the directory at the end alone. (PKWARE APPNOTE 4.3)

import { type FileHandle, open } from "node:fs/promises";
import type { Entry } from "yauzl";

const localHeader = Buffer.from("PK\x03\x04", "latin1");
const directoryHeader = Buffer.from("PK\x01\x02", "latin1");
const localBytes = 30;
const directoryBytes = 46;
const chunkBytes = 1 << 20;

/** Throws where a file begins that the directory does not list, or where files lie over each other. */
export async function refuseUnlisted(path: string, bytes: number, entries: readonly Entry[]): Promise<void> {
  const file = await open(path);
  try {
    let position = 0;
    const inOrder = entries.toSorted(
      (left, right) => left.relativeOffsetOfLocalHeader - right.relativeOffsetOfLocalHeader,
    );
    for (const { relativeOffsetOfLocalHeader: start, compressedSize } of inOrder) {
      if (start < position) throw new Error(`two of its files lie over each other, at byte ${start}`);
      await refuseAnother(file, position, start, [localHeader]);
      const header = await readAt(file, start, localBytes);
      if (header.length < localBytes) throw new Error("it ends too early");
      position = start + localBytes + header.readUInt16LE(26) + header.readUInt16LE(28) + compressedSize;
    }
    const directory = (await find(file, position, bytes, [directoryHeader])) ?? bytes;
    await refuseAnother(file, position, directory, [localHeader]);
    const listed = entries.reduce((sum, entry) => sum + sizeInDirectory(entry), 0);
    await refuseAnother(file, directory + listed, bytes, [localHeader, directoryHeader]);
  } finally {
    await file.close();
  }
}

function sizeInDirectory({ fileNameLength, extraFieldLength, fileCommentLength }: Entry): number {
  return directoryBytes + fileNameLength + extraFieldLength + fileCommentLength;
}

async function refuseAnother(file: FileHandle, from: number, to: number, headers: readonly Buffer[]): Promise<void> {
  const found = await find(file, from, to, headers);
  if (found === undefined) return;
  throw new Error(
    `another file begins at byte ${found}, which its directory does not list: it may be two zips in a row`,
  );
}

/** Where the first of some headers begins. */
async function find(
  file: FileHandle,
  from: number,
  to: number,
  headers: readonly Buffer[],
): Promise<number | undefined> {
  for (let start = from; start < to; start += chunkBytes) {
    // A header may be cut where a chunk ends.
    const chunk = await readAt(file, start, Math.min(chunkBytes + 3, to - start));
    const places = headers.map((header) => chunk.indexOf(header)).filter((place) => place !== -1);
    if (places.length > 0) return start + Math.min(...places);
  }
  return undefined;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
