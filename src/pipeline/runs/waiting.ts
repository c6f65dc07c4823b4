// What a job has left undone, told by its plan: a run that has not ended, and rows that were not loaded. In: the ledger, and
// a job. Out: sentences. What must hold: the run of a process that is at work is told as that.

import { Ledger } from "../../checkpoint/ledger.ts";
import { showPath } from "../../core/errors.ts";
import { isThere } from "../../core/files.ts";
import type { Job } from "../../job/job.ts";
import { countOf } from "../../report/numbers.ts";
import { rowFiles, titleOf } from "../../report/rejects-lines.ts";
import { runFolder } from "../run/run-files.ts";
import { findUnfinished, tellRun } from "./recovery.ts";

export function tellWaiting(stateFolder: string, job: Job): string[] {
  if (!Ledger.exists(stateFolder)) return [];
  using ledger = Ledger.open(stateFolder);
  return [...tellUnfinished(ledger, stateFolder, job), ...tellLeft(ledger, stateFolder, job)];
}

function tellUnfinished(ledger: Ledger, stateFolder: string, { name }: Job): string[] {
  const found = findUnfinished(ledger, name);
  if (found === undefined) return [];
  const { id, status } = tellRun(stateFolder, found.run);
  if (status === "running") return [`run ${id} is at work`];
  if (status === "in-doubt")
    return [`run ${id} has writes in doubt: loadline show ${id} says which, and how to decide`];
  const how = status === "killed" ? "was killed" : `has not ended (${status})`;
  return found.begunLoading
    ? [`run ${id} ${how}, and had begun to load: loadline resume ${id} goes on with it, and the next run does so first`]
    : [`run ${id} ${how} before it loaded anything: the next run takes its place`];
}

/** Rows of files that the last run of this file did not load, as far as they are open: an incremental stream takes its own again by itself. */
function tellLeft(ledger: Ledger, stateFolder: string, job: Job): string[] {
  const last = ledger
    .runs({ job: job.name })
    .find(({ command, status, jobFile }) => command !== "plan" && jobFile === job.file && isOver(status));
  if (last === undefined) return [];
  const folder = runFolder(stateFolder, last.id);
  const ofFiles = new Set(job.streams.filter(({ source }) => source.kind === "files").map(({ name }) => name));
  const closed = ledger.closedRows(last.id);
  return ledger.streams(last.id).flatMap(({ name, counts }) => {
    if (counts === null || !ofFiles.has(name)) return [];
    const files = rowFiles(folder, { name, counts }).filter(({ kind }) => kind === "rejects" || kind === "conflicts");
    return files.flatMap((file) => {
      // Those that somebody has dropped, or another run has taken up, are nobody's work any more.
      const done = closed.filter(({ stream, row }) => stream === name && row.startsWith(file.kind.slice(0, 1)));
      const rows = file.rows - done.length;
      if (rows <= 0 || !isThere(file.path)) return [];
      const left = `${countOf(rows, "row")} of run ${last.id} ${rows === 1 ? "was" : "were"} not loaded`;
      return [`${name}: ${left} (${titleOf(file).toLowerCase()}): ${showPath(file.path)}`];
    });
  });
}

function isOver(status: string): boolean {
  return status === "loaded" || status === "partial";
}
