// Markdown within what a place takes. In: blocks, the most important first. Out: as many of them, and of their rows, as
// there is room for. What must hold: what is left out is counted, and no block is cut but between its rows.

/** How much may be written, and how a text is measured. */
export interface Room {
  max: number;
  sizeOf: (text: string) => number;
}

/**
 * A comment of GitHub has 65,536 characters at most ("Body is too long (maximum is 65536 characters)", measured on comments
 * of issues and pull requests); what posts it may add a line of its own.
 */
export const roomOfComment: Room = { max: 65_000, sizeOf: (text) => text.length };

/** GitHub takes 1 MiB a step and drops what is close to it without a word (github.com/actions/runner/issues/4337). */
export function roomOfStep(taken: number): Room {
  return { max: Math.max(0, 1_000_000 - taken), sizeOf: (text) => Buffer.byteLength(text) };
}

export interface Block {
  /** Before its rows. */
  start: string;
  /** Lines that may be left out from the end. */
  rows: readonly string[];
  end: string;
}

/** A block of one piece. */
export function whole(text: string): Block {
  return { start: "", rows: text === "" ? [] : [text], end: "" };
}

/** `leftOut`: what is said where lines are left out. */
export function fitBlocks(
  blocks: readonly Block[],
  closing: string,
  leftOut: (lines: number) => string,
  { max, sizeOf }: Room,
): string {
  const lines = blocks.reduce((sum, { rows }) => sum + rows.length, 0);
  // Between blocks stands an empty line.
  const cost = (text: string) => sizeOf(text) + 2;
  let room = max - cost(closing) - cost(leftOut(lines));
  let left = 0;
  const kept: string[] = [];
  for (const { start, rows, end } of blocks) {
    let used = cost(start) + cost(end);
    let count = 0;
    for (const row of rows) {
      if (used + sizeOf(row) + 1 > room) break;
      used += sizeOf(row) + 1;
      count += 1;
    }
    left += rows.length - count;
    if (count === 0) continue;
    room -= used;
    kept.push(`${start}${rows.slice(0, count).join("\n")}${end}`);
  }
  const all = [...kept, ...(left === 0 ? [] : [leftOut(left)]), ...(closing === "" ? [] : [closing])];
  return `${all.join("\n\n")}\n`;
}
