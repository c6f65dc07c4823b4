// A document as parts: sections by their headings, rows of tables. In: Markdown of docs/. Out: text for a terminal. Must hold:
// nothing is said here that the document does not say.

/** The text below a heading of the second rank, up to the next one. Throws where the page has no such heading. */
export function sectionOf(page: string, heading: string): string {
  const section = page.split(/^## /m).find((one) => one.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`the page has no heading ${heading}`);
  return section.slice(heading.length).trim();
}

/** The rows of all tables, without their heads: cells by their place. */
export function rowsOf(text: string): string[][] {
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  return rows.filter((_, index) => !isHead(rows[index + 1]) && !isHead(rows[index])).map(cellsOf);
}

function isHead(line = ""): boolean {
  return /^\|(-+\|)+$/.test(line);
}

function cellsOf(line: string): string[] {
  const cells = line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
  return cells;
}

/** For a terminal of this width: without marks of Markdown, a row of a table as its first cell with the others below. */
export function renderPage(text: string, width: number): string {
  const blocks: string[] = [];
  let code = false;
  let head: string[] = [];
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (line.startsWith("```")) code = !code;
    else if (code) blocks.push(`    ${line}`);
    else if (/^ {4}/.test(line)) blocks.push(line);
    else if (line.startsWith("|")) {
      if (isHead(line)) continue;
      if (isHead(lines[index + 1])) head = cellsOf(line);
      else blocks.push(renderRow(cellsOf(line), head, width));
    } else if (/^#+ /.test(line)) blocks.push(plain(line.replace(/^#+ /, "")));
    else if (/^(- |\d+\. )/.test(line)) blocks.push(wrap(plain(line), width, "  "));
    else blocks.push(wrap(plain(line), width));
  }
  return blocks.join("\n").replace(/^\n+/, "").trimEnd();
}

/** So short a first cell, an exit code say, has the others beside it. */
const shortMax = 4;

function renderRow([first = "", ...others]: string[], [, ...names]: string[], width: number): string {
  const told = others.flatMap((cell, index) => {
    if (cell === "") return [];
    const name = names[index] ?? "";
    const says = name === "" || name === "meaning" ? plain(cell) : `${name}: ${plain(cell)}`;
    return [`    ${wrap(says, width - 4, "    ")}`];
  });
  const isShort = told.length === 1 && first.length <= shortMax;
  // A row without one goes on with what the row above is about.
  if (first === "") return told.join("\n");
  return isShort ? `  ${first.padEnd(shortMax)} ${told[0]?.trim()}` : [`  ${plain(first)}`, ...told].join("\n");
}

function plain(text: string): string {
  return text
    .replaceAll(/\[([^\]]+)\]\([^)\s]+\)/g, "$1")
    .replaceAll("**", "")
    .replaceAll("`", "");
}

/** Lines behind the first begin with `indent`. */
function wrap(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}
