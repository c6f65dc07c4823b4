// Parts of extracted records as files in the run folder.

import { createHash } from "node:crypto";
import { join } from "node:path";
import { lookThrough } from "./files.ts";
import type { Part } from "./model.ts";
import { writeRecordFile } from "./record-file.ts";

export function partName(ordinal: number): string {
  return `part-${String(ordinal).padStart(5, "0")}.csv`;
}

export function partPath({ folder }: { folder: string }, ordinal: number): string {
  return join(folder, partName(ordinal));
}

/** NUL, and what stands for half a character (record-file.ts): a reader that is fast would take them. */
const suspectBytes = [0x00, 0xff];

/** What is told of a part's bytes. */
export type PartBytes = Pick<Part, "bytes" | "sha256" | "suspect">;

/** Looks at bytes as they are written, or read. */
export class PartContent {
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #suspect = false;

  /** Gives the bytes back. */
  add(chunk: Buffer, isText = true): Buffer {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    this.#suspect ||= isText && suspectBytes.some((byte) => chunk.includes(byte));
    return chunk;
  }

  /** Once. */
  told(): PartBytes {
    return { bytes: this.#bytes, sha256: this.#hash.digest("hex"), suspect: this.#suspect };
  }
}

/** Of a compressed part nothing is looked at but its hash. `content`: who wrote it has looked. */
export async function describePart(
  path: string,
  ordinal: number,
  told: Pick<Part, "label" | "locator"> & { rows: number },
  content?: PartBytes,
): Promise<Omit<Part, "columns">> {
  const compressed = path.endsWith(".gz");
  return { ordinal, path, ...told, ...(content ?? (await readContent(path, !compressed))), compressed };
}

async function readContent(path: string, isText: boolean): Promise<PartBytes> {
  const content = new PartContent();
  await lookThrough(path, (piece) => content.add(piece, isText));
  return content.told();
}

/** Writes rows, which have a cell for each field, as a part of a request. `told` may be known only once they are read. */
export async function writePart(
  request: { folder: string },
  ordinal: number,
  fields: readonly string[],
  rows: AsyncIterable<string[]> | Iterable<string[]>,
  told: PartOrigin | (() => PartOrigin),
): Promise<Omit<Part, "columns">> {
  const path = partPath(request, ordinal);
  const count = await writeRecordFile(path, fields, rows, "source");
  return describePart(path, ordinal, { ...(typeof told === "function" ? told() : told), rows: count });
}

type PartOrigin = Pick<Part, "label" | "locator">;
