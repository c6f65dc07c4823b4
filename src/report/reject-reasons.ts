// Why rows were rejected: counted by field and rule, each with one example. In: reasons. Out: lines of a table. What must
// hold: an example shows no value of a field under `redact`.

import type { Line, Tone } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import { tableLines } from "./table.ts";

/** Names in the JSON summary: scripts read them. */
export interface RejectReason {
  /** The target's field; empty where it is about the row as a whole. */
  field: string;
  /** The word of the job file, or one of ours (docs/commands.md); of the target's refusals its code. */
  rule: string;
  count: number;
  /** Where the first such row stands, and what is said of it. */
  example: string;
}

/** In an example, for what is not shown. */
export const dots = "•••";

export const reasonsShownMax = 10;

/** The most frequent first; by name where they are as frequent. */
export function inOrderOfCount(reasons: readonly RejectReason[]): RejectReason[] {
  const name = ({ field, rule, example }: RejectReason) => `${field}\u001f${rule}\u001f${example}`;
  return reasons.toSorted((left, right) => right.count - left.count || (name(left) < name(right) ? -1 : 1));
}

/** The table, below a title; none without reasons. */
export function reasonLines(reasons: readonly RejectReason[], title: string, tone: Tone = "alarm"): Line[] {
  if (reasons.length === 0) return [];
  const columns = [
    { title: "rows", right: true as const, cell: ({ count }: RejectReason) => showCount(count) },
    { title: "field", cell: ({ field }: RejectReason) => field },
    { title: "rule", cell: ({ rule }: RejectReason) => rule },
    { title: "e.g.", cell: ({ example }: RejectReason) => example, whole: true as const },
  ];
  const more = reasons.length - reasonsShownMax;
  return [
    [{ text: title, tone }],
    ...tableLines(columns, reasons.slice(0, reasonsShownMax), "  "),
    ...(more > 0 ? [[{ text: `  … and ${countOf(more, "more reason")}`, tone: "faint" as const }]] : []),
  ];
}
