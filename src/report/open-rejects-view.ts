// Rows that runs did not load, for a person. In: what pipeline/tools/open-rejects.ts counts. Out: text.

import { type Line, type Look, renderLines, sentence } from "./lines.ts";
import { countOf, showCount } from "./numbers.ts";
import { visible } from "./visible-text.ts";

interface ShownReason {
  kind: string;
  field: string;
  rule: string;
  count: number;
  example: string;
}

export interface ShownStream {
  stream: string;
  open: number;
  retried: number;
  dropped: number;
  waiting: number;
  takenAgain?: string;
  reasons: readonly ShownReason[];
}

const reasonsMax = 10;

export function renderOpen(run: string, streams: readonly ShownStream[], next: string, look: Look): string {
  if (streams.length === 0) return `Run ${run} has left no row of its source.`;
  const lines = streams.flatMap((stream): Line[] => [
    [{ text: stream.stream, tone: "strong" }, `  ${tellStream(stream)}`],
    ...stream.reasons.slice(0, reasonsMax).flatMap((reason) => reasonOf(reason, look)),
    [],
  ]);
  return renderLines([...lines, ["Next: ", { text: next, whole: true }]], look);
}

function tellStream({ open, retried, dropped, waiting, takenAgain }: ShownStream): string {
  const ofThem = waiting === 0 ? "" : ` (${showCount(waiting)} kept for a parent: the run that finds it takes them up)`;
  const parts = [
    takenAgain === undefined ? `${countOf(open, "row")} open${ofThem}` : `taken again by run ${takenAgain}`,
    retried === 0 ? "" : `${showCount(retried)} taken up by another run`,
    dropped === 0 ? "" : `${showCount(dropped)} dropped`,
  ];
  return parts.filter(Boolean).join(", ");
}

function reasonOf({ kind, field, rule, count, example }: ShownReason, look: Look): Line[] {
  const what = [kind, field, rule].filter(Boolean).map(visible).join("  ");
  return [[`  ${showCount(count).padStart(7)}  `, what], ...sentence("           e.g. ", visible(example), look.width)];
}

interface ShownRun {
  run: { id: string };
  streams: readonly (ShownStream & { tries: number; since: string })[];
}

export function renderOpenRuns(job: string, runs: readonly ShownRun[], look: Look): string {
  if (runs.length === 0) return `No row of job ${job} is open.`;
  const lines = runs.flatMap(({ run, streams }): Line[] =>
    streams.map((stream) => [
      { text: run.id, whole: true },
      `  ${stream.stream}  ${tellStream(stream)}, since ${stream.since.slice(0, 16).replace("T", " ")} UTC, tried ${countOf(stream.tries, "time")}`,
    ]),
  );
  return renderLines(lines, look);
}
