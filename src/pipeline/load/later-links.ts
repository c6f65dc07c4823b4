// Records that name each other in a circle, of one stream or over several: each is created without the records that it
// names, and given them by a second batch. In: a batch whose outcomes are known. Out: the batch that sets what its rows were
// created without. What must hold: it is in the ledger in one transaction with the outcomes; it goes by the key of records
// that are there, so that it may be sent again; where what is named is of another stream, it comes after all of them.

import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { identifier, literal } from "../../core/sql.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { Stream } from "../../job/job.ts";
import { outcomesTable } from "../../load/results.ts";
import { countOf } from "../../report/numbers.ts";
import { readParquet } from "../../stage/parquet.ts";
import { batchPath, unsent, writeBatchFile } from "../batches/batch-files.ts";
import { lastLevel, selectLater } from "../batches/later-fields.ts";
import { isOwnLink, nameParents } from "../compile/parents.ts";
import { type RunContext, targetOf } from "../run/context.ts";

/** The plan, and the fields of it that a batch left out. */
interface LeftOut {
  plan: string;
  fields: string[];
  /** BOOLEAN over the plan's creates: which rows were to have them. */
  isNaming: string;
  /** Of the batch that sets them. */
  level: number;
}

/** Marks the created rows of table `outcomes` that are to be given what they name: their outcome is that of the batch to come. False: there are none to look for. */
export async function markUnlinked(context: RunContext, stream: Stream, batch: BatchRecord): Promise<boolean> {
  const left = await findLeftOut(context, stream, batch);
  if (left === undefined) return false;
  await context.engine.run(`UPDATE ${outcomesTable} SET outcome = 'unlinked' WHERE outcome = 'loaded'
    AND match_key IN (SELECT key FROM ${readParquet(left.plan)} WHERE action = 'create' AND (${left.isNaming}))`);
  return true;
}

async function findLeftOut(context: RunContext, stream: Stream, batch: BatchRecord): Promise<LeftOut | undefined> {
  if (batch.action !== "create" || batch.operation !== "upsert" || batch.level >= lastLevel) return undefined;
  const { plan } = context.ledger.streams(batch.run).find(({ name }) => name === stream.name) ?? {};
  if (plan === undefined || plan === null) return undefined;
  const ofCircle = await listOwnLinks(context, stream, batch);
  const later = selectLater(context, stream.name);
  const rows =
    later === undefined ? [] : await context.engine.all(`SELECT DISTINCT field FROM (${later}) ORDER BY field`);
  const ofOthers = rows.map(({ field }) => String(field));
  const fields = [...new Set([...ofCircle, ...ofOthers])];
  if (fields.length === 0) return undefined;
  const isNaming = [
    ...ofCircle.map((name) => `after.${identifier(name)} IS NOT NULL`),
    ...(later === undefined ? [] : [`key IN (SELECT key FROM (${later}))`]),
  ].join(" OR ");
  return { plan, fields, isNaming, level: later === undefined ? batch.level + 1 : lastLevel };
}

/** Fields that name records of the same stream, and that a batch was sent without. */
async function listOwnLinks(context: RunContext, stream: Stream, batch: BatchRecord): Promise<string[]> {
  const target = targetOf(context, stream.target.connection);
  const schema = await target.describe(stream.target.object);
  const named = nameParents(context.job, stream, schema);
  const sent = headerOf(batch.path);
  const fields: string[] = [];
  for (const { target: name } of named.fields.filter(
    (field) => field.target.includes(".") && !sent.includes(field.target),
  )) {
    const field = await target.resolveField(schema, name);
    if (field !== undefined && isOwnLink(field, schema.object, named.target.key)) fields.push(name);
  }
  return fields;
}

export interface LaterLinks {
  batches: BatchRecord[];
  message: string;
}

/** Writes the batch that gives the marked rows what they name. */
export async function writeLaterLinks(
  context: RunContext,
  stream: Stream,
  batch: BatchRecord,
  number: number,
): Promise<LaterLinks> {
  const { engine } = context;
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${outcomesTable} WHERE outcome = 'unlinked'`);
  const left = Number(rows) === 0 ? undefined : await findLeftOut(context, stream, batch);
  if (left === undefined) return { batches: [], message: "" };
  const cells = [...stream.target.key, ...left.fields].map(
    (name) => `p.after.${identifier(name)} AS ${identifier(name)}`,
  );
  const select = `SELECT ${cells.join(", ")} FROM ${readParquet(left.plan)} p JOIN ${outcomesTable} o ON o.match_key = p.key
    WHERE p.action = ${literal(batch.action)} AND o.outcome = 'unlinked' ORDER BY o.n`;
  const file = await writeBatchFile(engine, select, batchPath(context, { stream: stream.name, number }));
  const message = `${countOf(Number(rows), "row")} created without what they name: it is set in batch ${number}`;
  // What an earlier batch made is no stranger's.
  const later = { ...batch, ...unsent, ...file, number, level: left.level, round: 0, again: true };
  return { batches: [{ ...later, message: `what rows of batch ${batch.number} name` }], message };
}
