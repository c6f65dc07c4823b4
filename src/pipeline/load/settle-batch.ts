// A batch that has ended at the target: its per-row results fetched, matched, kept, and the batch settled by them.
// What must hold: a row whose result is known is never sent again; rows that the target did not write for a reason that
// passes go into batches of their own in one transaction with the batch that they leave.

import { existsSync, rmSync } from "node:fs";
import type { BatchRecord } from "../../checkpoint/ledger.ts";
import type { Target } from "../../contract/target.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import type { BatchState, ResultFiles } from "../../contract/write.ts";
import { failpoint } from "../../core/failpoint.ts";
import { hashFile, syncFile } from "../../core/files.ts";
import { literal } from "../../core/sql.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { Stream } from "../../job/job.ts";
import type { ObtainResults } from "../../load/loaded-batch.ts";
import { countOutcomes, markDeferred, markResent, matchResults, selectOutcomes } from "../../load/results.ts";
import { keyOfFields, keyOfId, type RenderedKey } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import type { Engine } from "../../stage/engine.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { dropAnswers } from "./answered-rows.ts";
import { resolveFields } from "./known-fields.ts";
import { markUnlinked, writeLaterLinks } from "./later-links.ts";
import { madeSince, markMade, tellHeldBack } from "./made-since.ts";
import { nextNumber } from "./part-of-batch.ts";
import { mayResend, writeResentRows } from "./resend.ts";

export interface ToSettle {
  batch: BatchRecord;
  ended: BatchState;
  obtain: ObtainResults;
  obtainRefused: ObtainResults | undefined;
}

/** Gets and stores the results, then settles. The engine takes one batch at a time. */
export async function settleBatch(context: RunContext, stream: Stream, to: ToSettle): Promise<BatchRecord> {
  const { batch, ended, obtain, obtainRefused } = to;
  if (takesWholeFiles(targetOf(context, stream.target.connection)))
    return context.ledger.advance(batch, "settled", { succeeded: batch.rows });
  const path = resultsPath(context, batch);
  const files: ResultFiles = {
    succeeded: `${path}.succeeded`,
    failed: `${path}.failed`,
    unprocessed: `${path}.unprocessed`,
  };
  await obtain(files);
  // Not asked for where none are told of, unless rows turn out to be missing among those that were written.
  const isUntold = obtainRefused !== undefined && ended.state === "complete" && ended.failed === 0;
  if (!isUntold) await obtainRefused?.(files);
  failpoint("fetched");
  if (batch.operation === "replace") return context.ledger.advance(batch, "settled", { succeeded: batch.rows });
  const settled = await context.oneAtATime(() =>
    settleByResults(context, stream, { batch, ended, files, path, ...(isUntold ? { obtainRefused } : {}) }),
  );
  for (const file of Object.values(files)) rmSync(file, { force: true });
  dropAnswers(context, batch);
  return settled;
}

interface EndedBatch {
  batch: BatchRecord;
  ended: BatchState;
  files: ResultFiles;
  /** Where the results are kept. */
  path: string;
  /** Gets those of rows that were not written, where that is still to be done. */
  obtainRefused?: ObtainResults;
}

const none = { batches: [], message: "" };

async function settleByResults(context: RunContext, stream: Stream, given: EndedBatch): Promise<BatchRecord> {
  const { batch, ended, path } = given;
  const counts = await storeOutcomes(context, stream, given);
  failpoint("stored");
  // Usually every row was written, and the engine is asked for nothing more.
  const isAllWritten = counts.succeeded === batch.rows;
  const resent = isAllWritten ? none : await writeResentRows(context, batch);
  const number = () => nextNumber(context, batch.stream) + resent.batches.length;
  const later = isAllWritten ? none : await writeLaterLinks(context, stream, batch, number());
  // A row of which nothing is told may be there or not.
  const others = [...resent.batches, ...later.batches];
  const untold = batch.rows - rowsTold(counts) - others.reduce((sum, { rows }) => sum + rows, 0);
  if (untold > 0) counts.inDoubt += untold;
  const heldBack = counts.conflicts > 0 ? tellHeldBack(counts.conflicts, madeSince) : "";
  const messages = [
    ended.state === "failed" ? ended.message : "",
    untold > 0 ? `${countOf(untold, "row")} of the batch's file without a result` : "",
    counts.met > 0 ? `${countOf(counts.met, "row")} met a record made since the plan, and was written into it` : "",
    heldBack,
    resent.message,
    later.message,
  ];
  const { met: _met, ...results } = counts;
  const change = {
    ...results,
    resultsSha256: await hashFile(path),
    message: messages.filter(Boolean).join("; ") || null,
  };
  if (others.length > 0) failpoint("parted");
  const state = counts.inDoubt > 0 ? "in-doubt" : "settled";
  const settled = context.ledger.split(batch, state, change, others);
  failpoint("settled");
  if (counts.met > 0) {
    const message = `${stream.name}: ${countOf(counts.met, "row")} to create met a record that was made since the plan, and was written into it`;
    context.emit({ type: "warning", message });
  }
  if (heldBack !== "") context.emit({ type: "warning", message: `${stream.name}: ${heldBack}` });
  if (resent.batches.length > 0) context.emit({ type: "rows-resent", stream: stream.name, message: resent.message });
  return settled;
}

function rowsTold({ succeeded, failed, conflicts, inDoubt }: SettledCounts): number {
  return succeeded + failed + conflicts + inDoubt;
}

interface SettledCounts {
  succeeded: number;
  failed: number;
  conflicts: number;
  inDoubt: number;
  /** Of the loaded rows: creates that met a record which was made since the plan. */
  met: number;
}

async function storeOutcomes(
  context: RunContext,
  stream: Stream,
  { batch, ended, files, path, obtainRefused }: EndedBatch,
): Promise<SettledCounts> {
  const { engine } = context;
  const { capabilities, readError } = targetOf(context, stream.target.connection);
  const sent = headerOf(batch.path);
  const { id, created, error } = capabilities.results;
  const emptyColumns = [id, created, error, ...sent];
  const because =
    ended.state === "failed" ? ended.message : ended.state === "aborted" ? "the job was aborted" : "not processed";
  const key = await keyOfBatch(context, stream, batch);
  const match = () =>
    engine.run(
      matchResults({
        sent: scanCsvFiles([batch.path], sent),
        succeeded: resultScan(files.succeeded) ?? scanCsvFiles([], emptyColumns),
        failed: resultScan(files.failed),
        unprocessed: resultScan(files.unprocessed),
        results: capabilities.results,
        key,
        // What an earlier attempt may have made is no stranger's.
        creates: batch.operation === "upsert" && !batch.again,
        unprocessedBecause: `UNPROCESSED:${because}:--`,
      }),
    );
  const count = () => engine.one(countOutcomes());
  await match();
  let counts = await count();
  if (obtainRefused !== undefined && Number(counts["unclear"]) > 0) {
    await obtainRefused(files);
    await match();
    counts = await count();
  }
  const isAllLoaded = counts["loaded"] === counts["rows"];
  if (!isAllLoaded) {
    await explainErrors(engine, readError);
    const mark = mayResend(batch) ? markResent : markDeferred;
    await engine.run(mark(ended.state === "failed" && ended.again));
    await markMade(context, stream, batch);
  }
  const isAnyUnlinked = await markUnlinked(context, stream, batch);
  await engine.run(
    `COPY (${selectOutcomes(batch.action, !isAllLoaded)}) TO ${literal(path)} (FORMAT csv, HEADER true, NULLSTR '', FORCE_QUOTE *)`,
  );
  syncFile(path);
  if (!isAllLoaded || isAnyUnlinked) counts = await count();
  return {
    succeeded: Number(counts["loaded"]),
    failed: Number(counts["failed"]),
    conflicts: Number(counts["conflicts"]),
    inDoubt: Number(counts["unclear"]),
    met: Number(counts["met"]),
  };
}

/** Fills table `explained`: what each error comes to. */
async function explainErrors(engine: Engine, readError: Target["readError"]): Promise<void> {
  const errors = await engine.all("SELECT DISTINCT error FROM outcomes WHERE error IS NOT NULL");
  const explained = errors.map(({ error }) => {
    const { code, message, fields, again } = readError(String(error));
    const cells = [String(error), fields[0] ?? "", `${code}: ${message}`].map(literal);
    return `(${[...cells, again === undefined ? "NULL" : literal(again)].join(", ")})`;
  });
  for (let from = 0; from < explained.length; from += 500) {
    await engine.run(`INSERT INTO explained VALUES ${explained.slice(from, from + 500).join(", ")}`);
  }
}

export async function keyOfBatch(context: RunContext, stream: Stream, batch: BatchRecord): Promise<RenderedKey> {
  const target = targetOf(context, stream.target.connection);
  if (batch.action !== "create") return keyOfId(target.capabilities.idColumn);
  return keyOfFields(target, await resolveFields(target, stream, stream.target.key));
}

/** Undefined: a result set that was not asked for, or has not even a header, holds no row. */
function resultScan(path: string): string | undefined {
  const columns = existsSync(path) ? headerOf(path) : [];
  return columns.length === 0 ? undefined : scanCsvFiles([path], columns);
}
