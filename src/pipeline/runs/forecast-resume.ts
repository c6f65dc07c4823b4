// What going on with a run would do. In: the ledger, the run's kept files and its job. Out: stream by stream what is settled,
// what would be sent, asked about, looked at again or decided. What must hold: nothing is written, no system is asked.

import type { BatchRecord, Ledger, RunRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import { type Job, type Stream, writesFile } from "../../job/job.ts";
import type { ResumeForecast, StreamForecast } from "../../report/resume-forecast.ts";
import { tellWindow } from "../extract/window.ts";
import { isCreatedOnly } from "../load/made-since.ts";
import { isRepeated } from "../load/recheck.ts";
import { hasBegunLoading } from "../run/resumable.ts";
import { runFolder } from "../run/run-files.ts";
import { refuseChangedFiles } from "./resumed-files.ts";

/** Throws a Failure where the run can't be gone on with as it lies there. `job`: as the run has kept it. */
export async function forecastResume(
  ledger: Ledger,
  stateFolder: string,
  run: RunRecord,
  job: Job,
): Promise<Pick<ResumeForecast, "begunLoading" | "streams">> {
  ledger.checkRun(run.id);
  await refuseChangedFiles(ledger, run.id, runFolder(stateFolder, run.id));
  const wanted = run.options.streams;
  const streams = job.streams.filter(({ name }) => wanted === undefined || wanted.includes(name));
  const records = new Map(ledger.streams(run.id).map((record) => [record.name, record]));
  return {
    begunLoading: hasBegunLoading(ledger, run),
    streams: streams.map((stream) => forecastStream(ledger, run, stream, records.get(stream.name))),
  };
}

function forecastStream(
  ledger: Ledger,
  run: RunRecord,
  stream: Stream,
  record: StreamRecord | undefined,
): StreamForecast {
  const { name, source, target } = stream;
  const { state = "extracting" } = record ?? {};
  const batches = ledger.batches(run.id, name);
  const rowsOf = (is: (batch: BatchRecord) => boolean) => batches.filter(is).reduce((sum, { rows }) => sum + rows, 0);
  const sum = (count: "succeeded" | "failed" | "conflicts" | "inDoubt") =>
    batches.reduce((total, batch) => total + batch[count], 0);
  const window = ledger.window(run.id, name);
  const isCleared = source.kind === "files" && source.after.kind !== "leave";
  const takes = isCleared ? ledger.takes(run.id, name).filter(({ acknowledged }) => !acknowledged) : [];
  return {
    stream: name,
    state: state === "extracting" ? "not planned" : state,
    partsKept: state === "extracting" ? ledger.parts(run.id, name).length : 0,
    settled: { loaded: sum("succeeded"), failed: sum("failed"), conflicts: sum("conflicts") },
    batchesOpen: batches.filter(({ state }) => state !== "settled" && state !== "in-doubt").length,
    toSend: rowsOf(({ state }) => isUnsent(state)),
    toAskAbout: rowsOf(({ state }) => state === "committed"),
    inDoubt: sum("inDoubt"),
    lookedAtAgain: writesFile(target.mode) ? 0 : rowsOf((batch) => isLookedAt(stream, batch)),
    filesToClear: takes.length,
    watermark: state !== "settled" && window?.moves === true ? (tellWindow(window)?.to ?? null) : null,
  };
}

/** Nothing of it was acted on: what was uploaded is thrown away, or sent once more where it does no harm twice. */
function isUnsent(state: BatchRecord["state"]): boolean {
  return state === "planned" || state === "intent" || state === "handle" || state === "refused";
}

/** As `recheckBatches` does it: what an earlier attempt may have written is found again as its own. */
function isLookedAt(stream: Stream, batch: BatchRecord): boolean {
  const { target } = stream;
  const { state, again, action, operation } = batch;
  if (isRepeated(batch)) return true;
  if (again || !isUnsent(state) || state === "refused") return false;
  if (isCreatedOnly(stream, batch)) return false;
  return action !== "create" || operation === "upsert" || target.mode !== "insert";
}
