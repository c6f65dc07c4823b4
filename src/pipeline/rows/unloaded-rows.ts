// Rows that a run did not load, read back from the files that name them. In: the run's folder. Out: one row after the
// other, with an id of its own. What must hold: the id of a row is the same however often it is asked for; what loadline
// said of a row is kept apart from the row.

import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse";
import { waitsForParent } from "../../diff/compare.ts";
import { readReasons } from "./reject-reasons.ts";

/** Rejected by validation or by the target, held back, or without the record or parent that they need. */
const unloadedKinds = ["rejects", "conflicts", "unmatched"] as const;
export type UnloadedKind = (typeof unloadedKinds)[number];

export interface UnloadedRow {
  /** Within the run and the stream: `r12` is the 12th of the rejects. */
  id: string;
  kind: UnloadedKind;
  /** Of the source, by column; also of those that are called as ours. */
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
  /** It could not be read as a record: its cells are what was found of it. Of `perhaps` the run does not tell. */
  isUnread: boolean | "perhaps";
}

/** The column that says which row of which run a row is. */
export const rowIdColumn = "loadline_row";
/** What stands as the field of a record that could not be read. */
export const unreadRecord = "(record)";
export const fieldColumn = "loadline_field";

const said: Readonly<Record<UnloadedKind, readonly string[]>> = {
  rejects: ["error", "field", "line"],
  conflicts: ["error", "key", "ids", "record"],
  unmatched: ["error", "key", "ids", "record"],
};
const ownNames = new Set(["row", "file", ...Object.values(said).flat()].map((name) => `loadline_${name}`));

/** A source may have columns of such names too, of rows that went out and came back: those stand before ours. */
export function isOurs(column: string): boolean {
  return ownNames.has(column);
}

/** Rows of a stream, kind by kind. */
export async function* readUnloaded(folder: string, stream: string): AsyncGenerator<UnloadedRow> {
  for (const kind of unloadedKinds) {
    const path = join(folder, kind, `${stream}.csv`);
    if (!existsSync(path)) continue;
    const isUntold = kind === "rejects" && (await hidesUnread(folder, stream, path));
    for await (const row of readKind(path, kind))
      yield isUntold && row.field === "" ? { ...row, isUnread: "perhaps" } : row;
  }
}

/** Earlier versions named no field of a record that could not be read, nor did they of a row that broke a rule over several. */
async function hidesUnread(folder: string, stream: string, path: string): Promise<boolean> {
  const reasons = readReasons(folder, stream);
  if (reasons.length > 0 && !reasons.some(({ rule }) => rule === "record")) return false;
  for await (const { isUnread } of readKind(path, "rejects")) if (isUnread) return false;
  return true;
}

async function* readKind(path: string, kind: UnloadedKind): AsyncGenerator<UnloadedRow> {
  const records = createReadStream(path).pipe(parse({ columns: false, relax_column_count: true }));
  let header: string[] | undefined;
  let columns = 0;
  let number = 0;
  for await (const record of records as AsyncIterable<string[]>) {
    if (header === undefined) {
      header = record;
      // The file's name comes last, where there are several.
      columns = header.length - said[kind].length - (header.at(-1) === "loadline_file" ? 1 : 0);
      continue;
    }
    number += 1;
    const ours = new Map(header.slice(columns).map((name, index) => [name, record[columns + index] ?? ""]));
    const told = (name: string) => ours.get(`loadline_${name}`) ?? "";
    // A record that mirror was to delete is no row.
    const placedBy = { rejects: "line", conflicts: "record", unmatched: undefined }[kind];
    if (placedBy !== undefined && told(placedBy) === "") continue;
    yield {
      id: `${kind.slice(0, 1)}${number}`,
      kind,
      cells: new Map(header.slice(0, columns).map((name, index) => [name, record[index] ?? ""])),
      error: told("error"),
      field: told("field"),
      place: told("line") || told("record"),
      file: told("file"),
      waits: kind === "unmatched" && told("error").startsWith(waitsForParent),
      isUnread: kind === "rejects" && told("field") === unreadRecord,
    };
  }
}

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
