// Rows that wait for a parent, once a stream is settled: those that its plan left waiting, and those whose parent the target
// refused. In: the files of the run. Out: the file that the next run takes them from, in force with the stream's end.
// What must hold: a row that was loaded, or came again, waits no more.

import { join } from "node:path";
import type { StreamRecord, WaitingRecord } from "../../checkpoint/ledger.ts";
import { failpoint } from "../../core/failpoint.ts";
import { literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { nameParents } from "../compile/parents.ts";
import { decryptAgain } from "../extract/extract-stream.ts";
import { isOrphaned } from "../load/orphans.ts";
import { joinOutcomes, visitPlannedRows } from "../rows/planned-rows.ts";
import {
  addCells,
  addPlannedCells,
  beginCells,
  findWaiting,
  keepsWaiting,
  saveCells,
  waitingPath,
} from "../rows/waiting-rows.ts";
import { isPartial, type RunContext, targetOf } from "../run/context.ts";
import { keepFile, keptFolder } from "../run/kept-file.ts";
import { memoryOwner } from "../run/memory-owner.ts";

export interface SettledWaiting {
  waiting?: WaitingRecord;
  /** The file that is needed no more. */
  outdated?: string;
}

export async function settleWaiting(
  context: RunContext,
  stream: Stream,
  settled: StreamRecord,
): Promise<SettledWaiting> {
  if (stream.source.kind !== "files" || isPartial(context) || settled.plan === null) return {};
  const owner = memoryOwner(context, stream);
  const before = findWaiting(context, stream);
  const outdated = before === undefined ? {} : { outdated: join(keptFolder(context, "waiting"), before.file) };
  const later = stream.fields.some(({ parent }) => parent?.miss === "later") && keepsWaiting(context, stream);
  const rows = later ? await gatherRows(context, stream, settled) : 0;
  const none = { ...owner, file: "", sha256: "", rows: 0, run: context.run.id };
  if (rows === 0) return before === undefined ? {} : { waiting: none, ...outdated };
  await saveCells(context, `${context.run.id}-${stream.name}`);
  const path = waitingPath(context, `${context.run.id}-${stream.name}`);
  const sha256 = await keepFile(path, keptFolder(context, "waiting"));
  failpoint("waiting-kept");
  const file = `${context.run.id}-${stream.name}.parquet`;
  return { waiting: { ...none, file, sha256, rows }, ...(before?.file === file ? {} : outdated) };
}

async function gatherRows(context: RunContext, stream: Stream, settled: StreamRecord): Promise<number> {
  const { engine } = context;
  await beginCells(engine);
  await addPlannedCells(context, stream.name);
  await addOrphans(context, stream, settled);
  const { rows } = await engine.one("SELECT count(*) AS rows FROM waiting_cells");
  return Number(rows);
}

async function addOrphans(context: RunContext, stream: Stream, { plan }: StreamRecord): Promise<void> {
  const { engine, ledger, run } = context;
  const failed = ledger.batches(run.id, stream.name).filter((batch) => batch.failed > 0);
  if (failed.length === 0) return;
  const target = targetOf(context, stream.target.connection);
  const named = nameParents(context.job, stream, await target.describe(stream.target.object));
  const fields = named.fields.filter(({ parent }) => parent?.miss === "later");
  const names = fields.map(({ target }) => literal(target)).join(", ");
  const results = failed.map((batch) => resultsPath(context, batch));
  await engine.run(`CREATE OR REPLACE TEMP TABLE orphan_rows AS SELECT p.part, p.position
    FROM ${joinOutcomes(plan, results, ["failed"])} WHERE r.field IN (${names}) AND ${isOrphaned("r.message")}`);
  await decryptAgain(context, stream, ledger.parts(run.id, stream.name));
  await visitPlannedRows(context, stream, "orphan_rows", (part) => addCells(engine, part));
}
