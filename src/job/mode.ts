// What a stream does to its target's records, by the one word of the job: what the rest of the program asks of it.

/**
 * `replace` writes a file, or a table, anew; `delta` a file with what changed since the run before; `history` keeps each
 * version of a record as a row of its own. The others change records.
 */
export type Mode = "insert" | "update" | "upsert" | "delete" | "mirror" | "history" | "replace" | "delta";

/** Whether all rows are written, and compared with nothing that the target holds. */
export function writesFile(mode: Mode): boolean {
  return mode === "replace" || mode === "delta";
}

/** Whether a record goes, or its version ends, for want of a row. */
export function followsSource(mode: Mode): boolean {
  return mode === "mirror" || mode === "history";
}

/** Whether rows without a record make one, and others change theirs. */
export function makesAndChanges(mode: Mode): boolean {
  return mode === "upsert" || followsSource(mode);
}

/** Whether a table gives way to a new one. */
export function replacesTable({ mode, isTable }: { mode: Mode; isTable?: true }): boolean {
  return mode === "replace" && isTable === true;
}

/** The columns of a table that mode history writes itself: since when a version holds, and until when. */
export const historyColumns = { from: "valid_from", to: "valid_to" } as const;

/** What a reader of present records is to be told: of which versions. */
export function versionsOf({ mode }: { mode: Mode }): { versions?: typeof historyColumns } {
  return mode === "history" ? { versions: historyColumns } : {};
}

export function isHistoryColumn(name: string): boolean {
  return name === historyColumns.from || name === historyColumns.to;
}
