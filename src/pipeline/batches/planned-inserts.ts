// Mode insert, before a row is sent: which source rows are about to be inserted. In: the plan and its batches. Out: the
// file that later runs know them by. What must hold: it is on the disk, and in the ledger with the plan.

import { join } from "node:path";
import type { BatchRecord, InsertedRecord } from "../../checkpoint/ledger.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import type { WrittenStream } from "../compile/compiled-stream.ts";
import { orgOf, stageOfRun } from "../diff/inserted.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { keepFile, keptFolder } from "../run/kept-file.ts";
import { identityColumn } from "../stage/row-identity.ts";

/** Table of the plan's rows (`n`) by the batch that they go into. */
export const batchedTable = "batched_rows";

/** Writes down what a run is about to insert: durable, and in force with its record. */
export async function planInserted(
  context: RunContext,
  { stream, schema }: WrittenStream,
  { plan, batches }: { plan: string; batches: readonly BatchRecord[] },
): Promise<InsertedRecord | undefined> {
  const { mode, undoes } = stream.target;
  if (mode !== "insert" || undoes === true || batches.length === 0) return undefined;
  const rows = `SELECT s.${identityColumn} AS identity, p.row, b.batch, false AS doubt FROM ${stageOfRun} s
    JOIN (SELECT file_row_number AS n, row FROM ${readParquet(plan)}) p ON s._row_ = p.row JOIN ${batchedTable} b ON b.n = p.n`;
  const written = await writeInserted(context, stream.name, "planned", rows);
  const key = { org: orgOf(context, stream), object: schema.object, run: context.run.id, stream: stream.name };
  return { ...key, ...written, settled: null };
}

/** Writes a file of identities, rows and batches; it is on the disk then. `what`: a part of its name. */
export async function writeInserted(
  context: RunContext,
  stream: string,
  what: string,
  select: string,
): Promise<Pick<InsertedRecord, "file" | "sha256" | "rows">> {
  const file = `${context.run.id}-${stream}-${what}.parquet`;
  const path = join(subfolder(context, "stage"), file);
  await writeParquet(context.engine, select, path);
  const { rows } = await context.engine.one(`SELECT count(*) AS rows FROM ${readParquet(path)}`);
  const sha256 = await keepFile(path, keptFolder(context, "inserted"));
  return { file, sha256, rows: Number(rows) };
}
