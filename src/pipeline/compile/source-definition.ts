// What a watermark is the watermark of: all that decides which records a stream takes of its source. In: a stream.
// Out: the same text for the same meaning, and what differs between two of them in words.

import type { Stream } from "../../job/job.ts";

/** As JSON with sorted keys; blanks outside of quotes and how the job file is laid out don't count. */
export function defineSource({ source, keep }: Pick<Stream, "source" | "keep">): string {
  if (source.kind !== "object") throw new Error("only records have a watermark");
  const { object, sql, where, incremental, deletes } = source;
  const definition: Record<string, string | undefined> = {
    cursor: incremental?.cursor,
    deletes,
    keep: keep === undefined ? undefined : foldBlanks(keep.sql),
    key: sql === undefined || sql.key.length === 0 ? undefined : sql.key.join(", "),
    object,
    query: sql?.query === undefined ? undefined : foldBlanks(sql.query),
    since: incremental?.since,
    where: where === undefined ? undefined : foldBlanks(where),
  };
  return JSON.stringify(definition);
}

/** SQL, or a filter, as it means the same: blanks outside of quotes as one. */
export function foldBlanks(text: string): string {
  const parts = text.trim().match(/'(?:[^']|'')*'|"[^"]*"|\s+|[^\s'"]+|./gs) ?? [];
  return parts.map((part) => (/^\s+$/.test(part) ? " " : part)).join("");
}

/** "where was Email != null, is none". */
export function tellDifference(before: string, after: string): string {
  const old = JSON.parse(before) as Record<string, string>;
  const present = JSON.parse(after) as Record<string, string>;
  const names = [...new Set([...Object.keys(old), ...Object.keys(present)])].sort();
  return names
    .filter((name) => old[name] !== present[name])
    .map((name) => `${name} was ${old[name] ?? "none"}, is ${present[name] ?? "none"}`)
    .join("; ");
}
