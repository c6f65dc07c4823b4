// loadline runs: the history, newest first, of the real systems and of the sandbox.

import { basename, join } from "node:path";
import { now } from "../core/clock.ts";
import { showPath, usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { readInstant } from "../job/object-source.ts";
import { durationPattern, parseDuration } from "../job/units.ts";
import { isOutScreen, lookOfOut, printOut } from "../report/output.ts";
import type { RunOverview } from "../report/run-record.ts";
import { overviewJson, renderRuns } from "../report/runs-view.ts";
import { readHistory, runsOfJob } from "./find-run.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { outFile } from "./out-file.ts";
import { findProject, makeStateFolder, type Project } from "./project.ts";

export interface RunsFlags {
  job?: string;
  status?: string;
  since?: string;
  html?: boolean;
  out?: string;
}

/** In which a run can be told. */
const statuses = [
  "running",
  "planned",
  "loaded",
  "partial",
  "failed",
  "in-doubt",
  "stopped",
  "killed",
  "superseded",
  "abandoned",
];

export async function listRuns(globals: Globals, flags: RunsFlags): CommandResult {
  const wanted = readStatuses(flags.status);
  const since = readSince(flags.since);
  if (flags.out !== undefined && flags.html !== true) {
    throw usageFailure("--out says where a page goes, and none is asked for", { next: "add --html" });
  }
  const project = findProject(globals);
  const all = readHistory(project);
  const runs = runsOfJob(all, flags.job)
    .filter(({ status }) => wanted === undefined || wanted.includes(status))
    .filter(({ started }) => since === undefined || started >= since);
  if (flags.html === true) return await writePage(globals, project, runs, flags.out);
  const look = lookOfOut(globals.color);
  // A pipe has no edge that a column could fall off.
  const wide = isOutScreen() ? look : { ...look, width: Number.POSITIVE_INFINITY };
  const none = all.length === 0 ? "No runs yet." : "No such runs.";
  if (globals.json) printOut(JSON.stringify(runs.map(overviewJson)));
  else printOut(runs.length === 0 ? none : renderRuns(runs, wide));
  return exitCode.done;
}

/** The same runs as a page. */
async function writePage(
  globals: Globals,
  { folder, stateFolder }: Project,
  runs: readonly RunOverview[],
  out: string | undefined,
): CommandResult {
  const { writeHistory } = await import("../report/html/write-history.ts");
  if (out === undefined) makeStateFolder(folder);
  const path = out === undefined ? join(stateFolder, "runs.html") : outFile(out);
  await writeHistory(path, { title: basename(folder), runs, madeAt: now().toISOString() });
  printOut(
    globals.json ? JSON.stringify({ report: path, runs: runs.length, exitCode: exitCode.done }) : showPath(path),
  );
  return exitCode.done;
}

function readStatuses(text: string | undefined): string[] | undefined {
  const wanted = text?.split(",").map((status) => status.trim());
  const unknown = wanted?.find((status) => !statuses.includes(status));
  if (unknown === undefined) return wanted;
  throw usageFailure(`no run has the status "${unknown}"`, { next: `one of ${statuses.join(", ")}` });
}

/** ISO 8601, UTC. */
function readSince(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (durationPattern.test(text)) return new Date(now().getTime() - parseDuration(text)).toISOString();
  const instant = readInstant(text);
  if (instant !== undefined) return instant;
  throw usageFailure(`--since ${text} is no time`, { next: "e.g. 2026-01-31, 2026-01-31T08:00:00Z, 12h or 7d" });
}
