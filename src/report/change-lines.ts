// Changes of a stream, record by record: the first ones, or all. In: planned changes without redacted values. Out: lines in columns:
// sign, key, field, before → after. Of the first ones, a create or delete takes two lines at most, an update one for each
// changed field, up to a dozen.

import type { Action } from "../core/model.ts";
import type { Line, Span } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import { type FieldChange, type PlannedChange, recordName } from "./plan.ts";
import { focusDifference, isRightToLeft, noValue, showValue } from "./value-text.ts";
import { cutText, displayWidth, padEnd, tellApart } from "./visible-text.ts";

export const signs = { undelete: "+", create: "+", update: "~", delete: "-" } as const satisfies Record<Action, string>;

const fieldsShownMax = 12;
const recordLinesMax = 2;

export interface ChangeColumns {
  key: number;
  field: number;
  /** What is left for values. */
  value: number;
  /** Whether each field of a record gets its place. */
  areAll: boolean;
}

/** Lines of one action's changes, and how many of `total` are not among them. */
export function changeLines(changes: readonly PlannedChange[], total: number, width: number): Line[] {
  const [first] = changes;
  if (first === undefined) return [];
  const columns = measureColumns(changes, width);
  const lines = linesOf(changes, columns);
  const more = total - changes.length;
  return more > 0
    ? [...lines, [{ text: `    … and ${showCount(more)} more to ${first.action}`, tone: "faint" }]]
    : lines;
}

/** Lines of changes that have lost their redacted values. */
export function linesOf(changes: readonly PlannedChange[], columns: ChangeColumns): Line[] {
  return changes.flatMap((change) =>
    change.action === "update" ? updateLines(change, columns) : recordLines(change, columns),
  );
}

/** Of all changes, by the widest key and field name among them. */
export function columnsFor(widest: { key: number; field: number }, width: number): ChangeColumns {
  const key = Math.min(Math.floor(width / 4), widest.key);
  const field = Math.min(Math.floor(width / 4), widest.field);
  return { key, field, value: Math.max(1, width - key - field - 8), areAll: true };
}

function measureColumns(changes: readonly PlannedChange[], width: number): ChangeColumns {
  const keys = changes.map((change) => displayWidth(showValue(recordName(change))));
  const names = changes.flatMap(({ fields }) => fields.map(({ field }) => displayWidth(field)));
  const widest = { key: Math.max(...keys), field: Math.max(0, ...names) };
  return { ...columnsFor(widest, width), areAll: false };
}

function besideKey(change: PlannedChange, columns: ChangeColumns, lines: readonly Line[]): Line[] {
  const { action } = change;
  const key = padEnd(cutText(showValue(recordName(change)), columns.key), columns.key + 2);
  const start: Span[] = [
    { text: `  ${signs[action]} `, tone: action === "undelete" ? "create" : action },
    { text: key, tone: "strong" },
  ];
  const indent = " ".repeat(columns.key + 6);
  return lines.map((line, index) => (index === 0 ? [...start, ...line] : [indent, ...line]));
}

function updateLines(change: PlannedChange, columns: ChangeColumns): Line[] {
  const shown = columns.areAll ? change.fields : change.fields.slice(0, fieldsShownMax);
  const lines = shown.flatMap((field) => fieldLines(field, columns));
  const more = change.fields.length - shown.length;
  if (more > 0) lines.push([{ text: `… and ${countOf(more, "more field")}`, tone: "faint" }]);
  return besideKey(change, columns, lines);
}

function fieldLines({ field, before, after }: FieldChange, columns: ChangeColumns): Line[] {
  const name = padEnd(cutText(field, columns.field), columns.field + 2);
  const arrow: Span = { text: "→ ", tone: "faint" };
  const [left, right] = tellApart(showValue(before), showValue(after));
  const isShort = displayWidth(left) + displayWidth(right) + 3 <= columns.value;
  // A terminal that orders right-to-left text would swap the two sides of an arrow in one line.
  if (isShort && !isRightToLeft(left + right)) return [[name, valueSpan(left), " ", arrow, valueSpan(right)]];
  const [old, changed] = focusDifference(left, right, columns.value - 2);
  return [
    [name, "  ", valueSpan(old)],
    [" ".repeat(columns.field + 2), arrow, valueSpan(changed)],
  ];
}

function valueSpan(text: string): Span {
  return text === noValue ? { text, tone: "faint" } : text;
}

/** The values of a new or lost record, as many as go on two lines. */
function recordLines(change: PlannedChange, columns: ChangeColumns): Line[] {
  const values = change.fields.map(({ field, before, after }) => ({
    label: `${field}: `,
    value: showValue(change.action === "delete" ? before : after),
  }));
  const packed = packValues(values, columns.field + 2 + columns.value);
  const shown = columns.areAll ? packed : packed.slice(0, recordLinesMax);
  const lines: Span[][] = shown.map((line) =>
    line.flatMap(({ label, value }, index) => [{ text: index === 0 ? label : `  ${label}`, tone: "faint" }, value]),
  );
  const more = values.length - shown.flat().length;
  if (more > 0) lines.push([{ text: `… and ${countOf(more, "more field")}`, tone: "faint" }]);
  return besideKey(change, columns, lines.length === 0 ? [[]] : lines);
}

interface LabelledValue {
  label: string;
  value: string;
}

function packValues(values: readonly LabelledValue[], width: number): LabelledValue[][] {
  const lines: LabelledValue[][] = [];
  let left = 0;
  for (const { label, value } of values) {
    const cut = cutText(value, Math.max(1, width - displayWidth(label)));
    const needed = displayWidth(label) + displayWidth(cut) + 2;
    const line = lines.at(-1);
    if (line === undefined || needed > left) {
      lines.push([{ label, value: cut }]);
      left = width - needed + 2;
    } else {
      line.push({ label, value: cut });
      left -= needed;
    }
  }
  return lines;
}
