// One stream from a kept plan to its batches. In: a stream, and the plan that an earlier run made of it. Out: its record
// and batches, in the ledger as those of a plan of this run. Must hold: what is written is what the plan says, row by row
// and field by field; what was inserted since is not inserted again.

import { rmSync } from "node:fs";
import { assertPlanAddsUp } from "../../checkpoint/accounts.ts";
import type { PartRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import { pathInCommand } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import { syncFile } from "../../core/files.ts";
import { noCounts } from "../../core/model.ts";
import { selectKeys } from "../../diff/keys.ts";
import type { Stream } from "../../job/job.ts";
import { countOf } from "../../report/numbers.ts";
import { readParquet } from "../../stage/parquet.ts";
import { planInserted } from "../batches/planned-inserts.ts";
import { chooseWays, describeWays } from "../batches/ways.ts";
import { writeBatches } from "../batches/write-batches.ts";
import { compileAgain } from "../compile/compile-in-run.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { describeWritten } from "../compile/written-stream.ts";
import { dedupeKeys } from "../diff/dedupe-rows.ts";
import { keyField } from "../diff/diff-input.ts";
import { fetchInserted, selectKnown, stageOfRun } from "../diff/inserted.ts";
import { refuseInsertedFiles } from "../extract/extract-stream.ts";
import { refuseOtherFile } from "../load/other-file.ts";
import { lookupFolder } from "../lookups/found-records.ts";
import { resolveLookup } from "../lookups/resolve-lookup.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { findDelivered, memoryOwner } from "../run/memory-owner.ts";
import { beganAfterPlan } from "../run/plan-age.ts";
import { stalePlan } from "../run/stale-plan.ts";
import { refuseAltered } from "../shape/altered.ts";
import { stageStream } from "../stage/stage-stream.ts";
import { takeOver } from "./take-over.ts";

/** Makes the batches of a kept plan. Throws a Failure (7) where it can't be written any more. */
export async function applyStream(context: RunContext, stream: Stream): Promise<StreamRecord> {
  const { ledger, run, emit } = context;
  const planned = findPlanned(context, stream);
  const target = targetOf(context, stream.target.connection);
  refuseOther(context, planned, target.orgId);
  const record: StreamRecord = { ...planned, run: run.id, state: "extracting" };
  ledger.saveStream(record);
  if (planned.plan === null) {
    const empty: StreamRecord = { ...record, state: "planned", counts: noCounts() };
    ledger.savePlan({ stream: empty, batches: [] });
    return empty;
  }
  const { plan, parts } = await takeOver(context, stream, planned);
  const stageFolder = subfolder(context, "stage");
  const compiled =
    stream.target.undoes === true
      ? await describeWritten(context, stream)
      : await compileUnchanged(context, stream, { plan, parts, stageFolder });
  await refuseAltered(
    context,
    stream,
    planned.shape,
    `make it anew: loadline plan ${pathInCommand(context.run.jobFile)}`,
  );
  const counts = planned.counts ?? noCounts();
  const ways = chooseWays(target, compiled, counts, context.budget.callsLeft(stream.target.connection));
  context.ways.set(stream.name, ways);
  const batches = await writeBatches(context, compiled, plan, ways);
  // Before the plan is claimed; once more before the file is written.
  await refuseOtherFile(context, stream, batches);
  syncFile(plan);
  assertPlanAddsUp(stream.name, counts, takesWholeFiles(target) ? undefined : batches);
  const ready: StreamRecord = { ...record, state: "planned", plan, counts, writes: describeWays(ways, stream.target) };
  failpoint("taken-over");
  ledger.savePlan({ stream: ready, batches, inserted: await planInserted(context, compiled, { plan, batches }) });
  failpoint("planned");
  rmSync(stageFolder, { recursive: true, force: true });
  const how = planned.how ?? "";
  emit({ type: "planned", stream: stream.name, counts, how, warnings: 0, batches: batches.length });
  return ready;
}

interface TakenOver {
  plan: string;
  parts: PartRecord[];
  stageFolder: string;
}

/** Throws a Failure (7) where other runs have written since what the plan would write again. */
async function compileUnchanged(
  context: RunContext,
  stream: Stream,
  { plan, parts, stageFolder }: TakenOver,
): Promise<CompiledStream> {
  const compiled = await compileAgain(context, stream, parts);
  if (stream.target.mode === "insert") await refuseInserted(context, compiled, parts, { plan, stageFolder });
  if (stream.target.mode === "delta") refuseOtherDelivered(context, stream);
  refuseOtherWaiting(context, stream);
  return compiled;
}

function findPlanned({ ledger, run }: RunContext, stream: Stream): StreamRecord {
  const found = ledger.streams(run.options.plan ?? "").find(({ name }) => name === stream.name);
  if (found !== undefined && found.state === "planned") return found;
  throw stalePlan(`plan ${run.options.plan ?? ""} has no stream ${stream.name}`, {
    next: `make it anew: loadline plan ${pathInCommand(run.jobFile)}`,
  });
}

function refuseOther({ run }: RunContext, { connection, org }: StreamRecord, now: string): void {
  if (org === now) return;
  throw stalePlan(`plan ${run.options.plan ?? ""} was made against org ${org}, ${connection} is now ${now}`, {
    why: "a plan is of the records of one org",
    next: `point ${connection} back at that org, or make the plan anew: loadline plan ${pathInCommand(run.jobFile)}`,
  });
}

/** The rows are staged once more: what they are is not in the plan. What they look up is no part of that. */
async function refuseInserted(
  context: RunContext,
  compiled: CompiledStream,
  parts: PartRecord[],
  { plan, stageFolder }: { plan: string; stageFolder: string },
): Promise<void> {
  const { engine, run, signal } = context;
  const { stream } = compiled;
  await refuseInsertedFiles(context, stream, parts);
  const onPart = () => signal.throwIfAborted();
  await stageStream({
    engine,
    compiled,
    parts,
    folder: stageFolder,
    onPart,
    // As the plan found it.
    resolveLookup: async (lookup, wanted, again) =>
      (await resolveLookup({ context, compiled, lookup, wanted, folder: lookupFolder(context), again })).table,
  });
  const known = await fetchInserted(context, compiled);
  if (known === undefined) return;
  const isDeduped = stream.dedupe !== undefined;
  if (isDeduped) {
    const groups = selectKeys({ stage: stageOfRun, key: compiled.key.map(keyField), ...dedupeKeys(compiled) });
    await engine.runAll(groups);
  }
  const there = selectKnown(known, stageOfRun, `(SELECT row AS _row_ FROM ${readParquet(plan)})`, isDeduped);
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM (${there})`);
  if (Number(rows) === 0) return;
  const were = Number(rows) === 1 ? "was" : "were";
  throw stalePlan(`${countOf(Number(rows), "row")} of stream ${stream.name} ${were} inserted since the plan was made`, {
    why: "applied, it would insert them a second time",
    next: `make it anew: loadline plan ${pathInCommand(run.jobFile)}`,
  });
}

/** What changed is told by what the file was given last. */
function refuseOtherDelivered(context: RunContext, stream: Stream): void {
  const delivered = findDelivered(context, stream);
  if (delivered === undefined || !beganAfterPlan(context, delivered.run)) return;
  throw stalePlan(`run ${delivered.run} has written ${stream.target.object} since the plan was made`, {
    next: `make it anew: loadline plan ${pathInCommand(context.run.jobFile)}`,
  });
}

/** Rows that wait for a parent are what the plan found waiting, less those that it takes: no other run may have changed them. */
function refuseOtherWaiting(context: RunContext, stream: Stream): void {
  if (stream.source.kind !== "files") return;
  const changed = context.ledger.waiting(memoryOwner(context, stream));
  if (changed === undefined || !beganAfterPlan(context, changed.run)) return;
  throw stalePlan(`run ${changed.run} has taken or kept rows of stream ${stream.name} that wait for a parent`, {
    why: "the plan knows of the rows that waited before",
    next: `make it anew: loadline plan ${pathInCommand(context.run.jobFile)}`,
  });
}
