// How a file seems to be written, from a sample of its beginning. A guess for a person to look at: nothing is loaded by it.

import { isUtf8 } from "node:buffer";
import { extname } from "node:path";
import { parse } from "csv-parse/sync";
import iconv from "iconv-lite";
import { SaxesParser } from "saxes";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { encodingOfMark } from "./encoding.ts";
import { type CsvFormat, type FileFormat, plainCsv } from "./format.ts";
import { readUnpacked } from "./packing.ts";
import type { TextFile } from "./text.ts";

const sampleBytes = 1 << 20;
const delimiters = [",", ";", "\t", "|", "\u0001"] as const;

interface Sample {
  text: string;
  encoding: string;
  /** Whether it is the whole file. */
  whole: boolean;
}

/** Throws a Failure where it is no text of a format that loadline reads. */
export async function guessFormat(file: TextFile): Promise<FileFormat> {
  const { bytes, whole } = await readStart(file);
  if (bytes.subarray(0, 4).toString("latin1") === "PAR1") return { type: "parquet" };
  const encoding = guessEncoding(bytes);
  const text = iconv.decode(bytes, encoding).replace(/^\ufeff/, "");
  const sample: Sample = { text: whole ? text : text.slice(0, text.search(/[^\n]*$/)), encoding, whole };
  const start = text.trimStart();
  if (start === "") throw cannotGuess(file, "it is empty");
  if (start.startsWith("<")) return guessXml(file, sample);
  if (start.startsWith("[")) return { type: "json", records: [], encoding };
  if (start.startsWith("{")) return guessJson(file, sample);
  return guessCsv(file, sample);
}

async function readStart(file: TextFile): Promise<{ bytes: Buffer; whole: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of readUnpacked(file.path, file.label)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > sampleBytes) break;
  }
  return { bytes: Buffer.concat(chunks), whole: length <= sampleBytes };
}

function cannotGuess(file: TextFile, why: string): Failure {
  const next = "write `format` by hand: docs/job-file.md";
  return new Failure(exitCode.failed, "the format can't be guessed", { where: { file: file.label }, why, next });
}

function guessEncoding(bytes: Buffer): string {
  const mark = encodingOfMark(bytes);
  if (mark !== undefined) return mark.startsWith("utf-16") ? "utf-16" : mark;
  if (bytes[0] === 0 && bytes[1] !== 0) return "utf-16be";
  if (bytes[1] === 0 && bytes[0] !== 0) return "utf-16le";
  // The last character may be cut.
  const whole = [0, 1, 2, 3].some((cut) => isUtf8(bytes.subarray(0, bytes.length - cut)));
  return whole ? "utf-8" : "windows-1252";
}

function guessJson(file: TextFile, { text, encoding, whole }: Sample): FileFormat {
  const [first = ""] = text.trimStart().split("\n");
  if (isJson(first) && (text.trim().includes("\n{") || /^\.(jsonl|ndjson)$/.test(extname(file.label)))) {
    return { type: "jsonl", encoding };
  }
  if (!whole || !isJson(text)) throw cannotGuess(file, "it is one JSON object, and its array of records was not found");
  const records = findRecords(JSON.parse(text), []);
  if (records === undefined) throw cannotGuess(file, "the JSON holds no array of objects");
  return { type: "json", records, encoding };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
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

function guessCsv(file: TextFile, sample: Sample): CsvFormat {
  let best: { format: CsvFormat; score: number } | undefined;
  for (const delimiter of delimiters) {
    for (const quote of ['"', "'"]) {
      const found = tryDialect(sample, { ...plainCsv, delimiter, quote, encoding: sample.encoding });
      if (found !== undefined && found.score > (best?.score ?? 0)) best = found;
    }
  }
  if (best === undefined) throw cannotGuess(file, "no character parts its lines into the same number of cells");
  return best.format;
}

/** A dialect is the better the more records have as many cells as most have, and the more cells that is. */
function tryDialect(sample: Sample, format: CsvFormat): { format: CsvFormat; score: number } | undefined {
  const lines = sample.text.split(/\r\n|\n|\r/);
  const parsed = (text: string): string[][] =>
    parse(text, {
      delimiter: format.delimiter,
      quote: format.quote,
      escape: format.quote,
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      to: 1000,
    });
  try {
    const usual = usualLength(parsed(sample.text));
    if (usual === undefined) return undefined;
    const first = lines.findIndex((line) => line !== "" && parsed(line)[0]?.length === usual);
    const skipLines = first > 0 && lines.slice(0, first).some((line) => line !== "") ? first : 0;
    const records = parsed(lines.slice(Math.max(first, 0)).join("\n"));
    const footerLines = sample.whole && records.length > 2 && records.at(-1)?.length !== usual ? 1 : 0;
    const good = records.filter(({ length }) => length === usual).length;
    const quoted = sample.text.split(format.delimiter + format.quote).length - 1;
    const share = good / Math.max(1, records.length - footerLines);
    const score =
      share * share * (usual === 1 ? 0.1 : usual) + (format.quote === '"' ? 0.01 : 0) + (quoted > 0 ? 0.02 : 0);
    const columns = looksLikeHeader(records) ? {} : { columns: nameColumns(usual) };
    const around = { ...(skipLines > 0 ? { skipLines } : {}), ...(footerLines > 0 ? { footerLines } : {}) };
    return { format: { ...format, ...around, ...columns }, score };
  } catch {
    return undefined;
  }
}

function usualLength(records: readonly string[][]): number | undefined {
  const counts = new Map<number, number>();
  for (const { length } of records) counts.set(length, (counts.get(length) ?? 0) + 1);
  return [...counts].sort(([, left], [, right]) => right - left)[0]?.[0];
}

/** Names are there, are all different and are no numbers, dates or addresses. */
function looksLikeHeader([first = []]: readonly string[][]): boolean {
  const names = first.map((name) => name.trim().toLowerCase());
  return names.every((name) => name !== "" && !/^[-+\d.,:/ ]+$|@/.test(name)) && new Set(names).size === names.length;
}

function nameColumns(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `column_${index + 1}`);
}
