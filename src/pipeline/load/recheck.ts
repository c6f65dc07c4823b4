// Batches looked at again before they are sent: since they were planned, somebody may have filled a field that is only to
// be filled where it is empty, made a record that was to be created, or taken one out of what mirror may delete. In:
// batches of which nothing was sent, and calls that would be made once more. Out: the same without such rows; those are
// conflicts, told with why, and not written. What must hold: any other batch that may have been sent is left as it is; of a
// call that is made once more a row without an answer whose record is neither as it was nor as it was to be is another's by
// now; the rows that stay go into batches of their own in one transaction with the batch that they leave.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import { pathInCommand } from "../../core/errors.ts";
import { failpoint } from "../../core/failpoint.ts";
import { hashFile, syncFile } from "../../core/files.ts";
import { identifier, literal } from "../../core/sql.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { Stream } from "../../job/job.ts";
import { followsSource, replacesTable } from "../../job/mode.ts";
import { foldId, keyOfFields } from "../../load/row-key.ts";
import { jobsOf } from "../../load/write.ts";
import { countOf } from "../../report/numbers.ts";
import { readParquet } from "../../stage/parquet.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { isMatchedByUs } from "../batches/ways.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { hasBegunLoading } from "../run/resumable.ts";
import { stalePlan } from "../run/stale-plan.ts";
import { type Answers, answersOf, dropAnswers, isFullyAnswered, isNoneOf, writeAnswered } from "./answered-rows.ts";
import { type ChangedSince, findChangedSince, isOfPresent } from "./changed-since.ts";
import { resolveFields } from "./known-fields.ts";
import { changedSince, createOnly, findMadeOtherwise, madeSince, tellHeldBack } from "./made-since.ts";
import { refuseOtherFile } from "./other-file.ts";
import { findOutside, type StaleRows } from "./outside-where.ts";
import { nextNumber, writePart } from "./part-of-batch.ts";
import { batchRows, findPresentKeys, readKeyNow, readPresent } from "./present-now.ts";
import { keyOfBatch } from "./settle-batch.ts";

/** Takes the rows out of a stream's waiting batches that the target has changed under since they were planned. */
export async function recheckBatches(
  context: RunContext,
  stream: Stream,
  isWanted: (batch: BatchRecord) => boolean,
): Promise<void> {
  const target = targetOf(context, stream.target.connection);
  if (takesWholeFiles(target) && mayHaveChanged(context, stream))
    await refuseOtherFile(context, stream, context.ledger.batches(context.run.id, stream.name));
  if (takesWholeFiles(target) || replacesTable(stream.target)) return;
  const waiting: BatchRecord[] = [];
  const wanted = context.ledger.batches(context.run.id, stream.name).filter(isWanted);
  const repeated = wanted.filter((batch) => isRepeated(batch) && !isFullyAnswered(context, batch));
  for (const batch of wanted) {
    context.signal.throwIfAborted();
    const one = await takeBack(context, stream, batch);
    if (one !== undefined) waiting.push(one);
  }
  const scans = new Map<string, string>();
  const since = await target.explain(`reading the records of stream ${stream.name} again`, async () =>
    mayHaveChanged(context, stream) ? findChangedSince(context, stream, [...waiting, ...repeated]) : undefined,
  );
  if (since !== undefined)
    for (const batch of repeated.filter(({ action }) => isOfPresent(action)))
      await holdUnanswered(
        context,
        stream,
        batch,
        selectChanged(context, stream, batch, since, isOwnEnd(stream, batch)),
      );
  for (const batch of repeated.filter(({ action }) => action === "create"))
    await target.explain(`looking for the records of batch ${batch.number} of stream ${stream.name}`, async () => {
      const made = await findMadeOtherwise(context, stream, batch);
      if (made !== undefined) await holdUnanswered(context, stream, batch, made, madeSince);
    });
  for (const batch of waiting) {
    context.signal.throwIfAborted();
    await target.explain(`looking at batch ${batch.number} of stream ${stream.name} again`, () =>
      recheckBatch(context, stream, batch, { scans, since }),
    );
  }
}

/** What may have been sent when the run was killed, and would be sent once more: by then it may write over another's values. */
export function isRepeated({ via, state, action, operation, externalId, again }: BatchRecord): boolean {
  const isSeen = isOfPresent(action) ? operation !== "upsert" : action === "create" && externalId !== null;
  return via === "collections" && state === "committed" && isSeen && !again;
}

/** A record that is gone may be gone by the first attempt, and so may a version that an update ends: the target tells them. */
function isOwnEnd({ target }: Stream, { action }: BatchRecord): boolean {
  return action === "delete" || target.mode === "history";
}

/** Of what this process has planned itself the values are fresh, but to the eye of those who change the same fields. */
function mayHaveChanged({ run, isResumed }: RunContext, { twoWay }: Stream): boolean {
  return run.command === "apply" || isResumed || twoWay !== undefined;
}

/** A batch of which nothing was sent; what was uploaded and not acted on is thrown away. */
export async function takeBack(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
): Promise<BatchRecord | undefined> {
  // What an earlier attempt may have written is found again as its own.
  if (batch.again) return undefined;
  if (batch.state === "planned" || batch.state === "intent") return batch;
  if (batch.state !== "handle") return undefined;
  const target = targetOf(context, stream.target.connection);
  const isStopped = await target.explain(`giving up the upload of batch ${batch.number} of stream ${stream.name}`, () =>
    jobsOf(target).abandon(batch.handle ?? "", context.signal),
  );
  failpoint("abandoned");
  if (isStopped) return context.ledger.advance(batch, "intent", { handle: null });
  context.ledger.advance(batch, "committed");
  return undefined;
}

interface Known {
  /** Scans of all records, by stream. */
  scans: Map<string, string>;
  /** Records that are not as the plan saw them, where that was looked for. */
  since: ChangedSince | undefined;
}

async function recheckBatch(context: RunContext, stream: Stream, batch: BatchRecord, known: Known): Promise<void> {
  if (await createOnly(context, stream, batch)) return;
  const stale = await findStale(context, stream, batch, known);
  if (stale === undefined) return;
  const { onConflict } = context.run.options;
  if (onConflict === "fail" && !hasBegunLoading(context.ledger, context.run)) await refuseStale(context, stream, stale);
  await holdChanged(context, stream, batch, stale);
}

function holdChanged(context: RunContext, stream: Stream, batch: BatchRecord, rows: string): Promise<void> {
  return splitOff(context, stream, batch, { rows, as: "conflict", why: changedSince });
}

/** What is known to be written was changed after that, if it was: it is loaded, whatever its record holds by now. */
async function holdUnanswered(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  changed: string,
  why = changedSince,
): Promise<void> {
  const answered = answersOf(context, batch);
  const rows = `SELECT * FROM (${changed}) WHERE ${isNoneOf(answered, "n")}`;
  await splitOff(context, stream, batch, { rows, as: "conflict", why, answered });
}

interface SplitRows {
  /** SELECT of n, field, message. */
  rows: string;
  as: "conflict" | "failed";
  /** Why they are not written, of all of them. */
  why: string;
  /** What is known of others of the batch. */
  answered?: Answers;
}

/** Takes rows out of a batch: they are settled as not written, the others go into another one. */
export async function splitOff(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  { rows: stale, as, why, answered = new Map() }: SplitRows,
): Promise<void> {
  const { engine, ledger, emit } = context;
  await engine.run(`CREATE OR REPLACE TEMP TABLE stale_rows AS SELECT n, string_agg(DISTINCT field, ', ' ORDER BY field) AS field,
    string_agg(DISTINCT message, '; ' ORDER BY message) AS message FROM (${stale}) GROUP BY n`);
  const { rows } = await engine.one("SELECT count(*) AS rows FROM stale_rows");
  const count = Number(rows);
  if (count === 0) return;
  const number = nextNumber(context, stream.name);
  const parts = answered.size === 0 ? [] : [await writeAnswered(context, batch, number, answered)];
  const others = `SELECT _n_ FROM ${batchRows(batch)} WHERE _n_ NOT IN (SELECT n FROM stale_rows) AND ${isNoneOf(answered, "_n_")}`;
  if (count + answered.size < batch.rows)
    parts.push({ ...(await writePart(context, batch, number + parts.length, others)), ...asSentBefore(batch) });
  const path = await storeUnwritten(context, stream, batch, as);
  const message = tellHeldBack(count, why);
  const counts = as === "conflict" ? { conflicts: count } : { failed: count };
  ledger.split(batch, "settled", { ...counts, resultsSha256: await hashFile(path), message }, parts);
  failpoint("rechecked");
  dropAnswers(context, batch);
  emit({ type: "warning", message: `${stream.name}: ${message}` });
}

async function findStale(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  { scans, since }: Known,
): Promise<StaleRows> {
  if (!isOfPresent(batch.action)) return findMade(context, stream, batch, scans);
  const changed = since === undefined ? undefined : selectChanged(context, stream, batch, since);
  const outside = await findOutside(context, stream, batch);
  const kept = batch.action === "delete" ? await findKept(context, stream, batch) : undefined;
  const found = [outside, kept, changed].filter((one) => one !== undefined);
  return found.length === 0 ? undefined : found.join(" UNION ALL ");
}

/** `onlyThere`: what is gone is not told. */
function selectChanged(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  { table }: ChangedSince,
  onlyThere = false,
): string {
  const { idColumn } = targetOf(context, stream.target.connection).capabilities;
  return `SELECT b.n, c.field, c.message FROM (SELECT _n_ AS n, ${foldId(identifier(idColumn))} AS id FROM ${batchRows(batch)}) b
    JOIN ${table} c ON c.id = b.id${onlyThere ? " AND c.is_there" : ""}`;
}

/** The rest of what may have been sent may have been sent too. */
function asSentBefore({ state, handle, attempts }: BatchRecord): Partial<BatchRecord> {
  return state === "committed" ? { state, handle, attempts } : {};
}

/** Throws a Failure where a row must not be written. */
async function refuseStale({ engine, run }: RunContext, { name }: Stream, stale: string): Promise<void> {
  const { rows } = await engine.one(`SELECT count(DISTINCT n) AS rows FROM (${stale})`);
  if (Number(rows) === 0) return;
  throw stalePlan(`${countOf(Number(rows), "record")} of stream ${name} changed since the plan: nothing was written`, {
    why: "--on-conflict fail",
    next: `make the plan anew: loadline plan ${pathInCommand(run.jobFile)}; or hold such rows back with --on-conflict hold`,
  });
}

/** Settles a batch of which nothing was sent: each of its rows is told as not written, and why. */
export async function settleUnsent(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  why: string,
): Promise<void> {
  await context.engine.run(`CREATE OR REPLACE TEMP TABLE stale_rows AS
    SELECT _n_ AS n, CAST(NULL AS VARCHAR) AS field, ${literal(why)} AS message FROM ${batchRows(batch)}`);
  const path = await storeUnwritten(context, stream, batch, "conflict");
  context.ledger.advance(batch, "settled", {
    conflicts: batch.rows,
    resultsSha256: await hashFile(path),
    message: "held back",
  });
}

/** As results of a batch are kept: key, match_key, action, id, outcome, field, message. */
async function storeUnwritten(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  as: SplitRows["as"],
): Promise<string> {
  const key = await keyOfBatch(context, stream, batch);
  const { idColumn } = targetOf(context, stream.target.connection).capabilities;
  const id = headerOf(batch.path).includes(idColumn) ? identifier(idColumn) : "CAST(NULL AS VARCHAR)";
  const path = resultsPath(context, batch);
  const rows = `SELECT _n_, ${key.shown} AS _shown_, ${key.of()} AS _key_, ${id} AS _id_ FROM ${batchRows(batch)}`;
  const kept = `SELECT b._shown_ AS key, b._key_ AS match_key, ${literal(batch.action)} AS action, b._id_ AS id,
      ${literal(as)} AS outcome, s.field, s.message
    FROM (${rows}) b JOIN stale_rows s ON s.n = b._n_ ORDER BY b._n_`;
  await context.engine.run(`COPY (${kept}) TO ${literal(path)} (FORMAT csv, HEADER true, NULLSTR '', FORCE_QUOTE *)`);
  syncFile(path);
  return path;
}

/** Creates that would meet a record by now: one that has the key, or one without a key that is to be adopted. */
async function findMade(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  scans: Map<string, string>,
): Promise<StaleRows> {
  const {
    key: [key = ""],
    mode,
    undoes,
    adoptBy,
  } = stream.target;
  if (isMatchedByUs(stream.target) && (mode !== "insert" || undoes === true))
    return findDoubled(context, stream, batch, scans);
  if (batch.operation !== "upsert") return undefined;
  const { ofKey, keys } = await readKeyNow(context, stream, batch, { key });
  const made = `SELECT _n_ AS n, ${literal(key)} AS field, ${literal(madeSince)} AS message
    FROM ${batchRows(batch)} WHERE ${ofKey} IN (${keys})`;
  if (adoptBy === undefined || !headerOf(batch.path).includes(adoptBy)) return made;
  const target = targetOf(context, stream.target.connection);
  const like = await readPresent(context, stream, batch, {
    what: "like",
    fields: [key, adoptBy],
    key: [adoptBy],
    by: adoptBy,
  });
  const by = keyOfFields(target, await resolveFields(target, stream, [adoptBy])).of();
  const message = literal(`a record without a ${key} has this ${adoptBy}, and was not compared with the row`);
  return `${made} UNION ALL SELECT _n_ AS n, ${literal(adoptBy)} AS field, ${message} AS message FROM ${batchRows(batch)}
    WHERE ${by} IN (SELECT ${by} FROM ${like} WHERE coalesce(${identifier(key)}, '') = '')`;
}

/** Creates by several key fields, which to the target are no key: sent, they would double a record that is there by now. */
async function findDoubled(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  scans: Map<string, string>,
): Promise<StaleRows> {
  // Of what this process has planned a moment ago only what can be asked for by name is asked once more.
  const reads = mayHaveChanged(context, stream) ? "all" : "named";
  const found = await findPresentKeys(context, stream, batch, { reads, scans });
  if (found === undefined) return undefined;
  return `SELECT _n_ AS n, CAST(NULL AS VARCHAR) AS field, 'the record was made since the plan' AS message
    FROM ${batchRows(batch)} WHERE ${found}`;
}

/** Deletes by mirror of records that are gone or not in its scope by now, or have got another key. */
async function findKept(context: RunContext, stream: Stream, batch: BatchRecord): Promise<StaleRows> {
  const { scope, key, mode, undoes, connection } = stream.target;
  const { plan } = context.ledger.streams(context.run.id).find(({ name }) => name === stream.name) ?? {};
  if (!followsSource(mode) || undoes === true || plan === undefined || plan === null) return undefined;
  const target = targetOf(context, connection);
  const { idColumn, versionColumn } = target.capabilities;
  const fields = await resolveFields(target, stream, key);
  // A parent's key is not told by the record itself: there only a record that did not change is the same.
  const isPlain = fields.every(({ lookup, comparedBy }) => lookup === undefined && comparedBy === undefined);
  const read = isPlain ? key.filter((name) => name !== idColumn) : [];
  const within = scope === undefined ? {} : { scope };
  const present = await readPresent(context, stream, batch, {
    what: "kept",
    fields: read,
    key: [idColumn],
    by: idColumn,
    ...within,
  });
  const ofKey = isPlain ? keyOfFields(target, fields).of() : "CAST(NULL AS VARCHAR)";
  const gone = scope === undefined ? "the record is gone" : "the record is gone, or not in target.scope any more";
  const id = foldId(identifier(idColumn));
  return `SELECT b.n, NULL AS field, CASE WHEN p.id IS NULL THEN ${literal(gone)} ELSE 'the record has got another key' END AS message
    FROM (SELECT _n_ AS n, ${id} AS id FROM ${batchRows(batch)}) b
    JOIN (SELECT ${foldId("id")} AS id, version, key FROM ${readParquet(plan)} WHERE action = 'delete') d ON d.id = b.id
    LEFT JOIN (SELECT ${id} AS id, ${identifier(versionColumn)} AS version, ${ofKey} AS key FROM ${present}) p ON p.id = b.id
    WHERE p.id IS NULL OR (p.version IS DISTINCT FROM d.version AND p.key IS DISTINCT FROM d.key)`;
}
