// Updates and deletes looked at again before they are sent: records that `target.where` keeps from being touched by now.
// In: a batch of which nothing was sent. Out: SQL of the rows that must not be written, with why.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { identifier } from "../../core/sql.ts";
import { type Diagnostic, diagnosticsFailure } from "../../job/diagnostics.ts";
import type { Stream } from "../../job/job.ts";
import { foldId } from "../../load/row-key.ts";
import { compileWhere } from "../compile/target-where.ts";
import { readWithin } from "../diff/within.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { batchRows } from "./present-now.ts";

/** SELECT of the numbers of rows that must not be written, with the field and why: n, field, message. */
export type StaleRows = string | undefined;

/**
 * Updates and deletes of records that `target.where` is not true of any more. In the run that planned them only where records
 * can be asked for by name.
 */
export async function findOutside(context: RunContext, stream: Stream, batch: BatchRecord): Promise<StaleRows> {
  const target = targetOf(context, stream.target.connection);
  const { idColumn, namedKeysMax } = target.capabilities;
  const { engine, job, signal } = context;
  if (stream.target.where === undefined || (!context.isResumed && batch.rows > namedKeysMax)) return undefined;
  const problems: Diagnostic[] = [];
  const where = await compileWhere(
    { engine, job, stream, target },
    await target.describe(stream.target.object),
    problems,
  );
  if (where === undefined) throw diagnosticsFailure(problems);
  const id = identifier(idColumn);
  const input = { engine, target, compiled: { stream }, snapshotFolder: subfolder(context, "snapshot"), signal };
  const named = `SELECT ${id} AS id FROM ${batchRows(batch)}`;
  const within = await readWithin(input, where, named, `${batch.number}-within`);
  return `SELECT _n_ AS n, CAST(NULL AS VARCHAR) AS field, 'the record is gone, or not in target.where any more' AS message
    FROM ${batchRows(batch)} WHERE ${foldId(id)} NOT IN (${within})`;
}
