// Deletes that are not sent: where rows of a child were not written, their records may still hang on a parent that is to
// go, and would go with it. What must hold: only batches of which nothing was sent; they are settled as not written, and
// the next run plans its deletes anew.

import type { Target } from "../../contract/target.ts";
import { failpoint } from "../../core/failpoint.ts";
import { identifier } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import { isOneOrg, type RunContext, targetOf } from "../run/context.ts";
import { selectTakers } from "./cascades.ts";
import { batchRows } from "./present-now.ts";
import { settleUnsent, splitOff } from "./recheck.ts";

export async function holdBackDeletes(context: RunContext, streams: readonly Stream[]): Promise<void> {
  const { ledger, run, emit } = context;
  for (const stream of streams) {
    const waiting = ledger
      .batches(run.id, stream.name)
      .filter(({ action, state }) => action === "delete" && state === "planned");
    if (waiting.length === 0) continue;
    const short = streams.filter((other) => other !== stream && countUnwritten(context, other) > 0);
    if (short.length === 0) continue;
    const children = await listDescendants(targetOf(context, stream.target.connection), stream.target.object);
    const child = short.find(
      ({ target }) =>
        isOneOrg(context, target.connection, stream.target.connection) && children.has(target.object.toLowerCase()),
    );
    if (child === undefined) continue;
    const rows = waiting.reduce((sum, batch) => sum + batch.rows, 0);
    const message = `${countOf(rows, "delete")} held back: ${countOf(countUnwritten(context, child), "row")} of stream ${child.name} could not be written, and their records may be its children`;
    for (const batch of waiting) await settleUnsent(context, stream, batch, message);
    failpoint("held-back");
    emit({ type: "warning", message: `${stream.name}: ${message}` });
  }
}

/**
 * What a rollback deletes takes nothing along that stays: records that others have hung on a record which the run had made. In:
 * a stream of which only deletes are left to do.
 */
export async function holdTakers(context: RunContext, stream: Stream): Promise<void> {
  const { ledger, run } = context;
  const { plan } = ledger.streams(run.id).find(({ name }) => name === stream.name) ?? {};
  const waiting = ledger
    .batches(run.id, stream.name)
    .filter(({ action, state }) => action === "delete" && state === "planned");
  if (waiting.length === 0 || plan === undefined || plan === null) return;
  const takers = await selectTakers(context, stream, plan);
  if (takers === undefined) return;
  const { idColumn } = targetOf(context, stream.target.connection).capabilities;
  for (const batch of waiting) {
    const rows = `SELECT b.n, CAST(NULL AS VARCHAR) AS field, 'deleting it would take along ' || t.children AS message
      FROM (SELECT _n_ AS n, ${foldId(identifier(idColumn))} AS id FROM ${batchRows(batch)}) b JOIN (${takers}) t USING (id)`;
    await splitOff(context, stream, batch, { rows, as: "conflict", why: "would take others along" });
  }
}

function countUnwritten({ ledger, run }: RunContext, { name }: Stream): number {
  return ledger
    .batches(run.id, name)
    .filter(({ action }) => action !== "delete")
    .reduce((sum, { failed, conflicts }) => sum + failed + conflicts, 0);
}

/** Objects, in small letters, whose records go with a record of this one. */
async function listDescendants(target: Target, object: string): Promise<Set<string>> {
  const found = new Set<string>();
  const open = [object];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    // Some a user may not see.
    const schema = await target.describe(next).catch(() => undefined);
    for (const link of schema?.cascades ?? []) {
      if (link.stays !== undefined) continue;
      if (found.has(link.object.toLowerCase())) continue;
      found.add(link.object.toLowerCase());
      open.push(link.object);
    }
  }
  return found;
}
