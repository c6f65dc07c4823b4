// What became of the rows of a batch: as it is kept with the batch's mark, and as result files. Must hold: what is read back
// is what was written.

import { gunzipSync, gzipSync } from "node:zlib";
import type { Batch, ResultFiles } from "../../contract/write.ts";
import { type AnsweredRow, createdCell, saveAnsweredRows } from "../kit/batch-file.ts";
import type { RowRefusal, RowResult } from "./dialect.ts";
import { idColumn } from "./names.ts";

export const resultColumns = { id: "loadline_result_id", created: "loadline_created", error: "loadline_error" };

export const deleted: RowResult = { id: "", created: false };
export const gone: RowRefusal = {
  code: "GONE",
  message: "there is no such row any more, or this user may not see it",
  fields: [],
};

/** As hexadecimal digits. */
export function packResults(results: readonly RowResult[]): string {
  return gzipSync(JSON.stringify(results), { level: 1 }).toString("hex");
}

export function unpackResults(packed: string): RowResult[] {
  return JSON.parse(gunzipSync(Buffer.from(packed, "hex")).toString()) as RowResult[];
}

/** The columns of a batch that its rows are known by, in the file's order: those of its key, and of a record's name. */
export function columnsOfResults({ key }: Pick<Batch, "key">, headers: readonly string[]): string[] {
  if (key === undefined) return [...headers];
  return headers.filter((name) => name === idColumn || key.includes(name));
}

/** `rows`: their cells of `columns`. `again`: an earlier try may have made what this one found. */
export function saveResults(
  { columns, rows }: { columns: readonly string[]; rows: readonly string[][] },
  results: readonly RowResult[],
  files: ResultFiles,
  again: boolean,
): void {
  saveAnsweredRows(columns, answersOf(rows, results, again), resultColumns, files);
}

function* answersOf(rows: readonly string[][], results: readonly RowResult[], again: boolean): Generator<AnsweredRow> {
  for (const [index, cells] of rows.entries()) {
    const result = results[index];
    if (result === undefined) continue;
    if ("error" in result) yield { id: "", error: JSON.stringify(result.error), cells };
    else yield { id: result.id, created: createdCell(result.created, again), cells };
  }
}
