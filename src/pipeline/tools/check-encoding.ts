// Whether files are written in the encoding that a job says, found before a plan. In: the beginning of a file, its format.
// Out: what is wrong, with the encoding that fits. Must hold: what is called certain makes a reject of every row with
// letters beyond ASCII.

import { isUtf8 } from "node:buffer";
import type { FileFormat } from "../../formats/format.ts";
import { guessEncoding } from "../../formats/guess-encoding.ts";
import { readUnpacked } from "../../formats/packing.ts";
import type { TextFile } from "../../formats/text.ts";

export interface EncodingProblem {
  message: string;
  next: string;
  /** Nothing in it is of the job's encoding. */
  isCertain: boolean;
}

const sampleBytes = 1 << 20;

export async function findEncodingProblem(file: TextFile, format: FileFormat): Promise<EncodingProblem | undefined> {
  if (format.type !== "csv") return undefined;
  const bytes = await readStart(file);
  if (!bytes.some((byte) => byte >= 0x80)) return undefined;
  const isText = [0, 1, 2, 3].some((cut) => isUtf8(bytes.subarray(0, bytes.length - cut)));
  const hasPairs = /[\xc2-\xf4][\x80-\xbf]/.test(bytes.toString("latin1"));
  if (format.encoding === "utf-8") {
    if (isText) return undefined;
    const { encoding, doubt = "" } = guessEncoding(bytes);
    const message = `${file.label} is not in UTF-8, as the job reads it${doubt === "" ? "" : `: ${doubt}`}`;
    return { message, next: `write it in the source: format: { encoding: ${encoding} }`, isCertain: !hasPairs };
  }
  if (!isText || !hasPairs || /^utf-?16|^utf-?32/.test(format.encoding)) return undefined;
  const message = `${file.label} is in UTF-8, the job reads it as ${format.encoding}: letters beyond ASCII become others`;
  return { message, next: "leave format.encoding out", isCertain: false };
}

/** What is cut or broken is told by whoever reads all of it. */
async function readStart({ path, label }: TextFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of readUnpacked(path, label)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= sampleBytes) break;
    }
  } catch {
    // The head of a packed file ends early.
  }
  return Buffer.concat(chunks).subarray(0, sampleBytes);
}
