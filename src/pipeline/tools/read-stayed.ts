// Why rows were neither written nor rejected, from the files that name them. In: conflicts, unmatched rows and duplicates
// of a run. Out: reasons with counts and examples. What must hold: under `redact` nothing of a row's cells is told.

import { existsSync } from "node:fs";
import { literal } from "../../core/sql.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { PageReason } from "../../report/html/page.ts";
import type { RowFile } from "../../report/rejects-lines.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import type { Engine } from "../../stage/engine.ts";

const reasonsMax = 20;
const examplesMax = 3;
/** The last columns, before `loadline_file` where there is one (pipeline/rows/stayed-rows.ts). */
const said = ["error", "key", "ids", "record"];

export interface StayedFile extends RowFile {
  stream: string;
  /** Whether the job has `redact`. */
  isRedacted: boolean;
}

export async function readStayed(engine: Engine, file: StayedFile): Promise<PageReason[]> {
  if (!existsSync(file.path)) return [];
  const header = headerOf(file.path);
  const severalFiles = header.at(-1) === "loadline_file";
  const names = severalFiles ? [...said, "file"] : said;
  // A source may have columns of these names as well: ours come last.
  const columns = [...header.slice(0, -names.length).map((_, index) => `source ${index}`), ...names];
  const scan = scanCsvFiles([file.path], columns);
  const reasons = await engine.all(`SELECT error, count(*) AS rows FROM ${scan} GROUP BY error
    ORDER BY rows DESC, error LIMIT ${reasonsMax}`);
  const told: PageReason[] = [];
  for (const { error, rows } of reasons) {
    const examples = await engine.all(`SELECT ${names.join(", ")} FROM ${scan}
      WHERE error = ${literal(String(error))} LIMIT ${examplesMax}`);
    told.push({
      stream: file.stream,
      kind: file.kind,
      of: "",
      reason: file.isRedacted ? withoutValues(String(error), file.kind) : String(error),
      rows: Number(rows),
      examples: examples.map((example) => describeExample(example, file.isRedacted)),
    });
  }
  return told;
}

function describeExample({ key, ids, record, file }: Readonly<Record<string, unknown>>, isRedacted: boolean): string {
  const place = record === "" ? "" : `record ${String(record)}${file === undefined ? "" : ` of ${String(file)}`}`;
  const parts = [place, isRedacted || key === "" ? "" : `key ${String(key)}`, ids === "" ? "" : String(ids)];
  return parts.filter((part) => part !== "").join(", ");
}

/** Up to where it may quote a value: ours stand in quotation marks, a target says them as it likes. */
function withoutValues(message: string, kind: StayedFile["kind"]): string {
  const end = message.search(kind === "conflicts" ? /["':]/ : /"/);
  return end === -1 ? message : `${message.slice(0, end)}•••`;
}
