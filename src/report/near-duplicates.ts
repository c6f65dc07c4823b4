// Rows that may be of one company, for people and for scripts.

import { type Line, type Look, renderLines, sentence } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import { tableLines } from "./table.ts";
import { showValue } from "./value-text.ts";

/** Which columns of a file were compared; null where it has none. */
export interface ComparedColumns {
  name: string;
  domain: string | null;
  phone: string | null;
}

export interface NearDuplicate {
  file: string;
  line: number;
  /** As they stand in the file. */
  name: string;
  domain: string | null;
  phone: string | null;
  /** How alike it is to the row of its group that it is most alike, up to 1. */
  score: number;
}

export interface DuplicateGroup {
  /** The lowest of its rows. */
  score: number;
  /** What rows of it have in common beside alike names. */
  equal: ("domain" | "phone")[];
  rows: NearDuplicate[];
}

/** Names that are not compared each with each, as too many share what they would be compared for. */
export interface LeftOutBlock {
  by: "domain" | "phone" | "beginning" | "end";
  value: string;
  names: number;
}

export interface NearDuplicates {
  files: { name: string; rows: number; columns: ComparedColumns; notes: string[] }[];
  groups: DuplicateGroup[];
  leftOut: LeftOutBlock[];
  notes: string[];
}

const groupsShown = 20;
const rowsShown = 10;
const blocksShown = 5;

const shared: Readonly<Record<LeftOutBlock["by"], (value: string) => string>> = {
  domain: (value) => `the domain ${value}`,
  phone: (value) => `a phone number that ends in ${value}`,
  beginning: (value) => `the beginning ${value}…`,
  end: (value) => `the end …${value}`,
};

/** What is compared of it all the same. */
const inOrder = ": each is compared with the 5 that follow it in order";
const nextTo: Readonly<Record<LeftOutBlock["by"], string>> = {
  domain: "",
  phone: "",
  beginning: inOrder,
  end: inOrder,
};

export function renderNearDuplicates({ files, groups, leftOut, notes }: NearDuplicates, look: Look): string {
  const caution = (text: string) => sentence({ text: "! ", tone: "caution" }, text, look.width, "caution");
  const lines: Line[] = files.flatMap(({ name, rows, columns, notes: ofFile }) => [
    [
      { text: name, tone: "strong" },
      { text: `  ${countOf(rows, "row")}, compared by ${showColumns(columns)}`, tone: "faint" },
    ],
    ...ofFile.flatMap(caution),
  ]);
  lines.push(...notes.flatMap(caution));
  for (const { by, value, names } of leftOut.slice(0, blocksShown))
    lines.push(
      ...caution(
        `left out: ${countOf(names, "name")} with ${shared[by](value)}, too many to compare for that${nextTo[by]}`,
      ),
    );
  if (leftOut.length > blocksShown)
    lines.push(...caution(`left out: ${showCount(leftOut.length - blocksShown)} more like these; --json has them all`));
  const rows = groups.reduce((sum, group) => sum + group.rows.length, 0);
  lines.push(
    groups.length === 0
      ? ["no near-duplicates"]
      : [`${countOf(groups.length, "group")} of near-duplicates, ${countOf(rows, "row")}`],
  );
  for (const [index, group] of groups.slice(0, groupsShown).entries()) lines.push([], ...groupLines(group, index + 1));
  if (groups.length > groupsShown)
    lines.push([], [`and ${countOf(groups.length - groupsShown, "more group", "more groups")}; --json has them all`]);
  return renderLines(lines, look);
}

function showColumns({ name, domain, phone }: ComparedColumns): string {
  const others = [...(domain === null ? [] : [`domain: ${domain}`]), ...(phone === null ? [] : [`phone: ${phone}`])];
  return [`name: ${name}`, ...others].join(", ");
}

function groupLines({ score, equal, rows }: DuplicateGroup, number: number): Line[] {
  const same = equal.length === 0 ? "" : `, equal ${equal.join(" and ")}`;
  const more = rows.length - rowsShown;
  return [
    [{ text: `${number}  ${score.toFixed(3)}`, tone: "strong" }, `  ${countOf(rows.length, "row")}${same}`],
    ...tableLines(
      [
        { title: "score", cell: (row: NearDuplicate) => row.score.toFixed(3) },
        { title: "row", cell: ({ file, line }: NearDuplicate) => `${file}:${line}` },
        { title: "name", cell: ({ name }: NearDuplicate) => showValue(name) },
        { title: "domain", cell: ({ domain }: NearDuplicate) => domain ?? "" },
        { title: "phone", cell: ({ phone }: NearDuplicate) => phone ?? "" },
      ],
      rows.slice(0, rowsShown),
      "   ",
    ),
    ...(more > 0 ? [[`   and ${countOf(more, "more row", "more rows")}`]] : []),
  ];
}
