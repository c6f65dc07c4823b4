// Records that rows of a plan name, that no lookup found, and that are therefore made (`miss: create`). In: a plan whose rows
// have a mark for them. Out: a plan of their own for each such field, with its batches. What must hold: a record is made once
// for all rows that name it, and none for a row that is not written.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { assertPlanAddsUp } from "../../checkpoint/accounts.ts";
import type { PlannedStream, StreamRecord } from "../../checkpoint/ledger.ts";
import { hashFile, syncFile } from "../../core/files.ts";
import { noCounts, type StreamCounts } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import { diagnosticsFailure } from "../../job/diagnostics.ts";
import type { Stream } from "../../job/job.ts";
import { newRecordMark } from "../../job/lookup.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import type { SourceColumns } from "../compile/bind-expression.ts";
import { compileInRun } from "../compile/compile-in-run.ts";
import type { CompiledLookup } from "../compile/compiled-lookup.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { findMissingFields } from "../compile/schema-problems.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { wantedKeys } from "../stage/copied-parts.ts";
import { chooseWays, describeWays } from "./ways.ts";
import { writeBatches } from "./write-batches.ts";

interface Naming {
  compiled: CompiledStream;
  /** What the source of the rows has. */
  columns: SourceColumns | undefined;
  /** The rows' plan, and its record. */
  plan: string;
  record: StreamRecord;
}

/** One for each field of `miss: create`; to be in the ledger together with the plan that names them. */
export async function planMadeRecords(context: RunContext, naming: Naming): Promise<PlannedStream[]> {
  const planned: PlannedStream[] = [];
  for (const lookup of naming.compiled.lookups) {
    if (lookup.written.miss !== "create") continue;
    const maker = context.job.streams.find(({ name }) => name === lookup.written.maker);
    if (maker === undefined) throw new Error(`nothing makes what ${lookup.field} does not find`);
    planned.push(await planMaker(context, naming, lookup, maker));
  }
  return planned;
}

async function planMaker(
  context: RunContext,
  { columns, plan, record }: Naming,
  lookup: CompiledLookup,
  maker: Stream,
): Promise<PlannedStream> {
  const { connection, object, mode } = maker.target;
  const compiled = await compileInRun(context, maker, columns);
  const problems = findMissingFields(compiled);
  if (problems.length > 0) throw diagnosticsFailure(problems);
  const target = targetOf(context, connection);
  const path = join(subfolder(context, "plan"), `${maker.name}.parquet`);
  const rows = await writePlan(context, lookup, maker, { plan, path });
  const counts: StreamCounts = { ...noCounts(), extracted: rows, creates: rows };
  const ways = chooseWays(target, compiled, counts, context.budget.callsLeft(connection));
  context.ways.set(maker.name, ways);
  const batches = rows === 0 ? [] : await writeBatches(context, compiled, path, ways);
  const how = `named by ${record.name}, and not found by lookup ${lookup.field}`;
  const stream: StreamRecord = {
    ...record,
    name: maker.name,
    connection,
    org: target.orgId,
    object,
    mode,
    state: "planned",
    plan: rows === 0 ? null : path,
    planSha256: rows === 0 ? null : await hashFile(path),
    counts,
    how: rows === 0 ? `all that ${record.name} names by ${lookup.field} is there` : how,
    writes: describeWays(ways, maker.target),
    partial: null,
    rejectsBytes: 0,
    notes: [],
    stops: [],
    aggregates: [],
    shape: null,
  };
  assertPlanAddsUp(maker.name, counts, context.run.command === "run" ? batches : undefined);
  context.emit({
    type: "planned",
    stream: maker.name,
    counts,
    how: stream.how ?? "",
    warnings: 0,
    batches: batches.length,
  });
  return { stream, batches };
}

/** Gives how many records there are; no file where there are none. */
async function writePlan(
  { engine }: RunContext,
  { written, field, index }: CompiledLookup,
  { target: { key } }: Stream,
  { plan, path }: { plan: string; path: string },
): Promise<number> {
  // Of an attempt that was killed.
  rmSync(path, { force: true });
  const mark = newRecordMark(written);
  const named = `after.${identifier(field)}`;
  const pack = (value: (part: number) => string) =>
    `struct_pack(${key.map((name, part) => `${identifier(name)} := ${value(part)}`).join(", ")})`;
  const select = `SELECT 'create' AS action, w.key, CAST(NULL AS VARCHAR) AS id, CAST(NULL AS VARCHAR) AS version,
      ${pack(() => "CAST(NULL AS VARCHAR)")} AS before, ${pack((part) => `w.asked_${part}`)} AS after,
      [${key.map(literal).join(", ")}] AS changed, n.row, n.part, n.position,
      CAST(NULL AS VARCHAR) AS _refused_, CAST(NULL AS VARCHAR) AS _remarked_
    FROM (SELECT substr(${named}, ${mark.length + 1}) AS key, min(row) AS row, arg_min(part, row) AS part,
        arg_min(position, row) AS position FROM ${readParquet(plan)}
      WHERE list_contains(changed, ${literal(field)}) AND starts_with(${named}, ${literal(mark)}) GROUP BY 1) n
    JOIN ${wantedKeys(index)} w ON w.key = n.key ORDER BY n.row`;
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM (${select})`);
  if (Number(rows) === 0) return 0;
  await writeParquet(engine, select, path);
  syncFile(path);
  return Number(rows);
}
