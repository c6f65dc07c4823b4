// Text in any encoding as UTF-8, as a stream. In: bytes and the name of their encoding. Out: UTF-8 without a byte order
// mark. What must hold: a byte that means nothing in the encoding becomes 0xFF, which no UTF-8 holds, so that whoever
// reads the record finds it and can tell its line; it never becomes U+FFFD, which looks like a character.

import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import iconv from "iconv-lite";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";

const replacement = "\ufffd";
const noCharacter = Buffer.from([0xff]);
const marks: readonly [name: string, bytes: Buffer][] = [
  ["utf-8", Buffer.from([0xef, 0xbb, 0xbf])],
  ["utf-16le", Buffer.from([0xff, 0xfe])],
  ["utf-16be", Buffer.from([0xfe, 0xff])],
];

/** iconv-lite knows these names too, and they name no encoding of text. */
const notText = new Set(["base64", "hex", "binary", "utf7", "utf7imap"]);

/** The one spelling of an encoding's name; undefined where it is unknown. */
export function nameEncoding(written: string): string | undefined {
  const folded = written.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  if (folded === "utf8") return "utf-8";
  if (folded === "utf16" || folded === "ucs2" || folded === "utf16le" || folded === "utf16be") {
    return folded === "utf16be" ? "utf-16be" : folded === "utf16le" ? "utf-16le" : "utf-16";
  }
  if (folded === "latin1" || folded === "iso88591") return "latin-1";
  if (notText.has(folded) || !iconv.encodingExists(written)) return undefined;
  return written.toLowerCase();
}

/** Writes UTF-8 in another encoding, with its mark where the order of bytes is open. What it has no character for becomes "?". */
export async function writeEncoded(from: string, to: string, encoding: string): Promise<void> {
  const encoder = iconv.encodeStream(encoding, { addBOM: encoding.startsWith("utf-16") });
  await pipeline(createReadStream(from), iconv.decodeStream("utf-8"), encoder, createWriteStream(to, { mode: 0o600 }));
}

/** The encoding that a byte order mark stands for. */
export function encodingOfMark(start: Buffer): string | undefined {
  return marks.find(([, bytes]) => start.subarray(0, bytes.length).equals(bytes))?.[0];
}

/** Throws a Failure where the file begins with the mark of another encoding, or where `utf-16` leaves the order open. */
export async function* transcode(
  chunks: AsyncIterable<Buffer>,
  encoding: string,
  label: string,
): AsyncGenerator<Buffer> {
  let decode: ((bytes: Buffer | undefined) => Buffer) | undefined;
  for await (const chunk of joinStart(chunks)) {
    if (decode !== undefined) {
      yield decode(chunk);
      continue;
    }
    const mark = encodingOfMark(chunk);
    decode = makeDecoder(chooseEncoding(chunk, mark, encoding, label));
    yield decode(chunk.subarray(marks.find(([name]) => name === mark)?.[1].length ?? 0));
  }
  if (decode !== undefined) yield decode(undefined);
}

/** The first chunk has at least the four bytes that tell the encoding, or is the whole file. */
async function* joinStart(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let start: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (start === undefined) {
      yield chunk;
      continue;
    }
    start = Buffer.concat([start, chunk]);
    if (start.length < 4) continue;
    yield start;
    start = undefined;
  }
  if (start !== undefined && start.length > 0) yield start;
}

function chooseEncoding(start: Buffer, mark: string | undefined, encoding: string, label: string): string {
  const family = encoding === "utf-16" ? mark?.startsWith("utf-16") : mark === encoding;
  if (mark !== undefined && family !== true) {
    throw new Failure(exitCode.failed, `the file begins with the byte order mark of ${mark}, not with ${encoding}`, {
      where: { file: label, line: 1 },
      next: `set format.encoding: ${mark}`,
    });
  }
  if (encoding !== "utf-16") return encoding;
  if (mark !== undefined) return mark;
  if (start[0] === 0 && start[1] !== 0) return "utf-16be";
  if (start[1] === 0 && start[0] !== 0) return "utf-16le";
  throw new Failure(exitCode.failed, "the file has no byte order mark, so utf-16 leaves the order of its bytes open", {
    where: { file: label, line: 1 },
    next: "set format.encoding: utf-16le or utf-16be",
  });
}

/** Called with undefined at the end. */
function makeDecoder(encoding: string): (bytes: Buffer | undefined) => Buffer {
  if (encoding === "utf-8") return (bytes) => bytes ?? Buffer.alloc(0);
  if (encoding === "utf-16le" || encoding === "utf-16be") return makeUtf16Decoder(encoding === "utf-16be");
  if (encoding === "latin-1") return (bytes) => (bytes === undefined ? Buffer.alloc(0) : encodeLatin1(bytes));
  const decoder = iconv.getDecoder(encoding, { stripBOM: false });
  // Half of a surrogate pair may wait for the next chunk.
  let half = "";
  return (bytes) => {
    const text = half + (bytes === undefined ? (decoder.end() ?? "") : decoder.write(bytes));
    half = bytes === undefined ? "" : (/[\ud800-\udbff]$/.exec(text)?.[0] ?? "");
    return encodeMarked(text.slice(0, text.length - half.length));
  };
}

/** Bytes that mean nothing are U+FFFD by now, or, in UTF-32 and CESU-8, half a surrogate pair. */
function encodeMarked(text: string): Buffer {
  if (!text.includes(replacement)) return encodeSurrogates(text);
  const parts = text.split(replacement).flatMap((part) => [noCharacter, encodeSurrogates(part)]);
  return Buffer.concat(parts.slice(1));
}

/** ISO 8859-1 has no characters at 0x80 to 0x9F: what stands there was most likely written as windows-1252. */
function encodeLatin1(bytes: Buffer): Buffer {
  return encodeMarked(bytes.toString("latin1").replaceAll(/[\x80-\x9f]/g, replacement));
}

/** A surrogate without its other half and a byte without its other half are no characters; U+FFFD itself is one. */
function makeUtf16Decoder(bigEndian: boolean): (bytes: Buffer | undefined) => Buffer {
  const decoder = new StringDecoder("utf16le");
  let rest = Buffer.alloc(0);
  return (bytes) => {
    if (bytes === undefined) {
      const text = decoder.end();
      return Buffer.concat([encodeSurrogates(text), ...(rest.length > 0 ? [noCharacter] : [])]);
    }
    const all = Buffer.concat([rest, bytes]);
    const even = all.length - (all.length % 2);
    rest = all.subarray(even);
    const units = all.subarray(0, even);
    return encodeSurrogates(decoder.write(bigEndian ? Buffer.from(units).swap16() : units));
  };
}

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function encodeSurrogates(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text);
  const parts = text.split(loneSurrogate).flatMap((part) => [noCharacter, Buffer.from(part)]);
  return Buffer.concat(parts.slice(1));
}
