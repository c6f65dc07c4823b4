// What columns hold, for people and for scripts.

import { type Line, type Look, renderLines } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import { tableLines } from "./table.ts";
import { showValue } from "./value-text.ts";

export interface ColumnProfile {
  name: string;
  /** Guessed from the first rows. */
  type: string;
  nulls: number;
  blanks: number;
  distinct: number;
  /** False where there are so many different values that they are estimated. */
  isExact: boolean;
  /** By the order of text; null where there is no value. */
  min: string | null;
  max: string | null;
  /** In characters, of values that are not blank. */
  shortest: number;
  longest: number;
  /** The most frequent ones of the first rows. */
  patterns: { pattern: string; rows: number }[];
  examples: string[];
}

export interface TableProfile {
  rows: number;
  /** Rows that patterns, examples and types are of. */
  sampled: number;
  columns: ColumnProfile[];
}

export interface NamedProfile extends TableProfile {
  name: string;
  /** What should be known of it. */
  notes: string[];
}

export function renderProfile({ name, rows, sampled, columns, notes }: NamedProfile, look: Look): string {
  const of = sampled < rows ? `; types, patterns and examples of the first ${showCount(sampled)}` : "";
  const lines: Line[] = [
    [
      { text: name, tone: "strong" },
      { text: `  ${countOf(rows, "row")}, ${countOf(columns.length, "column")}${of}`, tone: "faint" },
    ],
    ...notes.map((note): Line => [{ text: `! ${note}`, tone: "caution" }]),
    ...tableLines(
      [
        { title: "column", cell: (column: ColumnProfile) => column.name },
        { title: "type", cell: ({ type }: ColumnProfile) => type },
        { title: "blank", right: true as const, cell: ({ nulls, blanks }: ColumnProfile) => showCount(nulls + blanks) },
        {
          title: "distinct",
          right: true as const,
          cell: ({ distinct, isExact }: ColumnProfile) => `${isExact ? "" : "~"}${showCount(distinct)}`,
        },
        {
          title: "length",
          cell: ({ shortest, longest }: ColumnProfile) => (longest === 0 ? "" : `${shortest}–${longest}`),
        },
        {
          title: "min … max",
          cell: ({ min, max }: ColumnProfile) => (min === null ? "" : `${cut(min)} … ${cut(max ?? "")}`),
        },
        {
          title: "patterns",
          cell: ({ patterns }: ColumnProfile) =>
            patterns.map(({ pattern, rows }) => `${cut(pattern)} (${showCount(rows)})`).join("  "),
        },
      ],
      columns,
      "  ",
    ),
  ];
  return renderLines(lines, look);
}

const shownMax = 16;

function cut(text: string): string {
  return showValue(text.length > shownMax ? `${[...text].slice(0, shownMax - 1).join("")}…` : text);
}
