// Every change of a run's plan: for `show --changes` from the ledger, for `plan --all` below the plan that was just made.

import { dirname } from "node:path";
import type { StreamRecord } from "../checkpoint/ledger.ts";
import { Ledger } from "../checkpoint/ledger.ts";
import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Action } from "../core/model.ts";
import type { Job } from "../job/job.ts";
import { readJob } from "../job/read-job.ts";
import { runFolder } from "../pipeline/run/run-files.ts";
import { keptJobFile } from "../pipeline/runs/recovery.ts";
import { refuseChangedCopy } from "../pipeline/runs/runs.ts";
import { type ChangesReader, type KeptChanges, openChanges, refuseDeleted } from "../pipeline/tools/list-changes.ts";
import { changesCsv, changesJson, changesText, csvHeader } from "../report/all-changes.ts";
import { type Look, renderLine } from "../report/lines.ts";
import { showCount } from "../report/numbers.ts";
import { lookOfOut, printNotice } from "../report/output.ts";
import { printPaged } from "../report/pager.ts";
import { describeActions, type PlanReport } from "../report/plan.ts";
import { planPieces } from "../report/plan-view.ts";
import type { KeptRun } from "./find-run.ts";
import type { CommandResult, Globals } from "./globals.ts";

type ChangesForm = "text" | "json" | "csv";

export interface ChangesRequest {
  run: KeptRun;
  /** Only these. */
  stream: string | undefined;
  form: ChangesForm;
}

export async function showChanges(globals: Globals, { run, stream, form }: ChangesRequest): CommandResult {
  const { stateFolder, id } = run;
  const folder = runFolder(stateFolder, id);
  refuseDeleted(id, folder);
  const kept = keptJobFile(stateFolder, run);
  refuseChangedCopy(run, kept);
  const job = readJob(kept, dirname(run.jobFile));
  const records = readStreams(stateFolder, id, stream);
  await printChanges(globals, { job, folder, records, form });
  return exitCode.done;
}

export interface PrintedChanges {
  job: Job;
  /** The run folder. */
  folder: string;
  records: readonly StreamRecord[];
  form: ChangesForm;
}

/** Every change of some streams, in one form. */
export async function printChanges(globals: Globals, { job, folder, records, form }: PrintedChanges): Promise<void> {
  for (const { name } of records.filter(({ counts }) => counts === null))
    printNotice(`${name} was not planned: the run had ended before`);
  using reader = await openChanges(folder, job);
  const look = lookOfOut(globals.color);
  await printPaged(
    pieces(
      reader,
      records.filter(({ counts }) => counts !== null),
      form,
      look,
    ),
  );
}

/** Throws a Failure (2) for a stream that the run does not have. */
function readStreams(stateFolder: string, run: string, stream: string | undefined): StreamRecord[] {
  using ledger = Ledger.open(stateFolder);
  return streamsNamed(run, ledger.streams(run), stream);
}

/** All of them, or the one that is named. Throws a Failure (2) where it is none of them. */
export function streamsNamed(
  run: string,
  streams: readonly StreamRecord[],
  stream: string | undefined,
): StreamRecord[] {
  const found = streams.filter(({ name }) => stream === undefined || name === stream);
  if (stream === undefined || found.length > 0) return found;
  throw usageFailure(`run ${run} has no stream ${stream}`, {
    next: `streams: ${streams.map(({ name }) => name).join(", ") || "none"}`,
  });
}

async function* pieces(
  reader: ChangesReader,
  records: readonly StreamRecord[],
  form: ChangesForm,
  look: Look,
): AsyncGenerator<string> {
  if (form === "csv") yield csvHeader;
  for (const record of records) {
    const changes = await reader.open(record);
    if (form === "json") yield* changesJson(record.name, changes.read({ withKey: true }));
    else if (form === "csv") yield* changesCsv(record.name, changes.read({ withKey: true }));
    else {
      yield `${titleOf(record, changes.counts, look)}\n`;
      yield* textOf(changes, look);
    }
  }
}

function titleOf({ name, connection, object }: StreamRecord, counts: Record<Action, number>, look: Look): string {
  const actions = describeActions({ ...counts, unchanged: 0 }, showCount).join(", ") || "no changes";
  return renderLine([{ text: name, tone: "strong" }, ` → ${connection} ${object}: ${actions}`], look);
}

async function* textOf({ counts, widest, read }: KeptChanges, look: Look): AsyncGenerator<string> {
  for (const action of ["create", "update", "delete"] as const) {
    if (counts[action] === 0) continue;
    yield "\n";
    yield* changesText(read({ action }), widest, look);
  }
  yield "\n";
}

/** A plan with all its changes, below each stream. */
export async function printPlan(
  globals: Globals,
  job: Job,
  plan: PlanReport,
  records: readonly StreamRecord[],
): Promise<void> {
  const look = lookOfOut(globals.color);
  using reader = await openChanges(plan.folder, job);
  await printPaged(wholePlan(reader, plan, records, look));
}

async function* wholePlan(
  reader: ChangesReader,
  plan: PlanReport,
  records: readonly StreamRecord[],
  look: Look,
): AsyncGenerator<string> {
  const { title, streams, closing } = planPieces(plan, look);
  yield `${title}\n`;
  for (const [index, record] of records.entries()) {
    yield streams[index] ?? "";
    yield* textOf(await reader.open(record), look);
  }
  yield `${closing.trimStart()}\n`;
}
