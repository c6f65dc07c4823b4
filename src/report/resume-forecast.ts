// What going on with a run would do, in words and as an object. In: what the ledger knows. Out: text for people, JSON.

import { showPath } from "../core/errors.ts";
import { type Line, type Look, renderLines, sentence } from "./lines.ts";
import { countOf, showTime } from "./numbers.ts";
import { statusTone } from "./summary-view.ts";

export interface StreamForecast {
  stream: string;
  state: "not planned" | "planned" | "loading" | "settled";
  /** Of a stream that is not planned: what was extracted before, and is not extracted anew. */
  partsKept: number;
  /** Rows whose results are stored. */
  settled: { loaded: number; failed: number; conflicts: number };
  batchesOpen: number;
  /** Rows of which nothing was acted on. */
  toSend: number;
  /** Rows of batches that the target was told to act on: it is asked what became of them first. */
  toAskAbout: number;
  /** Rows that a person has to decide. */
  inDoubt: number;
  /** Of the rows to send: those that are compared with the target once more. */
  lookedAtAgain: number;
  /** Files that `source.after` moves or deletes then. */
  filesToClear: number;
  /** Where the watermark moves to then. */
  watermark: string | null;
}

export interface ResumeForecast {
  run: string;
  job: string;
  jobFile: string;
  command: string;
  status: string;
  started: string;
  sandbox: boolean;
  begunLoading: boolean;
  streams: readonly StreamForecast[];
  exitCode: number;
  next: string;
}

export function forecastJson({ jobFile: _, streams, exitCode, next, ...run }: ResumeForecast): string {
  const told = streams.map(({ stream, ...one }) => [stream, one]);
  return JSON.stringify({ ...run, streams: Object.fromEntries(told), exitCode, next });
}

export function renderForecast(forecast: ResumeForecast, look: Look): string {
  const { run, jobFile, command, status, started, sandbox, begunLoading, streams, next } = forecast;
  const lines: Line[] = [
    [{ text: run, tone: "strong" }, "  ", { text: status, tone: statusTone(status) }],
    [`  ${command} `, { text: showPath(jobFile), whole: true }, sandbox ? " in the sandbox" : ""],
    ...sentence("  ", `started ${showTime(started)} UTC; nothing is written by this look`, look.width),
  ];
  if (!begunLoading) {
    const told = "it has sent nothing yet: a new run of the job would take its place";
    lines.push(...sentence("  ", told, look.width));
  }
  for (const stream of streams) {
    lines.push([], [{ text: stream.stream, tone: "strong" }, `  ${stream.state}`]);
    for (const told of tellStream(stream)) lines.push(...sentence("  - ", told, look.width));
  }
  return renderLines([...lines, [], ["Next: ", { text: next, whole: true }]], look);
}

function tellStream(stream: StreamForecast): string[] {
  const { state, partsKept, settled, toSend, toAskAbout, inDoubt, lookedAtAgain, filesToClear, watermark } = stream;
  const told: string[] = [];
  if (state === "not planned") {
    const kept =
      partsKept === 0 ? "its source is read" : `${countOf(partsKept, "part")} of its source are kept, the rest is read`;
    told.push(`${kept}, and it is planned`);
  }
  const done = settled.loaded + settled.failed + settled.conflicts;
  if (done > 0)
    told.push(
      `settled: ${countOf(settled.loaded, "row")} loaded, ${settled.failed} refused, ${settled.conflicts} held back; they are not sent again`,
    );
  if (inDoubt > 0) told.push(`in doubt: ${countOf(inDoubt, "row")}: a person has to say what became of them`);
  if (toAskAbout > 0)
    told.push(
      `to be asked about: ${countOf(toAskAbout, "row")} that the target was told to write; only what does no harm twice is sent again`,
    );
  if (toSend > 0) told.push(`to be sent: ${countOf(toSend, "row")}`);
  if (lookedAtAgain > 0)
    told.push(
      `looked at again before: ${countOf(lookedAtAgain, "row")}; one whose record changed since the plan is a conflict, and not written`,
    );
  if (filesToClear > 0) told.push(`${countOf(filesToClear, "file")} to be moved or deleted once it is settled`);
  if (watermark !== null) told.push(`the watermark moves to ${watermark} once it is settled`);
  if (told.length === 0) told.push("nothing is left to do");
  return told;
}
