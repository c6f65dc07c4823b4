// How the files of a stream are written: each type of format has keys of its own.

import { nameEncoding } from "../formats/encoding.ts";
import { type CsvFormat, type FileFormat, plainCsv, type WrittenFormat } from "../formats/format.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { StreamFile } from "./schema.ts";
import { type StreamDraft, spanAt } from "./stream-draft.ts";
import { keySpanAt } from "./yaml-tree.ts";

type FormatFile = NonNullable<NonNullable<StreamFile["source"]>["format"]>;

const csvKeys = ["delimiter", "quote", "escape", "comment", "columns", "skip_lines", "footer_lines"] as const;
const keysOf = {
  csv: [...csvKeys, "encoding"],
  json: ["records", "encoding"],
  jsonl: ["encoding"],
  xml: ["records", "encoding"],
  parquet: [],
} as const satisfies Record<string, readonly (keyof FormatFile)[]>;

/** How the file of a target is written. */
export function buildTargetFormat(
  written: NonNullable<NonNullable<StreamFile["target"]>["format"]> = {},
  draft: StreamDraft,
  diagnostics: Diagnostics,
): WrittenFormat {
  const { type = "csv", delimiter = plainCsv.delimiter, quote = plainCsv.quote, neutralise_formulas = false } = written;
  if (type === "csv") return { type, delimiter, quote, neutraliseFormulas: neutralise_formulas };
  for (const name of ["delimiter", "quote", "neutralise_formulas"] as const) {
    if (written[name] === undefined) continue;
    diagnostics.add(keySpanAt(draft.tree, ["target", "format", name]), `${name} does not go with type ${type}`);
  }
  return { type };
}

/** Left diagnostics where it is undefined. */
export function buildFormat(
  written: FormatFile = {},
  draft: StreamDraft,
  diagnostics: Diagnostics,
): FileFormat | undefined {
  const { type = "csv" } = written;
  const known: readonly string[] = keysOf[type];
  for (const name of Object.keys(written)) {
    if (name === "type" || name === "pgp" || known.includes(name)) continue;
    diagnostics.add(keySpanAt(draft.tree, ["source", "format", name]), `${name} does not go with type ${type}`);
  }
  const encoding = nameEncoding(written.encoding ?? "utf-8");
  if (encoding === undefined) {
    const next = "e.g. utf-8, utf-16, latin-1, windows-1252, shift_jis";
    const message = `there is no encoding "${written.encoding}"`;
    diagnostics.add(spanAt(["source", "format", "encoding"], draft), message, { next });
    return undefined;
  }
  if (type === "csv") return buildCsv(written, encoding, draft, diagnostics);
  if (type === "jsonl") return { type, encoding };
  if (type === "parquet") return { type };
  const records = (written.records ?? "").split("/").filter((name) => name !== "");
  if (type === "json") return { type, records, encoding };
  if (records.length === 0) {
    const span = spanAt(["source", "format"], draft);
    diagnostics.add(span, "type xml wants `records`, the path of a record: /feed/customer");
    return undefined;
  }
  return { type, records, ...(written.encoding === undefined ? {} : { encoding }) };
}

function buildCsv(
  written: FormatFile,
  encoding: string,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): CsvFormat | undefined {
  const { delimiter = plainCsv.delimiter, comment, columns } = written;
  const quote = written.quote === "none" ? "" : (written.quote ?? plainCsv.quote);
  const folded = (columns ?? []).map((column) => column.toLowerCase());
  for (const [index, column] of folded.entries()) {
    if (folded.indexOf(column) === index) continue;
    diagnostics.add(spanAt(["source", "format", "columns", index], draft), `the column "${column}" is named twice`);
  }
  return {
    type: "csv",
    delimiter,
    quote,
    ...(written.escape === undefined || written.escape === quote ? {} : { escape: written.escape }),
    ...(comment === undefined ? {} : { comment }),
    ...(columns === undefined ? {} : { columns }),
    ...(written.skip_lines === undefined ? {} : { skipLines: written.skip_lines }),
    ...(written.footer_lines === undefined ? {} : { footerLines: written.footer_lines }),
    encoding,
  };
}
