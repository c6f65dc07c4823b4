// How a file seems to be written, from a sample of its beginning. A guess for a person to look at: nothing is loaded by it.

import { extname } from "node:path";
import iconv from "iconv-lite";
import { SaxesParser } from "saxes";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { FileFormat } from "./format.ts";
import { guessCsv, type Sample } from "./guess-csv.ts";
import { guessEncoding } from "./guess-encoding.ts";
import { findSecondObject, isJson } from "./json-object.ts";
import { readUnpacked } from "./packing.ts";
import { foreignFailure, guessUtf16, recognise, startBytes } from "./recognise.ts";
import type { TextFile } from "./text.ts";

const sampleBytes = 1 << 20;
/** A multiple of the bytes of any character's unit. */
const tailBytes = 1 << 16;

export interface GuessedFormat {
  format: FileFormat;
  /** What could be otherwise, each in a sentence. */
  doubts: string[];
}

/** Throws a Failure where it is no text of a format that loadline reads. */
export async function guessFormat(file: TextFile): Promise<GuessedFormat> {
  const { bytes, tail } = await readSample(file);
  const kind = recognise(bytes.subarray(0, startBytes));
  if (kind?.type === "parquet") return { format: { type: "parquet" }, doubts: [] };
  // Text of records in UTF-16, JSON and XML is what is guessed below.
  if (kind !== undefined && kind.type === undefined && guessUtf16(bytes.subarray(0, startBytes)) === undefined) {
    throw foreignFailure(file.label, kind, "not a file of records");
  }
  const { encoding, doubt } = guessEncoding(bytes);
  const decode = (part: Buffer) => iconv.decode(part, encoding).replace(/^\ufeff/, "");
  const text = decode(bytes);
  const sample: Sample = {
    text: tail === undefined ? text : text.slice(0, text.search(/[^\r\n]*$/)),
    encoding,
    tail: tail === undefined ? undefined : decode(tail).replace(/^[^\r\n]*[\r\n]+/, ""),
  };
  const { format, doubts } = guessText(file, sample);
  return { format, doubts: doubt === undefined ? doubts : [doubt, ...doubts] };
}

function guessText(file: TextFile, sample: Sample): GuessedFormat {
  const start = sample.text.trimStart();
  const { encoding } = sample;
  if (start === "") throw cannotGuess(file, "it is empty");
  if (start.startsWith("<")) return { format: guessXml(file, sample), doubts: [] };
  if (start.startsWith("[")) return { format: { type: "json", records: [], encoding }, doubts: [] };
  if (start.startsWith("{")) return { format: guessJson(file, sample), doubts: [] };
  const guessed = guessCsv(sample);
  if (guessed === undefined) throw cannotGuess(file, "no character parts its lines into the same number of cells");
  return guessed;
}

/** The beginning, and the end where that is not all. */
async function readSample(file: TextFile): Promise<{ bytes: Buffer; tail: Buffer | undefined }> {
  const chunks: Buffer[] = [];
  let length = 0;
  let tail = Buffer.alloc(0);
  for await (const chunk of readUnpacked(file.path, file.label)) {
    if (length <= sampleBytes) chunks.push(chunk);
    length += chunk.length;
    const end = Buffer.concat([tail, chunk]);
    tail = end.subarray(Math.max(0, end.length - tailBytes - (length % 4)));
  }
  return { bytes: Buffer.concat(chunks), tail: length <= sampleBytes ? undefined : tail };
}

function cannotGuess(file: TextFile, why: string): Failure {
  const next = "write `format` by hand: docs/job-file.md";
  return new Failure(exitCode.failed, "the format can't be guessed", { where: { file: file.label }, why, next });
}

function guessJson(file: TextFile, { text, encoding, tail }: Sample): FileFormat {
  const [first = ""] = text.trimStart().split("\n");
  const lines = text.trim().split("\n").slice(0, 100);
  const isLines = lines.every((line) => line.trim() === "" || isJson(line));
  if (isJson(first) && isLines && (text.trim().includes("\n{") || /^\.(jsonl|ndjson)$/.test(extname(file.label)))) {
    return { type: "jsonl", encoding };
  }
  if (findSecondObject(text) !== undefined) {
    throw cannotGuess(file, "it holds several JSON objects in a row: they want an array, or a line each (type jsonl)");
  }
  if (tail !== undefined || !isJson(text))
    throw cannotGuess(file, "it is one JSON object, and its array of records was not found");
  const records = findRecords(JSON.parse(text), []);
  if (records === undefined) throw cannotGuess(file, "the JSON holds no array of objects");
  return { type: "json", records, encoding };
}

function findRecords(value: unknown, path: string[]): string[] | undefined {
  if (Array.isArray(value)) return value.some((one) => typeof one === "object") ? path : undefined;
  if (typeof value !== "object" || value === null || path.length > 3) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const found = findRecords(inner, [...path, name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The first path from the root on whose elements stand several times and hold something. */
function guessXml(file: TextFile, { text }: Sample): FileFormat {
  const open: string[] = [];
  const seen = new Map<string, { count: number; holds: boolean }>();
  const parser = new SaxesParser();
  parser.on("opentag", ({ name, attributes }) => {
    const parent = seen.get(open.join("/"));
    if (parent !== undefined) parent.holds = true;
    open.push(name);
    const path = open.join("/");
    const entry = seen.get(path) ?? { count: 0, holds: false };
    seen.set(path, { count: entry.count + 1, holds: entry.holds || Object.keys(attributes).length > 0 });
  });
  parser.on("closetag", () => open.pop());
  // The sample is cut somewhere.
  parser.on("error", () => undefined);
  parser.write(text);
  const paths = [...seen].filter(([path, { holds }]) => path.includes("/") && holds);
  const [path] = paths.find(([, { count }]) => count > 1) ?? paths[0] ?? [];
  if (path === undefined) throw cannotGuess(file, "the XML has no element with columns");
  return { type: "xml", records: path.split("/") };
}
