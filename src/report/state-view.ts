// What later runs go by, as a person reads it. In: watermarks, memories, what was carried. Out: text; plain objects for JSON.

import { showPath } from "../core/errors.ts";
import { type Line, type Look, renderLines } from "./lines.ts";
import { countOf, showBytes, showCount, showTime } from "./numbers.ts";
import { type Column, tableLines } from "./table.ts";

interface CarriedState {
  file: string;
  generation: number;
  files: number;
  unfinished: readonly string[];
}

export function exportedLines(state: CarriedState & { follows: number | null; bytes: number; sha256: string }): string {
  const follows = state.follows === null ? "the first" : `follows ${state.follows}`;
  const lines = [
    `${state.file}: generation ${state.generation} (${follows}), ${countOf(state.files, "file")}, ${showBytes(state.bytes)}`,
    `  sha256 ${state.sha256}`,
    ...unfinishedLines(state.unfinished),
  ];
  return lines.join("\n");
}

export function importedLines(state: CarriedState & { replaces: number | null; isThere: boolean }): string {
  const replaces = state.replaces === null ? "" : `, in place of ${state.replaces}`;
  const told = state.isThere ? "is here already" : `imported${replaces}, ${countOf(state.files, "file")}`;
  return [`${state.file}: generation ${state.generation} ${told}`, ...unfinishedLines(state.unfinished)].join("\n");
}

function unfinishedLines(unfinished: readonly string[]): string[] {
  return unfinished.map((run) => `  unfinished: ${run}; its job's next run recovers it, or loadline resume ${run}`);
}

interface ToldWatermark {
  job: string;
  stream: string;
  jobFile: string;
  sourceOrg: string;
  targetOrg: string;
  object: string;
  source: string;
  to: string;
  run: string;
  pending: readonly string[];
  full: string | null;
}

interface ToldMemory {
  watermarks: readonly ToldWatermark[];
  inserted: readonly { org: string; object: string; rows: number; runs: number; unsettled: number }[];
  taken: readonly { job: string; stream: string; org: string; object: string; files: number; last: string }[];
  waiting: readonly {
    job: string;
    stream: string;
    org: string;
    object: string;
    rows: number;
    forParent: number;
    since: string;
    run: string;
    named: string;
    refused: string;
  }[];
  written: readonly { job: string; stream: string; org: string; object: string; run: string }[];
  unfinished: readonly { run: string; job: string; status: string }[];
}

export function memoryJson(memory: ToldMemory): object {
  return {
    ...memory,
    watermarks: memory.watermarks.map(({ source, ...mark }) => ({
      job: mark.job,
      stream: mark.stream,
      jobFile: mark.jobFile,
      sourceOrg: mark.sourceOrg,
      targetOrg: mark.targetOrg,
      object: mark.object,
      source: source === "" ? null : (JSON.parse(source) as unknown),
      watermark: mark.to,
      full: mark.full,
      pending: mark.pending,
      run: mark.run,
    })),
    exitCode: 0,
  };
}

export function renderMemory(memory: ToldMemory, look: Look): string {
  const blocks = [
    watermarkLines(memory.watermarks),
    block("Rows that insert remembers", insertedColumns, memory.inserted),
    block("Files that were taken", takenColumns, memory.taken),
    waitingLines(memory.waiting),
    block("What was written last is remembered of", writtenColumns, memory.written),
    block("Unfinished runs", unfinishedColumns, memory.unfinished),
  ].filter((lines) => lines.length > 0);
  if (blocks.length === 0) return "Nothing is remembered yet.";
  return renderLines(
    blocks.flatMap((lines, index) => (index === 0 ? lines : [[], ...lines])),
    look,
  );
}

function block<Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]): Line[] {
  return rows.length === 0 ? [] : [[{ text: title, tone: "strong" }], ...tableLines(columns, rows, "  ")];
}

function watermarkLines(marks: readonly ToldWatermark[]): Line[] {
  if (marks.length === 0) return [];
  return [
    [{ text: "Watermarks", tone: "strong" }],
    ...marks.flatMap(({ job, stream, to, source, sourceOrg, targetOrg, object, pending, run }): Line[] => [
      [`  ${job} ${stream}: `, { text: to, tone: "strong" }],
      [{ text: `    of ${definitionOf(source)}`, whole: true }],
      [{ text: `    from ${sourceOrg} into ${targetOrg} ${object}`, whole: true }],
      [{ text: `    moved by ${run}; ${countOf(pending.length, "record")} to be taken again`, whole: true }],
    ]),
  ];
}

function waitingLines(waiting: ToldMemory["waiting"]): Line[] {
  if (waiting.length === 0) return [];
  return [
    [{ text: "Rows that the next run takes again", tone: "strong" }],
    ...waiting.flatMap(({ job, stream, org, object, rows, run, since, ...told }): Line[] => [
      [
        `  ${job} ${stream}: `,
        { text: countOf(rows, "row"), tone: "strong" },
        since === "" ? "" : `, since ${showTime(since)} UTC`,
      ],
      [{ text: `    into ${org} ${object}, tried last by ${run}`, whole: true }],
      ...placeLines(rows, told).map((text): Line => [{ text, whole: true }]),
    ]),
  ];
}

/** Where each is named with what it waits for. */
function placeLines(
  rows: number,
  { forParent, named, refused }: Pick<ToldMemory["waiting"][number], "forParent" | "named" | "refused">,
): string[] {
  const others = rows - forParent;
  return [
    ...(forParent === 0 ? [] : [`    ${showCount(forParent)} for a parent: ${showPath(named)}`]),
    ...(others <= 0 ? [] : [`    ${showCount(others)} that the target could not take: ${showPath(refused)}`]),
  ];
}

/** `Contact, where Email != null`. */
function definitionOf(source: string): string {
  if (source === "") return "not written down";
  const { object, ...rest } = JSON.parse(source) as Record<string, string>;
  return [object ?? "", ...Object.entries(rest).map(([name, value]) => `${name} ${value}`)].join(", ");
}

const insertedColumns: readonly Column<ToldMemory["inserted"][number]>[] = [
  { title: "org", cell: ({ org }) => org },
  { title: "object", cell: ({ object }) => object },
  { title: "rows", right: true, cell: ({ rows }) => showCount(rows) },
  { title: "runs", right: true, cell: ({ runs }) => showCount(runs) },
  { title: "", cell: ({ unsettled }) => (unsettled === 0 ? "" : `${countOf(unsettled, "run")} not settled`) },
];

const takenColumns: readonly Column<ToldMemory["taken"][number]>[] = [
  { title: "job", cell: ({ job }) => job },
  { title: "stream", cell: ({ stream }) => stream },
  { title: "into", cell: ({ org, object }) => `${org} ${object}` },
  { title: "files", right: true, cell: ({ files }) => showCount(files) },
  { title: "last (UTC)", cell: ({ last }) => showTime(last) },
];

const writtenColumns: readonly Column<ToldMemory["written"][number]>[] = [
  { title: "job", cell: ({ job }) => job },
  { title: "stream", cell: ({ stream }) => stream },
  { title: "into", cell: ({ org, object }) => `${org} ${object}` },
  { title: "run", cell: ({ run }) => run },
];

const unfinishedColumns: readonly Column<ToldMemory["unfinished"][number]>[] = [
  { title: "run", cell: ({ run }) => run },
  { title: "job", cell: ({ job }) => job },
  { title: "status", cell: ({ status }) => status },
];

export function movedLine(moved: { job: string; stream: string; source: string; from: string; to: string }): string {
  const { job, stream, source, from, to } = moved;
  const what = `${job} ${stream} (${definitionOf(source)})`;
  return from === to ? `${what}: the watermark is ${to} already` : `${what}: the watermark was ${from}, is ${to}`;
}

export function purgedLines({ runs }: { runs: readonly string[] }): string {
  if (runs.length === 0) return "No run folder is so old, or all that are can be gone on with.";
  return [
    `${countOf(runs.length, "run folder")} deleted; the history stays (loadline runs):`,
    ...runs.map((run) => `  ${run}`),
  ].join("\n");
}
