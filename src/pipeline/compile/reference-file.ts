// A reference file: a CSV file beside the job, with a header. In: its path. Out: how it is written, and its columns. What
// must hold: every line but the header is a record; a file of which some would have to be left out is refused.

import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { readCsvHeader } from "../../extract/csv-header.ts";
import type { CsvFormat } from "../../formats/format.ts";
import { packingOf } from "../../formats/packing.ts";
import type { Lookup } from "../../job/lookup.ts";

export interface Reference {
  /** As the job names it. */
  name: string;
  path: string;
  sha256: string;
  format: CsvFormat;
  columns: string[];
}

type FileTable = Extract<Lookup["in"], { kind: "file" }>;

/** Throws a Failure (2) where it is no CSV file with a header above its records and nothing else. */
export async function openReference({ name, filePath: path, sha256 }: FileTable): Promise<Reference> {
  const file = { path, label: name };
  if (!["none", "gzip"].includes(packingOf(name)))
    throw refuse(name, "it is packed, and a lookup reads plain text or gzip");
  // Only here, with the reader of XML that it brings: it costs every start of the program 6 ms.
  const { guessFormat } = await import("../../formats/guess-format.ts");
  const { format, doubts } = await guessFormat(file);
  if (format.type !== "csv") throw refuse(name, `it is ${format.type}, and a lookup reads CSV`);
  const { footerLines = 0, columns: unnamed } = format;
  if (footerLines > 0 || unnamed !== undefined || doubts.some((doubt) => doubt.includes("before the header"))) {
    throw refuse(name, doubts.join("; "));
  }
  return { name, path, sha256, format, columns: await readCsvHeader(file, format) };
}

function refuse(name: string, why: string): Failure {
  return new Failure(exitCode.usage, `${name} can't be looked up`, {
    why,
    next: "keep a header in its first line and nothing but records below it",
  });
}
