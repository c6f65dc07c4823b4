// What runs did not load and nobody has settled since. In: the ledger, the files of a run. Out: counts by reason, and the
// rows. What must hold: a row that another run has taken up, or that was dropped, is not open; what an incremental source
// takes again by itself is open in its last run only.

import type { Ledger, RunRecord } from "../../checkpoint/ledger.ts";
import { isMakerName } from "../../job/made-records.ts";
import type { RejectReason } from "../../report/reject-reasons.ts";
import { readReasons } from "../rows/reject-reasons.ts";
import { readUnloaded, type UnloadedKind, type UnloadedRow } from "../rows/unloaded-rows.ts";
import { runFolder } from "../run/run-files.ts";
import { type Tries, tellTries } from "./open-since.ts";
import { takenAgainBy } from "./taken-again.ts";

/** Reasons of one kind, the most frequent first; `count` is of all rows, open or not. */
interface OpenReason extends RejectReason {
  kind: UnloadedKind;
}

export interface OpenStream {
  stream: string;
  open: number;
  /** Of the open ones: kept for the run that finds their parent. */
  waiting: number;
  /** Taken up by another run. */
  retried: number;
  dropped: number;
  /** The run that has taken all rows again since: what is left of them is its own. */
  takenAgain?: string;
  reasons: OpenReason[];
}

/** What a run has left, stream by stream; those that left nothing are not in it. */
export async function listOpen(
  ledger: Ledger,
  stateFolder: string,
  run: Pick<RunRecord, "id" | "job" | "jobFile" | "started">,
  kindOf: (stream: string) => StreamKind,
): Promise<OpenStream[]> {
  const folder = runFolder(stateFolder, run.id);
  const closed = ledger.closedRows(run.id);
  const streams: OpenStream[] = [];
  for (const { name } of ledger.streams(run.id)) {
    // Rows that name a record which was refused are open themselves, and make it anew.
    if (isMakerName(name)) continue;
    const tally = new Map<string, OpenReason>();
    const own = closed.filter(({ stream }) => stream === name);
    const isClosed = new Set(own.map(({ row }) => row));
    let rows = 0;
    let waiting = 0;
    for await (const row of readUnloaded(folder, name)) {
      rows += 1;
      if (row.waits && !isClosed.has(row.id)) waiting += 1;
      if (row.kind !== "rejects") count(tally, row);
    }
    if (rows === 0) continue;
    const dropped = own.filter(({ by }) => by === null).length;
    const rejected = readReasons(folder, name).map((reason): OpenReason => ({ kind: "rejects", ...reason }));
    const reasons = [...rejected, ...tally.values()].sort((left, right) => right.count - left.count);
    const again = kindOf(name).isTakenAgain ? takenAgainBy(ledger, run, name)?.id : undefined;
    const open = again === undefined ? rows - own.length : 0;
    streams.push({
      ...(again === undefined ? {} : { takenAgain: again }),
      stream: name,
      open,
      waiting: open === 0 ? 0 : waiting,
      retried: own.length - dropped,
      dropped,
      reasons,
    });
  }
  return streams;
}

/** Messages that differ only in the values that they quote are one reason. */
function count(tally: Map<string, OpenReason>, { kind, field, error, place, file }: UnloadedRow): void {
  const rule = error.replaceAll(/"[^"]*"/g, "…");
  const key = [kind, field, rule].join("\u001f");
  const known = tally.get(key);
  const where = [file, place === "" ? "" : `record ${place}`].filter(Boolean).join(", ");
  if (known !== undefined) known.count += 1;
  else tally.set(key, { kind, field, rule, count: 1, example: `${where}: ${error}` });
}

/** Rows that are open. */
export async function* readOpen(
  ledger: Ledger,
  stateFolder: string,
  run: string,
  stream: string,
): AsyncGenerator<UnloadedRow> {
  const closed = new Set(ledger.closedRows(run).flatMap((one) => (one.stream === stream ? [one.row] : [])));
  for await (const row of readUnloaded(runFolder(stateFolder, run), stream)) if (!closed.has(row.id)) yield row;
}

export interface OpenRun {
  run: RunRecord;
  streams: (OpenStream & Tries)[];
}

/** What rows of a stream are, and whether each run takes all of them, or what the one before left. */
export interface StreamKind {
  isRecord: boolean;
  isTakenAgain: boolean;
}

/** Runs of a job, newest first, that have left rows which are open. */
export async function listOpenRuns(
  ledger: Ledger,
  stateFolder: string,
  job: string,
  kindOf: (stream: string) => StreamKind,
): Promise<OpenRun[]> {
  const over = ledger
    .runs({ job })
    .filter(({ command, status }) => command !== "plan" && ["loaded", "partial"].includes(status));
  const runs: OpenRun[] = [];
  for (const run of over) {
    const streams: OpenRun["streams"] = [];
    for (const open of await listOpen(ledger, stateFolder, run, kindOf)) {
      if (open.open === 0) continue;
      const { isRecord } = kindOf(open.stream);
      streams.push({ ...open, ...(await tellTries(ledger, stateFolder, run, { stream: open.stream, isRecord })) });
    }
    if (streams.length > 0) runs.push({ run, streams });
  }
  return runs;
}
