// Creates that meet a record which somebody made since the plan. Of a batch of which nothing was sent that is told by the
// call that would have made it, where the target itself refuses to make a second record with the key: that is surer than
// looking before, and takes no call of its own. Of one that may have been sent the record may be ours: it is looked at.
// Out: such rows as conflicts. What must hold: no value of another is written over unseen.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { outcomesTable } from "../../load/results.ts";
import { keyOfFields } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import { readParquet } from "../../stage/parquet.ts";
import { sizeOf } from "../batches/forecast.ts";
import { externalIdOf, isLookedAtAgain, operationOf } from "../batches/ways.ts";
import { nameParents } from "../compile/parents.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { unanswered } from "./answered-rows.ts";
import { readBothSides, tellFields } from "./changed-since.ts";
import { resolveFields } from "./known-fields.ts";
import { batchRows, readKeyNow } from "./present-now.ts";

/** Why rows are held back. */
export const changedSince = "changed in the target since the plan";
export const madeSince = "the record was made since the plan";

export function tellHeldBack(rows: number, why: string): string {
  return `${countOf(rows, "row")} ${why}: not written`;
}

/** Has a run that is gone on with make its records by a call that finds none of the key, in place of asking for them first. */
export async function createOnly(context: RunContext, stream: Stream, batch: BatchRecord): Promise<boolean> {
  const { via, state, operation, action } = batch;
  if (via !== "collections" || state !== "planned" || operation !== "upsert" || action !== "create") return false;
  // A plan that is applied is refused as a whole, or told before it is written; what a link names comes by upserts.
  if (context.run.command === "apply" || isLookedAtAgain(stream, batch) || sizeOf(stream, batch).parents > 0)
    return false;
  const target = targetOf(context, stream.target.connection);
  const schema = await target.describe(stream.target.object);
  if (externalIdOf("insert", stream.target, target, schema) === undefined) return false;
  context.ledger.advance(batch, "planned", { operation: "insert" });
  return true;
}

/**
 * A batch as it goes out. What `createOnly` made an insert, and an earlier attempt may have sent, is an upsert again: what is
 * there by then, and was not held back by `findMadeOtherwise`, may have what the row gives it, whosever it is.
 */
export function asSent(stream: Stream, batch: BatchRecord): BatchRecord {
  const isSent = batch.again || batch.state === "committed";
  return isSent && isCreatedOnly(stream, batch) ? { ...batch, operation: "upsert" } : batch;
}

/** Made so by `createOnly`. */
export function isCreatedOnly({ target }: Stream, { via, action, operation }: BatchRecord): boolean {
  const planned = operationOf(action, target);
  return via === "collections" && action === "create" && operation === "insert" && planned === "upsert";
}

/**
 * SELECT (n, field, message) of creates that may have been sent, and whose key a record has by now that holds something else
 * in a field of the row. One that holds just this may be ours, or as good as ours. No time of making tells which. Undefined
 * where the row is but its key.
 */
export async function findMadeOtherwise(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
): Promise<string | undefined> {
  const { engine, ledger, run } = context;
  const { plan } = ledger.streams(run.id).find(({ name }) => name === stream.name) ?? {};
  const isOpen = unanswered(context, batch);
  if (plan === undefined || plan === null) return undefined;
  const target = targetOf(context, stream.target.connection);
  const named = nameParents(context.job, stream, await target.describe(stream.target.object));
  const [key = ""] = stream.target.key;
  const [by] = await resolveFields(target, stream, [key]);
  if (by === undefined) return undefined;
  const written = named.fields.filter(({ own }) => own !== false).map((field) => field.target);
  const resolved = await resolveFields(target, stream, written);
  // An association more takes nothing from a record.
  const fields = resolved.filter(({ name, several }) => name !== key && several !== true);
  const open = `SELECT _n_ AS n, ${identifier(key)} AS name, ${keyOfFields(target, [by]).of()} AS id FROM ${batchRows(batch)} WHERE ${isOpen}`;
  await readBothSides(context, named, {
    rows: `SELECT key AS id, key, action, version, changed, before, after FROM ${readParquet(plan)}
      WHERE action = 'create' AND key IN (SELECT id FROM (${open}))`,
    names: `SELECT DISTINCT name FROM (${open})`,
    by,
    fields,
    keys: [],
  });
  const told = await tellFields(context, named, fields, ({ name }) => `list_contains(p.changed, ${literal(name)})`);
  if (told.length > 0)
    await engine.run(`CREATE OR REPLACE TEMP TABLE made_otherwise AS
      SELECT o.n, t.field, t.message FROM (${open}) o JOIN (${told.join(" UNION ALL ")}) t USING (id)`);
  await engine.run("DROP TABLE both_sides");
  return told.length === 0 ? undefined : "SELECT n, field, message FROM made_otherwise";
}

/** Marks the refused rows of table `outcomes` whose key a record has by now. */
export async function markMade(context: RunContext, stream: Stream, batch: BatchRecord): Promise<void> {
  if (!isCreatedOnly(stream, batch)) return;
  const { engine } = context;
  const refused = `SELECT n FROM ${outcomesTable} WHERE outcome = 'failed'`;
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM (${refused})`);
  if (Number(rows) === 0) return;
  const [key = ""] = stream.target.key;
  const { keys } = await readKeyNow(context, stream, batch, { key, where: `_n_ IN (${refused})` });
  // What it was refused for may be something else, and is still to be mended then.
  const because = `${literal(madeSince)} || coalesce(' (' || message || ')', '')`;
  await engine.run(`CREATE OR REPLACE TEMP TABLE made AS SELECT o.n, ${because} AS message
    FROM ${outcomesTable} o LEFT JOIN explained e USING (error) WHERE n IN (${refused}) AND match_key IN (${keys})`);
  await engine.run(
    `UPDATE ${outcomesTable} o SET outcome = 'conflict', error = made.message FROM made WHERE made.n = o.n`,
  );
  await engine.run(
    `INSERT INTO explained SELECT DISTINCT message, ${literal(key)}, message, CAST(NULL AS VARCHAR) FROM made`,
  );
}
