// A plan cut into batch files: exactly the bytes that will be sent, the same for the same plan.

import { statSync } from "node:fs";
import { join } from "node:path";
import type { BatchRecord } from "../checkpoint/ledger.ts";
import { hashFile, syncFile } from "../core/files.ts";
import type { Action, Operation } from "../core/model.ts";
import { literal } from "../core/sql.ts";
import type { Mode } from "../job/job.ts";
import {
  type BatchLimits,
  type BatchRange,
  cutBatches,
  orderPlan,
  type RowGroup,
  selectBatch,
  selectCells,
  sizeGroups,
} from "../load/batches.ts";
import type { TargetCapabilities } from "../load/target.ts";
import { readParquet } from "../stage/parquet.ts";
import type { CompiledStream } from "./compile-stream.ts";
import { type RunContext, subfolder, targetOf } from "./context.ts";

/** Makes the batch files of a plan and their records, in state `planned`. A dry run gets none. */
export async function writeBatches(
  context: RunContext,
  compiled: CompiledStream,
  planPath: string,
): Promise<BatchRecord[]> {
  if (context.run.command === "plan") return [];
  const { engine } = context;
  const { stream } = compiled;
  const { capabilities } = targetOf(context, stream.target.connection);
  const limits = limitsOf(stream.target.batch, capabilities);
  const plan = readParquet(planPath);
  const fields = compiled.fields.map(({ field }) => field.target).filter((name) => name !== capabilities.idColumn);
  await engine.run(orderPlan(plan, fields, parentsOf(compiled)));
  const groups = (await engine.all(sizeGroups(limits))).map(
    (row): RowGroup => ({ action: row["action"] as Action, rows: Number(row["rows"]), bytes: Number(row["bytes"]) }),
  );
  const batches: BatchRecord[] = [];
  for (const range of cutBatches(groups, limits)) {
    context.signal.throwIfAborted();
    batches.push(await writeBatch(context, compiled, { plan, range, fields, number: batches.length + 1 }));
  }
  return batches;
}

export function limitsOf(asked: { rows?: number; bytes?: number }, capabilities: TargetCapabilities): BatchLimits {
  return {
    rows: Math.min(asked.rows ?? Number.POSITIVE_INFINITY, capabilities.batchRowsMax),
    bytes: Math.min(asked.bytes ?? Number.POSITIVE_INFINITY, capabilities.batchBytesMax),
  };
}

/** Fields that name a parent: its children stand together, so that batches don't wait for the parent's lock. */
function parentsOf(compiled: CompiledStream): string[] {
  return compiled.fields
    .map(({ field }) => field.target)
    .filter((name) => name.includes(".") || compiled.fieldSchemas.get(name)?.kind === "reference");
}

interface BatchInput {
  plan: string;
  range: BatchRange;
  fields: string[];
  number: number;
}

async function writeBatch(context: RunContext, compiled: CompiledStream, input: BatchInput): Promise<BatchRecord> {
  const { engine, run } = context;
  const { stream } = compiled;
  const { action } = input.range;
  const { capabilities } = targetOf(context, stream.target.connection);
  const path = join(subfolder(context, "batches"), `${stream.name}-${String(input.number).padStart(5, "0")}.csv`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE batch_rows AS ${selectBatch(input.plan, input.range)}`);
  const used = await engine.all("SELECT DISTINCT unnest(changed) AS name FROM batch_rows");
  const names = new Set(used.map((row) => String(row["name"])));
  const columns = input.fields.filter(
    (name) => names.has(name) || (action === "create" && stream.target.key.includes(name)),
  );
  const cells = selectCells("SELECT * FROM batch_rows", action, columns, {
    id: capabilities.idColumn,
    clearCell: capabilities.clearCell,
  });
  await engine.run(
    `COPY (${cells}) TO ${literal(path)} (FORMAT csv, HEADER true, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '')`,
  );
  await engine.run("DROP TABLE batch_rows");
  syncFile(path);
  const operation = operationOf(action, stream.target.mode);
  return {
    run: run.id,
    stream: stream.name,
    number: input.number,
    operation,
    object: stream.target.object,
    externalId: operation === "upsert" ? (stream.target.key[0] ?? null) : null,
    action,
    path,
    bytes: statSync(path).size,
    rows: input.range.to - input.range.from,
    sha256: await hashFile(path),
    state: "planned",
    handle: null,
    attempts: 0,
    succeeded: 0,
    failed: 0,
    conflicts: 0,
    inDoubt: 0,
    resultsSha256: null,
    message: null,
  };
}

/** Creates go by key where the mode has one, so that sending them again finds the record that is there already. */
function operationOf(action: Action, mode: Mode): Operation {
  if (action === "create") return mode === "insert" ? "insert" : "upsert";
  return action;
}
