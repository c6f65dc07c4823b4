// Records of the formats that name their columns in every record. The readers are loaded only where they are used.

import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { JsonFormat, JsonLinesFormat, SourceRecord, XmlFormat } from "./format.ts";
import type { TextFile } from "./text.ts";

export type RecordFormat = JsonFormat | JsonLinesFormat | XmlFormat;

export async function* readRecords(file: TextFile, format: RecordFormat): AsyncGenerator<SourceRecord> {
  if (format.type === "jsonl") yield* (await import("./json-lines.ts")).readJsonLines(file, format);
  else if (format.type === "json") yield* (await import("./json-array.ts")).readJsonArray(file, format);
  else yield* (await import("./xml-records.ts")).readXmlRecords(file, format);
}

/** All columns of a file, in the order in which they are first seen: it takes a look at every record. */
export async function readRecordColumns(file: TextFile, format: RecordFormat): Promise<string[]> {
  const names = new Set<string>();
  const spellings = new Map<string, string>();
  for await (const { cells, line } of readRecords(file, format)) {
    for (const name of cells.keys()) {
      if (names.has(name)) continue;
      const known = spellings.get(name.toLowerCase());
      if (name.trim() === "" || known !== undefined) throw refuseName(file.label, line, name, known);
      names.add(name);
      spellings.set(name.toLowerCase(), name);
    }
  }
  return [...names];
}

function refuseName(label: string, line: number, name: string, known: string | undefined): Failure {
  const what =
    known === undefined ? "a value of the record has no name" : `"${name}" and "${known}" are one column to loadline`;
  return new Failure(exitCode.failed, what, {
    where: { file: label, line },
    next: "correct the file: which one is meant can't be guessed",
  });
}
