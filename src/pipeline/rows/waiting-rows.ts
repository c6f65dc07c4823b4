// Rows of files whose parent is not there, kept with all that the file says of them: a file comes once, and the parent may
// come later. In: the rows that a plan or a load left waiting. Out: a file of the run, their source's columns and cells.
// What must hold: cells are kept as they came, each row with the columns of its own file, so that the run that takes it
// up maps it as if it came then.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { WaitingRecord } from "../../checkpoint/ledger.ts";
import { syncFile } from "../../core/files.ts";
import type { Part, StreamCounts } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import { waitingTable } from "../../diff/keys.ts";
import { isTakenAgain } from "../../job/coming-records.ts";
import type { Stream } from "../../job/job.ts";
import type { Engine } from "../../stage/engine.ts";
import { writeParquet } from "../../stage/parquet.ts";
import { readSourceRows } from "../../stage/source-rows.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { isPartial, type RunContext, subfolder } from "../run/context.ts";
import { memoryOwner } from "../run/memory-owner.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { copyPath } from "./planned-rows.ts";

/**
 * Whether the rows of a stream are kept for later runs. An object's records are asked for again, a mirror's file names all
 * rows each time; what takes only some rows takes no file for good.
 */
export function keepsWaiting(context: RunContext, { source, target }: Stream): boolean {
  const isRecord = target.mode === "insert" || target.mode === "upsert" || target.mode === "update";
  return source.kind === "files" && isRecord && settlesForGood(context);
}

/**
 * Whether rows that the target could not take for a while are kept for the next run. Where each run takes all, they come
 * by themselves.
 */
export function keepsDeferred(context: RunContext, stream: Stream): boolean {
  const { mode } = stream.target;
  const isRecord = mode === "insert" || mode === "upsert" || mode === "update" || mode === "delete";
  return isRecord && !isTakenAgain(stream) && settlesForGood(context);
}

/** What it leaves is nobody's else: it takes all, or rows that an earlier run has left. */
function settlesForGood(context: RunContext): boolean {
  return context.run.options.retry !== undefined || !isPartial(context);
}

/** Rows of earlier runs; undefined where none wait. */
export function findWaiting(context: RunContext, stream: Stream): WaitingRecord | undefined {
  const known = context.ledger.waiting(memoryOwner(context, stream));
  return known?.file === "" ? undefined : known;
}

export function waitingPath(context: Pick<RunContext, "folder">, stream: string): string {
  return join(context.folder, "waiting", `${stream}.parquet`);
}

/** Writes the rows that the plan left waiting; no file where there are none. */
export async function keepWaitingRows(
  context: RunContext,
  { stream }: CompiledStream,
  staged: StagedStream,
  { waiting }: Pick<StreamCounts, "waiting">,
): Promise<void> {
  const { engine } = context;
  // Of an attempt that was killed.
  rmSync(waitingPath(context, stream.name), { force: true });
  if (waiting === 0 || !keepsWaiting(context, stream)) return;
  await beginCells(engine);
  for (const { part, open, hasLines } of staged.parts) {
    const wanted = `SELECT _position_ AS position FROM ${identifier(staged.view)} JOIN ${waitingTable} USING (_row_)
      WHERE _part_ = ${part.ordinal}`;
    const again = copyPath(context, stream, part, "again");
    await readSourceRows({ engine, part, open, careful: hasLines, copyPath: again, wanted });
    await addCells(engine, part);
  }
  await saveCells(context, stream.name);
  syncFile(waitingPath(context, stream.name));
}

const cellsTable = "waiting_cells";

export async function beginCells(engine: Engine): Promise<void> {
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${cellsTable} (columns VARCHAR[], cells VARCHAR[])`);
}

/** Adds the rows of table `source_rows`, which are of this part. */
export async function addCells(engine: Engine, { columns }: Pick<Part, "columns">): Promise<void> {
  const names = `[${columns.map(literal).join(", ")}]`;
  await engine.run(
    `INSERT INTO ${cellsTable} SELECT ${names}, cells[:${columns.length}] FROM source_rows ORDER BY position`,
  );
}

export async function saveCells(context: RunContext, stream: string): Promise<void> {
  subfolder(context, "waiting");
  await writeParquet(context.engine, `SELECT * FROM ${cellsTable}`, waitingPath(context, stream));
}

/** Adds the rows that the plan left waiting. */
export async function addPlannedCells(context: RunContext, stream: string): Promise<void> {
  const path = waitingPath(context, stream);
  if (!existsSync(path)) return;
  await context.engine.run(`INSERT INTO ${cellsTable} SELECT columns, cells FROM read_parquet(${literal(path)})`);
}
