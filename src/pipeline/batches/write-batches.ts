// A plan cut into batch files. In: a plan, and the way that each action goes. Out: files with exactly the bytes that will be
// sent, and their records for the ledger. Must hold: the same plan gives the same files.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import type { WayChoice } from "../../contract/ways.ts";
import type { Action, Way } from "../../core/model.ts";
import { replacesTable } from "../../job/mode.ts";
import {
  type BatchColumns,
  type BatchLimits,
  type BatchRange,
  cutBatches,
  levelsTable,
  numberBatch,
  orderPlan,
  type RowGroup,
  selectBatch,
  selectCells,
  sizeGroups,
} from "../../load/batches.ts";
import { readParquet } from "../../stage/parquet.ts";
import type { WrittenStream } from "../compile/compiled-stream.ts";
import type { PlannedWays } from "../run/context.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { batchPath, unsent, type WrittenFile, writeBatchFile } from "./batch-files.ts";
import { omittedFields, selectLastUpdates, selectLater } from "./later-fields.ts";
import { batchedTable } from "./planned-inserts.ts";
import { noLevels, orderTree } from "./tree-levels.ts";
import { actions, externalIdOf, operationOf } from "./ways.ts";
import { writeWholeFile } from "./whole-file.ts";

/** Makes the batch files of a plan and their records, in state `planned`. A dry run gets none. */
export async function writeBatches(
  context: RunContext,
  compiled: WrittenStream,
  planPath: string,
  ways: PlannedWays,
): Promise<BatchRecord[]> {
  if (context.run.command === "plan") return [];
  const { engine } = context;
  const { stream } = compiled;
  const target = targetOf(context, stream.target.connection);
  const { idColumn } = target.capabilities;
  const plan = readParquet(planPath);
  const fields = compiled.planned.map(({ field }) => field.target).filter((name) => name !== idColumn);
  if (takesWholeFiles(target) || replacesTable(stream.target)) {
    const file = await writeWholeFile(context, stream, plan, fields);
    return [
      describeBatch(context, compiled, {
        ...file,
        action: "create",
        level: 0,
        number: 1,
        via: ways.get("create")?.via ?? "bulk",
      }),
    ];
  }
  if (ways.size === 0) return [];
  const tree = await orderTree(engine, compiled, plan);
  const later = selectLater(context, stream.name);
  if (later !== undefined) {
    if (tree === undefined) await engine.run(noLevels);
    await engine.run(`DELETE FROM ${levelsTable} WHERE n IN (SELECT n FROM (${selectLastUpdates(plan, later)}))`);
    await engine.run(`INSERT INTO ${levelsTable} ${selectLastUpdates(plan, later)}`);
  }
  await engine.run(orderPlan(plan, fields, parentsOf(compiled), tree !== undefined || later !== undefined));
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${batchedTable} (n BIGINT, batch INTEGER)`);
  const ranges: (BatchRange & { via: Way })[] = [];
  for (const choice of new Set(ways.values())) {
    const limits = limitsOf(stream.target.batch, choice);
    const groups = (await engine.all(sizeGroups(limits))).map(
      (row): RowGroup => ({
        action: row["action"] as Action,
        level: Number(row["level"]),
        rows: Number(row["rows"]),
        bytes: Number(row["bytes"]),
      }),
    );
    const chosen = groups.filter(({ action }) => ways.get(action) === choice);
    ranges.push(...cutBatches(chosen, limits).map((range) => ({ ...range, via: choice.via })));
  }
  ranges.sort((left, right) => actions.indexOf(left.action) - actions.indexOf(right.action));
  const batches: BatchRecord[] = [];
  for (const { via, ...range } of ranges) {
    context.signal.throwIfAborted();
    const isCircle = range.action === "create" && range.level === tree?.circleLevel;
    const sent = isCircle ? fields.filter((name) => !tree.links.includes(name)) : fields;
    batches.push(
      await writeBatch(context, compiled, { plan, range, via, fields: sent, number: batches.length + 1, later }),
    );
  }
  return batches;
}

export function limitsOf(asked: { rows?: number; bytes?: number }, choice: WayChoice): BatchLimits {
  return {
    rows: Math.min(asked.rows ?? Number.POSITIVE_INFINITY, choice.batchRowsMax),
    bytes: Math.min(asked.bytes ?? Number.POSITIVE_INFINITY, choice.batchBytesMax),
  };
}

/** Fields that name a parent: its children stand together, so that batches don't wait for the parent's lock. */
function parentsOf(compiled: WrittenStream): string[] {
  return compiled.planned
    .map(({ field }) => field.target)
    .filter((name) => name.includes(".") || compiled.fieldSchemas.get(name)?.kind === "reference");
}

interface BatchInput {
  plan: string;
  range: BatchRange;
  via: Way;
  fields: string[];
  number: number;
  /** What rows are given later. */
  later: string | undefined;
}

async function writeBatch(context: RunContext, compiled: WrittenStream, input: BatchInput): Promise<BatchRecord> {
  const { engine } = context;
  const { stream } = compiled;
  const { action } = input.range;
  const { capabilities } = targetOf(context, stream.target.connection);
  const path = batchPath(context, { stream: stream.name, number: input.number });
  const replaced = new Set(stream.fields.filter(({ replaces }) => replaces !== undefined).map((field) => field.target));
  const further = [
    ...(replaced.size > 0 ? ["p.before"] : []),
    ...(input.later === undefined ? [] : [`${omittedFields(input.later)} AS omitted`]),
  ];
  await engine.run(`CREATE OR REPLACE TEMP TABLE batch_rows AS ${selectBatch(input.plan, input.range, further)}`);
  const used = await engine.all("SELECT DISTINCT unnest(changed) AS name FROM batch_rows");
  const names = new Set(used.map((row) => String(row["name"])));
  const isKey = (name: string) => stream.target.key.includes(name);
  const columns = input.fields.filter(
    action === "undelete" ? isKey : (name) => names.has(name) || (action === "create" && isKey(name)),
  );
  const cells = selectCells("SELECT * FROM batch_rows", action, columns, {
    id: capabilities.idColumn,
    clearCell: capabilities.clearCell,
    written: writtenFields(compiled),
    replaced,
    omits: input.later !== undefined,
  });
  const file = await writeBatchFile(engine, cells, path);
  await engine.run("DROP TABLE batch_rows");
  if (stream.target.mode === "insert")
    await engine.run(`INSERT INTO ${batchedTable} ${numberBatch(input.range, input.number)}`);
  return describeBatch(context, compiled, {
    ...file,
    action,
    level: input.range.level,
    number: input.number,
    via: input.via,
  });
}

function writtenFields({ fieldSchemas }: WrittenStream): BatchColumns["written"] {
  return new Map([...fieldSchemas].flatMap(([name, { written }]) => (written === undefined ? [] : [[name, written]])));
}

type WrittenBatch = WrittenFile & Pick<BatchRecord, "action" | "level" | "number" | "via">;

function describeBatch(context: RunContext, { stream, schema }: WrittenStream, written: WrittenBatch): BatchRecord {
  const { run } = context;
  const operation = operationOf(written.action, stream.target);
  const target = targetOf(context, stream.target.connection);
  return {
    ...unsent,
    ...written,
    run: run.id,
    stream: stream.name,
    operation,
    // A file of its own for each run, where the job says so.
    object: stream.target.object.replaceAll("{run}", run.id),
    externalId: externalIdOf(operation, stream.target, target, schema) ?? null,
    message: null,
    round: 0,
    again: false,
  };
}
