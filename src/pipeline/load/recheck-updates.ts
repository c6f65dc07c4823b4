// Updates looked at again before they are sent: fields that a policy keeps from being written by now. In: a batch of which
// nothing was sent. Out: SQL of the rows that must not be written, with why.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { identifier, literal } from "../../core/sql.ts";
import { type Diagnostic, diagnosticsFailure } from "../../job/diagnostics.ts";
import type { Policy, Stream } from "../../job/job.ts";
import { foldId } from "../../load/row-key.ts";
import { readParquet } from "../../stage/parquet.ts";
import { storedReading } from "../../values/value.ts";
import { headerOf } from "../batches/batch-files.ts";
import { nameParents } from "../compile/parents.ts";
import { compileWhere } from "../compile/target-where.ts";
import { readWithin } from "../diff/within.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { batchRows, readPresent } from "./present-now.ts";
import { resolveFields } from "./settle-batch.ts";

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
  return `SELECT n, CAST(NULL AS VARCHAR) AS field, 'the record is gone, or not in target.where any more' AS message
    FROM ${batchRows(batch)} WHERE ${foldId(id)} NOT IN (${within})`;
}

/** Updates that would fill a field which is not empty any more, or write one that was changed since the row was newer. */
export async function findWritten(context: RunContext, stream: Stream, batch: BatchRecord): Promise<StaleRows> {
  const target = targetOf(context, stream.target.connection);
  const { idColumn } = target.capabilities;
  const named = nameParents(context.job, stream, await target.describe(stream.target.object));
  const columns = headerOf(batch.path);
  const of = (wanted: Policy) =>
    named.fields
      .filter(({ target: name, policy }) => policy === wanted && columns.includes(name))
      .map(({ target: name }) => name);
  const [filling, newest] = [of("fill_empty"), of("newest")];
  const { plan } = context.ledger.streams(context.run.id).find(({ name }) => name === stream.name) ?? {};
  if (filling.length + newest.length === 0 || plan === undefined || plan === null) return undefined;
  const fields = [...filling, ...newest];
  const present = await readPresent(context, stream, batch, { what: "written", fields, key: [idColumn], by: idColumn });
  const id = foldId(identifier(idColumn));
  const filled = filling.map(
    (name) => `SELECT b.n, ${literal(name)} AS field, 'the field was filled since the plan' AS message
      FROM (SELECT n, ${id} AS id, ${identifier(name)} AS given FROM ${batchRows(batch)}) b
      JOIN (SELECT ${id} AS id, ${identifier(name)} AS held FROM ${present}) p ON p.id = b.id
      WHERE coalesce(b.given, '') <> '' AND coalesce(p.held, '') <> ''`,
  );
  const changed = (await resolveFields(target, named, newest)).map((field) => {
    const name = identifier(field.name);
    const { value, stored } = target.render(field, name, "VARCHAR", storedReading);
    return `SELECT b.n, ${literal(field.name)} AS field, 'the field was changed since the plan found the row newer' AS message
      FROM (SELECT n, ${id} AS id, ${name} AS given FROM ${batchRows(batch)}) b
      JOIN (SELECT ${id} AS id, ${stored ?? value} AS held FROM ${present}) p ON p.id = b.id
      JOIN (SELECT ${foldId("id")} AS id, before.${name} AS held FROM ${readParquet(plan)} WHERE action = 'update') d ON d.id = b.id
      WHERE coalesce(b.given, '') <> '' AND p.held IS DISTINCT FROM d.held`;
  });
  return [...filled, ...changed].join(" UNION ALL ");
}
