// What became of the rows of a batch: as it is kept with the batch's mark, and as result files. Must hold: what is read back
// is what was written.

import { gunzipSync, gzipSync } from "node:zlib";
import type { ResultFiles } from "../../contract/write.ts";
import { type AnsweredRow, type BatchRows, createdCell, saveAnsweredRows } from "../kit/batch-file.ts";
import type { RowRefusal, RowResult } from "./dialect.ts";

export const resultColumns = { id: "loadline_result_id", created: "loadline_created", error: "loadline_error" };

export const deleted: RowResult = { id: "", created: false };
export const gone: RowRefusal = { code: "GONE", message: "there is no such row any more", fields: [] };

/** As hexadecimal digits. */
export function packResults(results: readonly RowResult[]): string {
  return gzipSync(JSON.stringify(results)).toString("hex");
}

export function unpackResults(packed: string): RowResult[] {
  return JSON.parse(gunzipSync(Buffer.from(packed, "hex")).toString()) as RowResult[];
}

/** `again`: an earlier try may have made what this one found. */
export function saveResults(
  { headers, rows }: BatchRows,
  results: readonly RowResult[],
  files: ResultFiles,
  again: boolean,
): void {
  const answered = rows.flatMap((cells, index): AnsweredRow[] => {
    const result = results[index];
    if (result === undefined) return [];
    if ("error" in result) return [{ id: "", error: JSON.stringify(result.error), cells }];
    return [{ id: result.id, created: createdCell(result.created, again), cells }];
  });
  saveAnsweredRows(headers, answered, resultColumns, files);
}
