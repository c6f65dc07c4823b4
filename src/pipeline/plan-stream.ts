// One stream from its source to its plan and batch files: extract → stage (transform, validate) → diff → plan.
// In: a stream, and what the ledger knows of it. Out: its record with counts, plan and batches. Must hold: what is planned
// is in the ledger, hashed, before anything is sent.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { assertPlanAddsUp } from "../checkpoint/accounts.ts";
import type { StreamRecord } from "../checkpoint/ledger.ts";
import { takesWholeFiles } from "../contract/target.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { failpoint } from "../core/failpoint.ts";
import { hashFile, syncFile } from "../core/files.ts";
import { noCounts, type StreamCounts } from "../core/model.ts";
import { literal } from "../core/sql.ts";
import { partial, together, type Wholeness, whole } from "../core/wholeness.ts";
import type { Stream } from "../job/job.ts";
import { followsSource } from "../job/mode.ts";
import { countOf } from "../report/numbers.ts";
import { inOrderOfCount } from "../report/reject-reasons.ts";
import { refuseFullDisk } from "../stage/free-space.ts";
import { keepLater, selectLater, selectUnmade } from "./batches/later-fields.ts";
import { planMadeRecords } from "./batches/plan-made.ts";
import { planInserted } from "./batches/planned-inserts.ts";
import { chooseWays, describeWays } from "./batches/ways.ts";
import { writeBatches } from "./batches/write-batches.ts";
import type { CompiledStream } from "./compile/compiled-stream.ts";
import { tellIdlePolicies } from "./compile/idle-policies.ts";
import { tellKeptAssociations } from "./compile/kept-associations.ts";
import { tellLossyCasts } from "./compile/lossy-casts.ts";
import { tellMap } from "./compile/tell-map.ts";
import { nameComing } from "./diff/coming-records.ts";
import { readDelivered } from "./diff/delivered.ts";
import { diffStream } from "./diff/diff-stream.ts";
import { countByOthers, countDoubtful, fetchInserted, type KnownInserts } from "./diff/inserted.ts";
import { openKeptPresent } from "./diff/kept-present.ts";
import { refuseLostLookups } from "./diff/lookups.ts";
import { openTwoWay } from "./diff/two-way.ts";
import { wholeAsAsked, wholeAsTaken } from "./diff/whole-source.ts";
import { type ExtractedStream, extractStream } from "./extract/extract-stream.ts";
import { findOlder } from "./extract/newer-rows.ts";
import { judgePlan } from "./guards/judge-plan.ts";
import { judgeReplaced } from "./guards/replaced-rows.ts";
import { markFound } from "./load/other-file.ts";
import { lookupFolder } from "./lookups/found-records.ts";
import { resolveLookup, type ToldLookup } from "./lookups/resolve-lookup.ts";
import { keepLookedUpRows } from "./lookups/stream-rows.ts";
import { reconcileStream } from "./reconcile/take-drift.ts";
import { judgeRun } from "./rows/judge-run.ts";
import { keepLeftOut, mayBeNamed, selectLeftOut } from "./rows/left-out.ts";
import { keepWarnedReasons } from "./rows/reject-reasons.ts";
import { keepRejects, rejectsPath } from "./rows/rejects.ts";
import { stopsOfRules } from "./rows/rule-stops.ts";
import { keepStayedRows } from "./rows/stayed-rows.ts";
import { keepsWaiting, keepWaitingRows } from "./rows/waiting-rows.ts";
import { tellWarned } from "./rows/warnings.ts";
import { isOneOrg, type RunContext, reportProgress, sourceOf, subfolder, targetOf } from "./run/context.ts";
import { newStreamRecord } from "./run/stream-record.ts";
import { keepToldPresent } from "./run/told-present.ts";
import { findChangedBack } from "./settle/written.ts";
import { findDrift } from "./shape/drift.ts";
import { stageStream } from "./stage/stage-stream.ts";
import type { StagedStream } from "./stage/staged-stream.ts";

/** Rows of a stream in the engine, with what becomes of each. */
export interface ComparedStream {
  compiled: CompiledStream;
  staged: StagedStream;
  /** The plan's Parquet file. */
  plan: string;
}

/** `look`: sees the rows while the engine still has them, for a trial that shows them one by one. */
export async function planStream(
  context: RunContext,
  stream: Stream,
  look?: (compared: ComparedStream) => Promise<void>,
): Promise<StreamRecord> {
  const record: StreamRecord = {
    ...newStreamRecord(context, stream),
    partial: knownRecord(context, stream)?.partial ?? null,
  };
  context.ledger.saveStream(record);
  const extracted = await extractStream(context, stream);
  if (extracted !== undefined && context.job.lineage !== undefined) tellMap(context, extracted.compiled);
  return extracted === undefined
    ? planNothing(context, record)
    : planParts(context, extracted, { ...record, partial: knownRecord(context, stream)?.partial ?? null }, look);
}

function knownRecord({ ledger, run }: RunContext, stream: Stream): StreamRecord | undefined {
  return ledger.streams(run.id).find(({ name }) => name === stream.name);
}

/** Whether what a run takes is all of the source, before a row of it is read. */
function wholeBeforeReading(context: RunContext, stream: Stream, record: StreamRecord): Wholeness {
  const { ledger, run } = context;
  return together([
    wholeAsAsked(stream, run.options, sourceOf(context, stream.source.connection).records),
    wholeAsTaken(ledger.takes(run.id, stream.name)),
    record.partial === null ? whole : partial(record.partial),
  ]);
}

/** What a plan says beside its changes. */
function noteWholeness({ run }: RunContext, stream: Stream, wholeness: Wholeness): string[] {
  const { mode } = stream.target;
  if (run.options.reconcile !== undefined && wholeness.kind === "partial") {
    const why = wholeness.why.join("; ");
    return [`the source is not known to be whole, and what is only in the target may be in the rest of it: ${why}`];
  }
  if (!followsSource(mode) || wholeness.kind === "whole") return [];
  const isMeant = mode === "history" && stream.source.kind === "object" && stream.source.incremental !== undefined;
  const does = mode === "history" ? "ends no version for want of a row" : "deletes nothing";
  return isMeant ? [] : [`${mode} ${does}, for the source is not whole: ${wholeness.why.join("; ")}`];
}

/** Streams that this run plans later. */
function comingAfter({ job, run }: RunContext, stream: Stream): Set<string> {
  const place = job.streams.findIndex(({ name }) => name === stream.name);
  const names = job.streams.slice(place + 1).map(({ name }) => name);
  return new Set(names.filter((name) => run.options.streams?.includes(name) ?? true));
}

/** Rows of streams before that name what only this one was to make, and does not. */
async function tellUnmade(context: RunContext, stream: Stream, plan: string): Promise<string[]> {
  const told: string[] = [];
  for (const { name } of context.job.streams) {
    const later = name === stream.name ? undefined : selectLater(context, name);
    if (later === undefined) continue;
    const unmade = selectUnmade(later, new Map([[stream.name, plan]]));
    const { rows } = await context.engine.one(`SELECT count(DISTINCT key) AS rows FROM (${unmade})
      WHERE streams = [${literal(stream.name)}]`);
    if (Number(rows) === 0) continue;
    const names = Number(rows) === 1 ? "names a record" : "name records";
    told.push(
      `${countOf(Number(rows), "row")} of stream ${name} ${names} that this stream does not make: told as failed, without it`,
    );
  }
  return told;
}

/** Rows whose parent is not there are no failure of the run, but nobody should miss them. */
function tellWaiting(context: RunContext, stream: Stream, { waiting }: StreamCounts): string[] {
  if (waiting === 0) return [];
  const [wait, they] = waiting === 1 ? ["waits", "it is"] : ["wait", "they are"];
  const kept = stream.source.kind !== "files" || keepsWaiting(context, stream);
  const then = kept
    ? `${they} taken up by the run that finds it`
    : `${they} not kept, for the file is taken again as a whole`;
  return [`${countOf(waiting, "row")} ${wait} for a parent: ${then}`];
}

/** There is no file to take: nothing is compared, and nothing will be written. */
function planNothing({ ledger, emit, job, run }: RunContext, record: StreamRecord): StreamRecord {
  if (run.options.reconcile !== undefined) {
    throw new Failure(exitCode.failed, `stream ${record.name}: there is no file to compare with`, {
      why: "files that runs have moved or deleted are no source any more",
      next: "put them back for the pass, or take the other streams (--streams)",
    });
  }
  const planned: StreamRecord = { ...record, state: "planned", counts: noCounts(), how: "no file to take" };
  const makers = job.streams.filter(({ madeFor }) => madeFor?.stream === record.name);
  const made = makers.map(({ name, target: { object, mode } }) => ({ ...planned, name, object, mode }));
  ledger.savePlan(
    { stream: planned, batches: [] },
    made.map((stream) => ({ stream, batches: [] })),
  );
  const { name: stream } = record;
  emit({ type: "planned", stream, counts: noCounts(), how: "no file to take", warnings: 0, batches: 0 });
  return planned;
}

async function planParts(
  context: RunContext,
  { compiled, columns, parts, seen, notes: ofSource, shape: sourceShape }: ExtractedStream,
  record: StreamRecord,
  look: ((compared: ComparedStream) => Promise<void>) | undefined,
): Promise<StreamRecord> {
  const { engine, emit, ledger, run } = context;
  const { stream } = compiled;
  emit({ type: "step-started", stream: stream.name, step: "stage" });
  const stageFolder = subfolder(context, "stage");
  refuseFullDisk(
    context.folder,
    parts.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  const toldLookups = new Map<number, ToldLookup>();
  const older = await findOlder(context, stream, parts);
  const staged = await stageStream({
    engine,
    compiled,
    parts,
    folder: stageFolder,
    onPart: () => context.signal.throwIfAborted(),
    resolveLookup: async (lookup, wanted, again) => {
      const found = await resolveLookup({ context, compiled, lookup, wanted, folder: lookupFolder(context), again });
      toldLookups.set(lookup.index, found.told);
      return found.table;
    },
  });
  const lookups = [...toldLookups.values()];
  const known = staged.parts.map(({ part, hasLines }) => ({ ...part, careful: hasLines }));
  ledger.addParts(run.id, stream.name, known);
  for (const { part } of staged.parts.filter(({ careful }) => careful)) {
    emit({ type: "warning", message: `${part.label} is not plain CSV throughout: it was read record by record` });
  }
  for (const message of staged.words) emit({ type: "warning", message });
  failpoint("staged");
  context.budget.refuseIfReached();
  emit({ type: "step-started", stream: stream.name, step: "diff" });
  const plan = join(subfolder(context, "plan"), `${stream.name}.parquet`);
  const reconcile = reconcileStream(context, compiled, plan);
  const inserted = reconcile === undefined ? await fetchInserted(context, compiled) : undefined;
  const twoWay = reconcile === undefined ? await openTwoWay(context, compiled) : undefined;
  // A trial keeps nothing.
  const kept = look === undefined ? openKeptPresent(context, compiled) : undefined;
  const diff = await diffStream({
    engine,
    compiled,
    staged,
    target: targetOf(context, stream.target.connection),
    selection: context.run.options,
    timezone: context.job.timezone,
    taken: wholeBeforeReading(context, stream, record),
    ...(seen === undefined ? {} : { seen }),
    ...(older === undefined ? {} : { older }),
    ...(inserted === undefined ? {} : { inserted }),
    ...(reconcile === undefined ? {} : { reconcile }),
    ...(twoWay === undefined ? {} : { twoWay }),
    ...(kept === undefined ? {} : { kept }),
    ...(stream.target.mode === "delta" ? { delivered: await readDelivered(context, stream) } : {}),
    snapshotFolder: subfolder(context, "snapshot"),
    planPath: plan,
    refuseRows: () =>
      refuseLostLookups({
        engine,
        compiled,
        job: context.job,
        target: targetOf(context, stream.target.connection),
        stage: staged.view,
        plans: plansOf(context),
        leftOut: (name) => selectLeftOut(context, name),
        coming: comingAfter(context, stream),
        isOneOrg: (left, right) => isOneOrg(context, left, right),
        folder: subfolder(context, "snapshot"),
        signal: context.signal,
      }),
    signal: context.signal,
    onSnapshot: (rows) => reportProgress(context, stream.name, "snapshot", "rows")(rows, 0),
  });
  if (diff.told !== undefined) keepToldPresent(context.folder, stream.name, diff.told);
  await keepLookedUpRows(context, compiled, staged);
  await look?.({ compiled, staged, plan });
  const leftOut =
    inserted === undefined ? undefined : await tellLeftOut(context, stream, diff.counts.unchanged, inserted);
  const how = [leftOut ?? diff.how, ...lookups.map(({ found }) => found)].join("; ");
  const ofRun = await judgeRun(context, compiled, staged);
  const changedBack = await findChangedBack(context, stream, plan);
  const counts: StreamCounts = { ...diff.counts, changedBack: changedBack.values };
  const told = changedBack.sentence === undefined ? [] : [changedBack.sentence];
  const drift = findDrift(context, compiled, sourceShape);
  const guarded = await judgePlan(context, compiled, { counts, plan, stage: staged.view });
  const replaced = await judgeReplaced(context, stream, counts, diff.wholeness);
  const notes = [
    ...compiled.ddl.map((statement) => `before it loads: ${statement}`),
    ...replaced.notes,
    ...ofSource,
    ...drift.notes,
    ...lookups.flatMap(({ missed }) => missed ?? []),
    ...noteWholeness(context, stream, diff.wholeness),
    ...diff.remarks,
    ...tellWaiting(context, stream, counts),
    ...(await keepLater(context, {
      stream: stream.name,
      plan,
      counts,
      mayName: comingAfter(context, stream).size > 0,
    })),
    ...(await tellUnmade(context, stream, plan)),
    ...tellKeptAssociations(compiled),
    ...tellIdlePolicies(compiled),
    ...(await tellLossyCasts(engine, compiled)),
    ...told,
    ...ofRun.notes,
    ...guarded.notes,
    ...(await nameComing({ engine, stream, plans: plansBeside(context, stream) })),
    ...(counts.rounded === 0 ? [] : [`${countOf(counts.rounded, "value")} rounded to what the field has room for`]),
    ...(leftOut === undefined ? [] : [`${leftOut}; --again inserts them a second time`]),
  ];
  for (const note of notes) emit({ type: "warning", message: `${stream.name}: ${note}` });
  const { bytes: rejectsBytes, failed } = await keepRejects(context, compiled, staged, counts);
  const warned = [...(diff.warned > 0 ? await tellWarned(engine, compiled, staged) : []), ...ofRun.warnings];
  if (warned.length > 0) keepWarnedReasons(context.folder, stream.name, inOrderOfCount(warned));
  await keepStayedRows(context, compiled, staged, counts);
  await keepWaitingRows(context, compiled, staged, counts);
  if (mayBeNamed(context.job, stream)) await keepLeftOut(context, compiled, staged);
  const { connection } = stream.target;
  const ways = chooseWays(targetOf(context, connection), compiled, diff.counts, context.budget.callsLeft(connection));
  context.ways.set(stream.name, ways);
  const batches = await writeBatches(context, compiled, plan, ways);
  syncFile(plan);
  if (rejectsBytes > 0) syncFile(rejectsPath(context, stream.name));
  const planned: StreamRecord = {
    ...record,
    state: "planned",
    plan,
    planSha256: await hashFile(plan),
    counts,
    how,
    writes: describeWays(ways, stream.target),
    rejectsBytes,
    notes,
    stops: [...stopsOfRules(stream.name, failed), ...ofRun.stops, ...drift.stops, ...guarded.stops, ...replaced.stops],
    aggregates: ofRun.aggregates,
    shape: drift.shape,
    measured: guarded.measured,
    // A trial writes nothing, and asks no folder.
    found: look === undefined ? await markFound(context, stream) : null,
  };
  const made = await planMadeRecords(context, { compiled, columns, plan, record: planned });
  failpoint("diffed");
  const isSent = run.command === "run" && !takesWholeFiles(targetOf(context, connection));
  assertPlanAddsUp(stream.name, counts, isSent ? batches : undefined);
  const toInsert = await planInserted(context, compiled, { plan, batches });
  ledger.savePlan({ stream: planned, batches, inserted: toInsert }, made);
  failpoint("planned");
  rmSync(join(context.folder, "snapshot"), { recursive: true, force: true });
  rmSync(stageFolder, { recursive: true, force: true });
  emit({
    type: "planned",
    stream: stream.name,
    counts,
    how,
    warnings: diff.warnings,
    batches: batches.length,
  });
  return planned;
}

/** Rows that are there already are not sent, and nobody should wonder why. */
async function tellLeftOut(
  context: RunContext,
  { dedupe }: Stream,
  rows: number,
  inserted: KnownInserts,
): Promise<string | undefined> {
  if (rows === 0) return undefined;
  const byOthers = dedupe === undefined ? 0 : await countByOthers(context, inserted);
  const others =
    byOthers === 0 ? "" : `; of ${byOthers} of them another row of the same record was (dedupe.by), with its values`;
  const doubtful = await countDoubtful(context, inserted);
  const doubt = doubtful === 0 ? "" : ` (of ${doubtful} of them nobody knows: the run that sent them was given up)`;
  return `${countOf(rows, "row")} inserted before: left out${doubt}${others}`;
}

/** Of streams that write the same object of the same org. */
function plansBeside(context: RunContext, stream: Stream): Map<Stream, string> {
  const plans = plansOf(context);
  const { connection, object } = stream.target;
  const others = context.job.streams.filter(({ name, target }) => {
    return name !== stream.name && isOneOrg(context, target.connection, connection) && target.object === object;
  });
  return new Map(
    others.flatMap((other) => {
      const plan = plans.get(other.name);
      return plan === undefined ? [] : [[other, plan] as const];
    }),
  );
}

function plansOf({ ledger, run }: RunContext): Map<string, string> {
  return new Map(ledger.streams(run.id).flatMap(({ name, plan }) => (plan === null ? [] : [[name, plan] as const])));
}
