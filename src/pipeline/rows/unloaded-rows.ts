// Rows that a run did not load, read back from the files that name them. In: the run's folder. Out: one row after the
// other, with an id of its own. What must hold: the id of a row is the same however often it is asked for; what loadline
// said of a row is kept apart from the row.

import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse";
import { waitsForParent } from "../../diff/compare.ts";

/** Rejected by validation or by the target, held back, or without the record or parent that they need. */
const unloadedKinds = ["rejects", "conflicts", "unmatched"] as const;
export type UnloadedKind = (typeof unloadedKinds)[number];

export interface UnloadedRow {
  /** Within the run and the stream: `r12` is the 12th of the rejects. */
  id: string;
  kind: UnloadedKind;
  /** Of the source, by column. */
  cells: ReadonlyMap<string, string>;
  error: string;
  /** The target field, where it is about one. */
  field: string;
  /** The line, or the record's number, in the file that it came in; empty where there is none. */
  place: string;
  /** That file, where the run took several. */
  file: string;
  /** For its parent: it is kept, and taken up by the run that finds it. */
  waits: boolean;
}

/** A source may have columns of such names too, of rows that went out and came back: those stand before ours. */
export const saidColumns: ReadonlySet<string> = new Set(
  ["error", "field", "line", "file", "key", "ids", "record"].map((name) => `loadline_${name}`),
);

/** Rows of a stream, kind by kind. */
export async function* readUnloaded(folder: string, stream: string): AsyncGenerator<UnloadedRow> {
  for (const kind of unloadedKinds) yield* readKind(join(folder, kind, `${stream}.csv`), kind);
}

async function* readKind(path: string, kind: UnloadedKind): AsyncGenerator<UnloadedRow> {
  if (!existsSync(path)) return;
  const records = createReadStream(path).pipe(parse({ columns: false, relax_column_count: true }));
  let header: string[] | undefined;
  let number = 0;
  for await (const record of records as AsyncIterable<string[]>) {
    if (header === undefined) {
      header = record;
      continue;
    }
    number += 1;
    const values = new Map(header.map((name, index) => [name, record[index] ?? ""]));
    const said = (name: string) => values.get(`loadline_${name}`) ?? "";
    // A record that mirror was to delete is no row.
    const placedBy = { rejects: "line", conflicts: "record", unmatched: undefined }[kind];
    if (placedBy !== undefined && said(placedBy) === "") continue;
    yield {
      id: `${kind.slice(0, 1)}${number}`,
      kind,
      cells: new Map([...values].filter(([name]) => !saidColumns.has(name))),
      error: said("error"),
      field: said("field"),
      place: said("line") || said("record"),
      file: said("file"),
      waits: kind === "unmatched" && said("error").startsWith(waitsForParent),
    };
  }
}

/** The column that says which row of which run a row is. */
export const rowIdColumn = "loadline_row";

export function fullRowId(run: string, stream: string, id: string): string {
  return `${run}/${stream}/${id}`;
}

export interface RowId {
  run: string;
  stream: string;
  id: string;
}

/** Undefined for what is no such id. */
export function parseRowId(text: string): RowId | undefined {
  const [, run = "", stream = "", id = ""] = /^([\w-]+)\/([\w-]+)\/([rcu]\d+)$/.exec(text.trim()) ?? [];
  return id === "" ? undefined : { run, stream, id };
}
