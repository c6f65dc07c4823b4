// A batch file in HubSpot's terms, and its answers as result files. In: cells as loadline writes them. Out: rows with
// the properties to send and the records to associate with; a blank cell leaves its property alone.

import { basename } from "node:path";
import type { Batch, ResultFiles } from "../../contract/write.ts";
import { severalSeparator } from "../../core/model.ts";
import { type AnsweredRow, matchByTrace, readBatchRows, saveAnsweredRows } from "../kit/batch-file.ts";
import type { BatchRow, RowAnswer } from "./batches.ts";
import { rowErrorOf, writeRowError } from "./errors.ts";
import { idColumn } from "./properties.ts";
import { clearCell } from "./render.ts";
import { type AssociationName, readAssociationName } from "./schema.ts";

/** Columns of our result files, beside those that were sent. */
export const resultColumns = { id: "result_id", created: "result_new", error: "result_error" };

interface WantedAssociation {
  /** The column that asks for it. */
  column: string;
  name: AssociationName;
  /** Most often one: keys, or ids behind `unnamedMark`. */
  keys: string[];
  /** What is to be taken away: keys, or ids behind `unnamedMark`. */
  replaced: string[];
}

export interface SentRow extends BatchRow {
  /** In its file, counted from 1. */
  place: number;
  cells: string[];
  associations: WantedAssociation[];
}

export interface BatchFile {
  columns: string[];
  rows: SentRow[];
}

export function readBatchFile({ path, operation, externalId }: Batch): BatchFile {
  const { headers: columns, rows: lines } = readBatchRows(path);
  const name = basename(path, ".csv");
  const byId = operation === "update" || operation === "delete";
  const rows = lines.map((cells, index): SentRow => {
    const properties: Record<string, string> = {};
    const associations: WantedAssociation[] = [];
    columns.forEach((column, at) => {
      const cell = cells[at] ?? "";
      if (cell === "" || column === idColumn) return;
      const association = readAssociationName(column);
      if (association === undefined) properties[column] = cell === clearCell ? "" : cell;
      else if (cell !== clearCell) {
        const [wanted = "", replaced = ""] = cell.split(severalSeparator.repeat(2));
        associations.push({ column, name: association, keys: valuesOf(wanted), replaced: valuesOf(replaced) });
      }
    });
    const key = externalId === undefined ? undefined : cells[columns.indexOf(externalId)];
    const place = index + 1;
    return {
      trace: `${name}.${place}`,
      place,
      ...(byId ? { id: cells[columns.indexOf(idColumn)] ?? "" } : {}),
      ...(key === undefined || byId ? {} : { key }),
      properties,
      cells,
      associations,
    };
  });
  return { columns, rows };
}

function valuesOf(text: string): string[] {
  return text.split(severalSeparator).filter(Boolean);
}

/** Result files as a bulk job would give them: what was sent, with what became of it. */
export function saveAnswers(file: BatchFile, answers: readonly RowAnswer[], files: ResultFiles): void {
  const answered = matchByTrace(file.rows, answers).map(([{ cells }, answer]): AnsweredRow => {
    if (!("error" in answer)) return { id: answer.id, created: answer.created, cells };
    return { id: answer.existingId ?? "", error: writeRowError(rowErrorOf(answer.error)), cells };
  });
  saveAnsweredRows(file.columns, answered, resultColumns, files);
}
