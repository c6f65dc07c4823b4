// Rows of a preview, for a person: source cells beside mapped fields, with what becomes of the row. Must hold: no value of a
// field under `redact`, nor of a column that it is computed from, is shown.

import { type Line, type Look, renderLines, sentence, type Tone } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import { dots } from "./reject-reasons.ts";
import { showValue } from "./value-text.ts";
import { cutText, displayWidth, padEnd } from "./visible-text.ts";

export interface PreviewedRow {
  file: string;
  /** 0 where it is not known: records of an API have none. */
  line: number;
  state: string;
  source: [string, string | null][];
  mapped: [string, string | null][];
  rejects: { field: string; rule: string; message: string }[];
  warnings: { field: string; rule: string; message: string }[];
  reason: string | null;
  /** Fields that an update changes, with what the record has now. */
  changes: { field: string; before: string | null; after: string | null }[];
}

export interface PreviewedStream {
  name: string;
  into: string;
  rows: PreviewedRow[];
  /** Rows that `source.keep` and `--where` leave out. */
  filtered: number;
}

const tones: Readonly<Record<string, Tone>> = {
  create: "create",
  update: "update",
  delete: "delete",
  rejected: "alarm",
  unmatched: "caution",
  duplicate: "caution",
  conflict: "caution",
};

export function renderPreview(streams: readonly PreviewedStream[], look: Look): string {
  return renderLines(
    streams.flatMap((stream) => streamLines(stream, look.width)),
    look,
  );
}

function streamLines({ name, into, rows, filtered }: PreviewedStream, width: number): Line[] {
  const left = filtered === 0 ? "" : `, ${showCount(filtered)} left out by keep or --where`;
  return [
    [{ text: name, tone: "strong" }, `  → ${into}`, { text: `  ${countOf(rows.length, "row")}${left}`, tone: "faint" }],
    ...rows.flatMap((row) => rowLines(row, width)),
    [""],
  ];
}

function rowLines(row: PreviewedRow, width: number): Line[] {
  const place = row.line === 0 ? row.file : `${row.file}, line ${row.line}`;
  const tone = tones[row.state];
  const state = tone === undefined ? row.state : { text: row.state, tone };
  return [
    [""],
    [{ text: `  ${place}  `, tone: "faint" }, state],
    ...besideLines(row, width - 4),
    ...(row.reason === null ? [] : sentence("    ", row.reason, width)),
    ...row.changes.map(
      ({ field, before }): Line => [{ text: `    ${field} is ${showCell(before)} now`, tone: "faint" }],
    ),
    ...row.rejects.flatMap((one) => sentence({ text: "    ✗ ", tone: "alarm" }, saidOf(one), width)),
    ...row.warnings.flatMap((one) => sentence({ text: "    ! ", tone: "caution" }, saidOf(one), width)),
  ];
}

function saidOf({ field, message }: PreviewedRow["rejects"][number]): string {
  return field === "" ? message : `${field}: ${message}`;
}

/** What came on the left, what is made of it on the right. */
function besideLines({ source, mapped }: PreviewedRow, width: number): Line[] {
  const half = Math.floor((width - 3) / 2);
  const left = cellsOf(source, half);
  const right = cellsOf(mapped, half);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index): Line => {
    return ["    ", padEnd(left[index] ?? "", half), " │ ", right[index] ?? ""];
  });
}

function cellsOf(cells: readonly [string, string | null][], width: number): string[] {
  const widest = Math.min(Math.floor(width / 2), Math.max(0, ...cells.map(([name]) => displayWidth(name))));
  return cells.map(([name, value]) => cutText(`${padEnd(cutText(name, widest), widest)}  ${showCell(value)}`, width));
}

/** What is hidden stands there as dots already. */
function showCell(value: string | null): string {
  return value === dots ? dots : showValue(value);
}

/** One object, for scripts. */
export function previewJson(job: string, streams: readonly PreviewedStream[]): object {
  return {
    job,
    streams: Object.fromEntries(
      streams.map(({ name, filtered, rows }) => [
        name,
        {
          filtered,
          rows: rows.map(({ source, mapped, ...row }) => ({
            ...row,
            source: Object.fromEntries(source),
            mapped: Object.fromEntries(mapped),
          })),
        },
      ]),
    ),
    exitCode: 0,
  };
}
