// Rows in columns. In: titles and cells. Out: lines; numbers stand at the right of their column. What must hold: a column
// is as wide as its widest cell, so that nothing jumps and nothing is cut as long as the table fits.

import type { Line, Span, Tone } from "./lines.ts";
import { displayWidth, padEnd, padStart, visible } from "./visible-text.ts";

export interface Column<Row> {
  title: string;
  cell(row: Row): string;
  tone?(row: Row): Tone | undefined;
  right?: true;
  /** Of the last column: never cut, however wide the screen is. */
  whole?: true;
}

const gap = 2;

export function tableWidth<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): number {
  return columns.reduce((sum, column) => sum + columnWidth(column, rows) + gap, -gap);
}

function columnWidth<Row>(column: Column<Row>, rows: readonly Row[]): number {
  return Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(visible(column.cell(row)))));
}

export function tableLines<Row>(columns: readonly Column<Row>[], rows: readonly Row[], indent = ""): Line[] {
  const widths = columns.map((column) => columnWidth(column, rows));
  const place = ({ right }: Column<Row>, text: string, index: number) => {
    if (right === true) return padStart(text, widths[index] ?? 0);
    // Behind the last column there is nothing to stand in line.
    return index === columns.length - 1 ? text : padEnd(text, widths[index] ?? 0);
  };
  const line = (cells: readonly Span[]): Line => [
    indent,
    ...cells.flatMap((cell, index) => (index === 0 ? [cell] : [" ".repeat(gap), cell])),
  ];
  const title = line(columns.map((column, index) => ({ text: place(column, column.title, index), tone: "faint" })));
  const body = rows.map((row) =>
    line(
      columns.map((column, index): Span => {
        const text = place(column, visible(column.cell(row)), index);
        const tone = column.tone?.(row);
        const whole = column.whole === true ? { whole: true as const } : {};
        return tone === undefined ? { text, ...whole } : { text, tone, ...whole };
      }),
    ),
  );
  return [title, ...body];
}

/** As many columns as fit, the rest below in the same way; each part starts with `first`. */
export function foldTable<Row>(
  first: Column<Row>,
  others: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  indent = "",
): Line[] {
  const blocks: Column<Row>[][] = [];
  for (const column of others) {
    const block = blocks.at(-1);
    const fits = block !== undefined && tableWidth([...block, column], rows) + indent.length <= width;
    if (fits) block.push(column);
    else blocks.push([first, column]);
  }
  return blocks.flatMap((block, index) => [...(index === 0 ? [] : [[]]), ...tableLines(block, rows, indent)]);
}
