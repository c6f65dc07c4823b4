// Creates that meet a record which somebody made since the plan, told by the call that would have made it. In: a batch of
// which nothing was sent; its outcomes later. Out: such rows as conflicts. What must hold: only where the target itself
// refuses to make a second record with the key: that is surer than looking before, and takes no call of its own.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { outcomesTable } from "../../load/results.ts";
import { countOf } from "../../report/numbers.ts";
import { sizeOf } from "../batches/forecast.ts";
import { externalIdOf, isLookedAtAgain, operationOf } from "../batches/ways.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { readKeyNow } from "./present-now.ts";

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
 * A batch as it goes out. What `createOnly` made an insert, and an earlier attempt may have sent, is an upsert again: a record
 * that is there by then may be ours or another's, and no time of making tells which. Either way it gets the row's values.
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

/** Marks the refused rows of table `outcomes` whose key a record has by now. */
export async function markMade(context: RunContext, stream: Stream, batch: BatchRecord): Promise<void> {
  if (!isCreatedOnly(stream, batch)) return;
  const { engine } = context;
  const refused = `SELECT n FROM ${outcomesTable} WHERE outcome = 'failed'`;
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM (${refused})`);
  if (Number(rows) === 0) return;
  const [key = ""] = stream.target.key;
  const { keys } = await readKeyNow(context, stream, batch, { key, where: `n IN (${refused})` });
  await engine.run(`UPDATE ${outcomesTable} SET outcome = 'conflict', error = ${literal(madeSince)}
    WHERE n IN (${refused}) AND match_key IN (${keys})`);
  await engine.run(
    `INSERT INTO explained VALUES (${literal(madeSince)}, ${literal(key)}, ${literal(madeSince)}, NULL)`,
  );
}
