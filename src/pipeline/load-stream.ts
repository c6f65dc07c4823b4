// The load of a planned stream: its batches, several in flight, each to settled results.

import { closeSync, existsSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { BatchRecord } from "../checkpoint/ledger.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { failpoint } from "../core/failpoint.ts";
import { hashFile, syncFile } from "../core/files.ts";
import { literal } from "../core/sql.ts";
import { CallFault } from "../http/outcome.ts";
import { pollDelays } from "../http/polling.ts";
import type { Stream } from "../job/job.ts";
import { countOutcomes, matchResults, selectOutcomes } from "../load/results.ts";
import { keyOfFields, keyOfId, type RenderedKey } from "../load/row-key.ts";
import type { BatchState, ResultColumns, ResultFiles } from "../load/target.ts";
import { loadBatch } from "../load/write.ts";
import { scanCsvFiles } from "../stage/csv-scan.ts";
import { type RunContext, subfolder, targetOf } from "./context.ts";

/**
 * Loads what is not settled yet. Throws the first failure once the batches in flight have stopped. Gives why it began
 * no further batch, where a limit of the job is reached: those in flight are settled then.
 */
export async function loadStream(context: RunContext, stream: Stream): Promise<Failure | undefined> {
  const all = context.ledger.batches(context.run.id, stream.name);
  const open = all.filter(({ state }) => state !== "settled" && state !== "in-doubt");
  if (open.length === 0) return undefined;
  context.emit({ type: "step-started", stream: stream.name, step: "load" });
  // Deletes come last: what they free is never needed, what they take might still be.
  for (const deletes of [false, true]) {
    const limit = await loadInParallel(
      context,
      stream,
      open.filter(({ action }) => (action === "delete") === deletes),
      all.length,
    );
    if (limit !== undefined) return limit;
  }
  return undefined;
}

async function loadInParallel(
  context: RunContext,
  stream: Stream,
  batches: BatchRecord[],
  of: number,
): Promise<Failure | undefined> {
  const target = targetOf(context, stream.target.connection);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const isBegun = ({ state }: BatchRecord) => state !== "planned";
  // What was begun goes first and whatever the limits say: it may be on its way already.
  const waiting = [...batches.filter(isBegun), ...batches.filter((batch) => !isBegun(batch))];
  let limit: Failure | undefined;
  const failures: unknown[] = [];
  const progress = new LoadProgress(context, stream.name, batches);
  const lane = async () => {
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      if (!isBegun(batch)) limit ??= context.budget.begin(target, batch.rows);
      if (!isBegun(batch) && limit !== undefined) return;
      try {
        await loadOne({ ...context, signal }, stream, batch, of, progress);
      } catch (error) {
        failures.push(error);
        stop.abort(error);
        return;
      }
    }
  };
  const { batchesInFlight } = target.capabilities;
  await Promise.all(Array.from({ length: Math.min(batchesInFlight, batches.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return limit;
}

async function loadOne(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  of: number,
  progress: LoadProgress,
): Promise<void> {
  const { ledger, emit } = context;
  const target = targetOf(context, stream.target.connection);
  await refuseChangedFile(batch);
  const tell = (moved: BatchRecord) => {
    const { number, state, rows, handle, message } = moved;
    emit({ type: "batch", stream: stream.name, number, of, state, rows, handle, message });
    progress.move(moved);
    return moved;
  };
  await target.explain(`loading batch ${batch.number} of stream ${stream.name}`, () =>
    loadBatch<BatchRecord>(batch, {
      target,
      signal: context.signal,
      advance: (current, state, change) => tell(ledger.advance(current, state, change)),
      settle: async (current, ended) => tell(await settleBatch(context, stream, current, ended)),
      isUnknown: (error) => error instanceof CallFault && error.outcome === "unknown",
      isRefused: (error) => error instanceof CallFault && error.outcome === "refused" && !error.transient,
      delays: pollDelays,
      onSent: (current, bytes) => progress.sent(current, bytes),
      onProcessed: (current, rows) => progress.processed(current, rows),
    }),
  );
}

async function refuseChangedFile(batch: BatchRecord): Promise<void> {
  if (existsSync(batch.path) && (await hashFile(batch.path)) === batch.sha256) return;
  throw new Failure(exitCode.failed, "the batch file is not the one that was planned", {
    where: { file: batch.path },
    next: "restore the file; a batch is sent as it was planned or not at all",
  });
}

/** Where the per-row results of a batch are kept: key, match_key, action, id, outcome, field, message. */
export function resultsPath(context: Pick<RunContext, "folder">, batch: { stream: string; number: number }): string {
  return join(subfolder(context, "results"), `${batch.stream}-${String(batch.number).padStart(5, "0")}.csv`);
}

/** Fetches and stores the results, then settles. The engine takes one batch at a time. */
async function settleBatch(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  ended: BatchState,
): Promise<BatchRecord> {
  const target = targetOf(context, stream.target.connection);
  const path = resultsPath(context, batch);
  const files: ResultFiles = {
    succeeded: `${path}.succeeded`,
    failed: `${path}.failed`,
    unprocessed: `${path}.unprocessed`,
  };
  await target.fetchResults(batch.handle ?? "", files, context.signal);
  failpoint("fetched");
  const counts = await oneAtATime(() => storeOutcomes(context, stream, batch, ended, files, path));
  failpoint("stored");
  for (const file of Object.values(files)) rmSync(file, { force: true });
  const change = {
    ...counts,
    resultsSha256: await hashFile(path),
    message: ended.state === "failed" ? ended.message : null,
  };
  const settled = context.ledger.advance(batch, counts.inDoubt > 0 ? "in-doubt" : "settled", change);
  failpoint("settled");
  return settled;
}

let last: Promise<unknown> = Promise.resolve();

function oneAtATime<T>(act: () => Promise<T>): Promise<T> {
  const next = last.then(act, act);
  last = next.catch(() => undefined);
  return next;
}

interface SettledCounts {
  succeeded: number;
  failed: number;
  conflicts: number;
  inDoubt: number;
}

async function storeOutcomes(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  ended: BatchState,
  files: ResultFiles,
  path: string,
): Promise<SettledCounts> {
  const { engine } = context;
  const { capabilities, readError } = targetOf(context, stream.target.connection);
  const sent = headerOf(batch.path);
  const because =
    ended.state === "failed" ? ended.message : ended.state === "aborted" ? "the job was aborted" : "not processed";
  await engine.run(
    matchResults({
      sent: scanCsvFiles([batch.path], sent),
      succeeded: resultScan(files.succeeded, sent, capabilities.results),
      failed: resultScan(files.failed, sent, capabilities.results),
      unprocessed: resultScan(files.unprocessed, sent, capabilities.results),
      results: capabilities.results,
      key: await keyOfBatch(context, stream, batch),
      creates: batch.operation === "upsert",
      unprocessedBecause: `UNPROCESSED:${because}:--`,
    }),
  );
  const errors = await engine.all("SELECT DISTINCT error FROM outcomes WHERE error IS NOT NULL");
  const explained = errors.map(({ error }) => {
    const { code, message, fields } = readError(String(error));
    return `(${[String(error), fields[0] ?? "", `${code}: ${message}`].map(literal).join(", ")})`;
  });
  await engine.run("CREATE OR REPLACE TEMP TABLE explained (error VARCHAR, field VARCHAR, message VARCHAR)");
  for (let from = 0; from < explained.length; from += 500) {
    await engine.run(`INSERT INTO explained VALUES ${explained.slice(from, from + 500).join(", ")}`);
  }
  await engine.run(
    `COPY (${selectOutcomes(batch.action)}) TO ${literal(path)} (FORMAT csv, HEADER true, NULLSTR '', FORCE_QUOTE *)`,
  );
  syncFile(path);
  const counts = await engine.one(countOutcomes());
  return {
    succeeded: Number(counts["loaded"]),
    failed: Number(counts["failed"]),
    conflicts: Number(counts["conflicts"]),
    inDoubt: Number(counts["unclear"]),
  };
}

export async function keyOfBatch(context: RunContext, stream: Stream, batch: BatchRecord): Promise<RenderedKey> {
  const target = targetOf(context, stream.target.connection);
  if (batch.action !== "create") return keyOfId(target.capabilities.idColumn);
  const schema = await target.describe(stream.target.object);
  const fields = await Promise.all(stream.target.key.map((name) => target.resolveField(schema, name)));
  return keyOfFields(
    target,
    fields.filter((field) => field !== undefined),
  );
}

/** Salesforce takes header lines of 32,000 characters at most. */
const headerBytesMax = 128 * 1024;

export function headerOf(path: string): string[] {
  const start = Buffer.alloc(headerBytesMax);
  const descriptor = openSync(path, "r");
  const bytes = readSync(descriptor, start);
  closeSync(descriptor);
  return (parse(start.subarray(0, bytes), { to: 1, relax_quotes: true, bom: true }) as string[][])[0] ?? [];
}

/** A result set without even a header holds no row. */
function resultScan(path: string, sent: readonly string[], { id, created, error }: ResultColumns): string {
  const columns = headerOf(path);
  return columns.length === 0 ? scanCsvFiles([], [id, created, error, ...sent]) : scanCsvFiles([path], columns);
}

/** Rows and bytes of the batches in flight, summed for the progress of a stream. */
class LoadProgress {
  readonly #context: RunContext;
  readonly #stream: string;
  readonly #total: number;
  readonly #rows = new Map<number, number>();
  readonly #states = new Map<number, string>();

  constructor(context: RunContext, stream: string, batches: readonly BatchRecord[]) {
    this.#context = context;
    this.#stream = stream;
    this.#total = batches.reduce((sum, { rows }) => sum + rows, 0);
  }

  move(batch: BatchRecord): void {
    this.#states.set(batch.number, batch.state);
    if (batch.state === "settled") this.#rows.set(batch.number, batch.rows);
    this.#tell("");
  }

  sent(batch: BatchRecord, bytes: number): void {
    this.#tell(`uploading batch ${batch.number}: ${Math.round((bytes / batch.bytes) * 100)} %`);
  }

  processed(batch: BatchRecord, rows: number): void {
    this.#rows.set(batch.number, rows);
    this.#tell("");
  }

  #tell(detail: string): void {
    const done = [...this.#rows.values()].reduce((sum, rows) => sum + rows, 0);
    const inFlight = [...this.#states.values()].filter((state) => state !== "settled").length;
    this.#context.emit({
      type: "progress",
      stream: this.#stream,
      step: "load",
      done,
      total: this.#total,
      unit: "rows",
      detail: detail === "" ? `${inFlight} batches in flight` : detail,
    });
  }
}
