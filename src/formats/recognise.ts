// What a file is that is none of records, by its first bytes. In: a file, and the format that the job says. Out: a
// refusal that names what it is and what to do. Such files are everyday: reports that Salesforce calls Excel are HTML
// tables, exports are renamed, a login page is saved in place of a download.

import { closeSync, openSync, readSync } from "node:fs";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { encodingOfMark } from "./encoding.ts";
import type { FileFormat } from "./format.ts";
import { packingOf, readUnpacked } from "./packing.ts";
import type { TextFile } from "./text.ts";

export interface Kind {
  /** With its article. */
  name: string;
  next: string;
  /** The type that reads it, where one does. */
  type?: FileFormat["type"];
}

/** The names of the entries of a workbook stand within its first bytes. */
export const startBytes = 1 << 12;

const asCsv =
  "export it as CSV instead: in a spreadsheet, save it as CSV UTF-8; of a report of Salesforce choose Comma Delimited";
const rename = (ending: string) => `let its name end in ${ending}, and it is unpacked`;
const unpackedTable = "have it written as Parquet or CSV";
const unpack = "have it sent as it is, or packed by gzip, zstd or zip";

interface Signature extends Kind {
  /** As Latin-1. */
  start: string;
  /** One of these stands behind it. */
  holds?: readonly string[];
}

const zip = "PK\u0003\u0004";
const office = ["word/", "ppt/", "docProps/", "[Content_Types].xml", "mimetype"];

/** As https://www.garykessler.net/library/file_sigs.html lists them. */
const signatures: readonly Signature[] = [
  { start: zip, holds: ["xl/", "opendocument.spreadsheet"], name: "an Excel workbook", next: asCsv },
  { start: zip, holds: office, name: "a document of an office program", next: asCsv },
  { start: zip, name: "a zip", next: rename(".zip") },
  { start: "PK\u0005\u0006", name: "an empty zip", next: unpack },
  { start: "\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1", name: "an Excel workbook (.xls)", next: asCsv },
  { start: "\u0009\u0008\u0010\u0000", name: "an Excel workbook (.xls)", next: asCsv },
  { start: "\u001f\u008b", name: "a gzip file", next: rename(".gz") },
  { start: "\u0028\u00b5\u002f\u00fd", name: "a zstd file", next: rename(".zst") },
  { start: "BZh", holds: ["1AY&SY"], name: "a bzip2 file", next: unpack },
  { start: "\u00fd7zXZ\u0000", name: "an xz file", next: unpack },
  { start: "7z\u00bc\u00af'\u001c", name: "a 7-Zip archive", next: unpack },
  { start: "Rar!\u001a", name: "a RAR archive", next: unpack },
  { start: "%PDF-", name: "a PDF document", next: asCsv },
  { start: "{\\rtf", name: "an RTF document", next: asCsv },
  { start: "SQLite format 3\u0000", name: "a SQLite database", next: "export its table as CSV" },
  { start: "Obj\u0001", name: "an Avro file", next: unpackedTable },
  { start: "ORC", holds: ["\u0000"], name: "an ORC file", next: unpackedTable },
  { start: "ARROW1\u0000", name: "an Arrow (Feather) file", next: unpackedTable },
  {
    start: "-----BEGIN PGP MESSAGE",
    name: "an OpenPGP message",
    next: "let its name end in .asc, and set format.pgp with the key that it is for",
  },
  // Its mark begins as that of UTF-16 does.
  { start: "\u00ff\u00fe\u0000\u0000", name: "text in UTF-32", next: "have it written in UTF-8" },
  { start: "\u0000\u0000\u00fe\u00ff", name: "text in UTF-32", next: "have it written in UTF-8" },
  { start: "PAR1", name: "a Parquet file", next: "set format.type: parquet", type: "parquet" },
];

const htmlStart =
  /^(?:<\?xml[^>]*>|<!--[\s\S]*?-->|\s)*<(?:!doctype\s+html|html|head|body|table|meta|style|script|title|div|font|center)\b/i;
const htmlNext = `${asCsv}; or fetch it again, if it is a page that came in place of the file`;

/** Undefined where it may be text of records. */
export function recognise(start: Buffer): Kind | undefined {
  const bytes = start.toString("latin1");
  for (const { start: mark, holds, name, next, type } of signatures) {
    if (!bytes.startsWith(mark) || holds?.some((text) => bytes.includes(text)) === false) continue;
    return { name, next, ...(type === undefined ? {} : { type }) };
  }
  const order = encodingOfMark(start) === undefined ? guessUtf16(start) : undefined;
  const text = (order === undefined ? bytes : bytes.replaceAll("\0", "")).replace(/^\xef\xbb\xbf/, "");
  if (htmlStart.test(text)) return { name: "an HTML page", next: htmlNext };
  // What Excel 2003 called XML Spreadsheet, and many web applications still call .xls.
  if (/^\s*<\?xml\b[^>]*>\s*<\?mso-application\b/.test(text)) return { name: "an Excel workbook (XML)", next: asCsv };
  if (/^\s*<\?xml\b/.test(text))
    return { name: "an XML file", next: "set format.type: xml, and format.records", type: "xml" };
  if (order !== undefined)
    return { name: `text in ${order} without a byte order mark`, next: `set format.encoding: ${order}` };
  if (/^\s*\[\s*\{\s*"/.test(text)) return { name: "a JSON array", next: "set format.type: json", type: "json" };
  if (/^\s*\{\s*"[^"]*"\s*:/.test(text)) {
    return {
      name: "a file of JSON objects",
      next: "set format.type: json, or jsonl where each line is one",
      type: "jsonl",
    };
  }
  return undefined;
}

/** Text of the West in UTF-16 has a zero in every second byte, and text in no other encoding has any. */
export function guessUtf16(start: Buffer): "utf-16le" | "utf-16be" | undefined {
  const zeros = [0, 0];
  for (const [index, byte] of start.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (start.length < 4 || (even + odd) * 4 < start.length) return undefined;
  return odd > even * 10 ? "utf-16le" : even > odd * 10 ? "utf-16be" : undefined;
}

/** Throws a Failure where a file is recognised as something else than the job says. */
export async function refuseForeign(file: TextFile, format: FileFormat): Promise<void> {
  const kind = recognise(await readStart(file));
  if (kind === undefined || isMeant(kind, format)) return;
  throw foreignFailure(file.label, kind, `not ${nameOf(format.type)}`);
}

export function foreignFailure(label: string, { name, next }: Kind, what: string): Failure {
  return new Failure(exitCode.failed, `the file is ${name}, ${what}`, { where: { file: label }, next });
}

function isMeant({ name, type }: Kind, format: FileFormat): boolean {
  const isWide = name.startsWith("text in");
  if (format.type === "parquet") return type === "parquet";
  if (isWide && format.type !== "xml") return /^(?:utf-?16|utf-?32|ucs)/.test(format.encoding);
  // Readers of JSON and XML say themselves what they miss in text.
  if (format.type === "json") return type === "json" || type === "jsonl";
  if (format.type === "jsonl") return type === "jsonl";
  if (format.type === "xml") return type === "xml" || name === "an HTML page" || isWide;
  return false;
}

function nameOf(type: FileFormat["type"]): string {
  const names = { csv: "CSV", json: "JSON", jsonl: "JSON Lines", xml: "XML", parquet: "Parquet" };
  return names[type];
}

async function readStart({ path, label }: TextFile): Promise<Buffer> {
  if (packingOf(path) !== "none") {
    for await (const chunk of readUnpacked(path, label)) return chunk.subarray(0, startBytes);
    return Buffer.alloc(0);
  }
  const start = Buffer.alloc(startBytes);
  const descriptor = openSync(path, "r");
  try {
    return start.subarray(0, readSync(descriptor, start));
  } finally {
    closeSync(descriptor);
  }
}

/** What a zip is that nobody packed: the files of an office program are zips too. */
export function recogniseZip(names: readonly string[]): Kind | undefined {
  if (names.some((name) => name.startsWith("xl/"))) return { name: "an Excel workbook", next: asCsv };
  return names.includes("[Content_Types].xml") || names.includes("mimetype")
    ? { name: "a document of an office program", next: asCsv }
    : undefined;
}
