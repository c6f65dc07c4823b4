// A person's decision on writes in doubt. In: the batches in doubt of a run, whether their rows landed, and the keys of
// the rows that this is known of, if not of all. Out: batches that are settled, stand to be sent again, or stay in doubt.
// What must hold: a row whose result is known is never sent again; rows of which different things are known go into
// batches of their own, in one transaction with the batch that they leave.

import { existsSync } from "node:fs";
import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { usageFailure } from "../../core/errors.ts";
import { literal } from "../../core/sql.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { Stream } from "../../job/job.ts";
import { outcomeColumns } from "../../load/results.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { verifyRunFile } from "../run/run-files.ts";
import { nextNumber, numbered, writePart } from "./part-of-batch.ts";
import { batchRows } from "./present-now.ts";
import { keyOfBatch } from "./settle-batch.ts";

export interface Decision {
  became: "landed" | "not-landed";
  /** As the target was sent them; of updates and deletes the ids. All rows in doubt if not given. */
  keys?: readonly string[];
}

const keysShownMax = 3;

/** Records what a person found out about the writes in doubt of a run. Throws a Failure (2) on a key not in doubt. */
export async function decide(context: RunContext, { became, keys }: Decision): Promise<void> {
  const doubtful = context.ledger.batches(context.run.id).filter(({ state }) => state === "in-doubt");
  const judgement = { became, why: "by decision" };
  if (keys === undefined) {
    for (const batch of doubtful) await decideAll(context, batch, judgement);
    return;
  }
  await context.engine.run("CREATE OR REPLACE TEMP TABLE named (key VARCHAR)");
  await context.engine.run(`INSERT INTO named SELECT DISTINCT unnest([${keys.map(literal).join(", ")}])`);
  await listDoubtful(context, doubtful);
  await refuseOtherKeys(context);
  for (const batch of doubtful) await decideSome(context, batch, judgement, "d.key IN (SELECT key FROM named)");
}

/**
 * Rows in doubt that the target has have landed: BOOLEAN SQL over a batch's rows. Those that it has not may be on their way
 * yet, and stay in doubt. Gives how many were found.
 */
export async function settleFound(context: RunContext, batch: BatchRecord, isFound: string): Promise<number> {
  await context.engine.run(
    `CREATE OR REPLACE TEMP TABLE found AS SELECT _n_ AS n FROM ${batchRows(batch)} WHERE ${isFound}`,
  );
  await listDoubtful(context, [batch]);
  return decideSome(context, batch, { became: "landed", why: "found by their keys" }, "d.n IN (SELECT n FROM found)");
}

interface Judgement {
  became: Decision["became"];
  why: string;
}

async function decideAll(context: RunContext, batch: BatchRecord, { became, why }: Judgement): Promise<void> {
  const { ledger } = context;
  if (became === "landed") {
    const succeeded = batch.succeeded + batch.inDoubt;
    ledger.advance(batch, "settled", { succeeded, inDoubt: 0, message: `landed, ${why}` });
  } else if (batch.resultsSha256 === null) {
    // Nothing is known of any row of its file.
    // Over a file that is another by now as well.
    const again = targetOf(context, streamOf(context, batch).target.connection).writes.wholeFile !== undefined;
    const message = "sent again, by decision";
    ledger.advance(batch, "intent", { handle: null, inDoubt: 0, message, ...(again ? { again } : {}) });
  } else {
    await listDoubtful(context, [batch]);
    ledger.split(batch, "settled", { inDoubt: 0 }, [await writeDoubtful(context, batch, "planned", "true")]);
  }
}

/** `isNamed`: BOOLEAN SQL over `doubtful d`. Gives of how many rows of the batch that is true. */
async function decideSome(
  context: RunContext,
  batch: BatchRecord,
  judgement: Judgement,
  isNamed: string,
): Promise<number> {
  const { rows } = await context.engine.one(
    `SELECT count(*) AS rows FROM doubtful d WHERE ${isBatch(batch)} AND ${isNamed}`,
  );
  const named = Number(rows);
  if (named === 0) return 0;
  if (named === batch.inDoubt) {
    await decideAll(context, batch, judgement);
    return named;
  }
  const { became } = judgement;
  const parts = [await writeDoubtful(context, batch, "in-doubt", `NOT ${isNamed}`)];
  if (became === "not-landed") parts.push(await writeDoubtful(context, batch, "planned", isNamed, 1));
  const succeeded = batch.succeeded + (became === "landed" ? named : 0);
  context.ledger.split(batch, "settled", { succeeded, inDoubt: 0 }, parts);
  return named;
}

/** Makes `doubtful`: the rows that the target gave no clear result of, by their number in the batch and their key. */
async function listDoubtful(context: RunContext, batches: readonly BatchRecord[]): Promise<void> {
  await context.engine.run(
    "CREATE OR REPLACE TEMP TABLE doubtful (batch INTEGER, stream VARCHAR, n BIGINT, key VARCHAR)",
  );
  for (const batch of batches) await addDoubtful(context, batch);
}

async function addDoubtful(context: RunContext, batch: BatchRecord): Promise<void> {
  const { engine } = context;
  const stream = streamOf(context, batch);
  const { shown } = await keyOfBatch(context, stream, batch);
  const results = resultsPath(context, batch);
  const { run, number, path, sha256, resultsSha256 } = batch;
  const what = `batch ${number} of stream ${batch.stream}`;
  await verifyRunFile({ run, what, path, sha256 });
  if (resultsSha256 !== null)
    await verifyRunFile({ run, what: `results of ${what}`, path: results, sha256: resultsSha256 });
  // Results are kept in the order of the batch; a batch that never gave any is in doubt as a whole.
  const unclear = existsSync(results)
    ? `n IN (SELECT _n_ FROM ${numbered(scanCsvFiles([results], outcomeColumns))} WHERE outcome IN ('missing', 'contradictory'))`
    : "true";
  const sent = `SELECT _n_ AS n, ${shown} AS key FROM ${numbered(scanCsvFiles([batch.path], headerOf(batch.path)))}`;
  await engine.run(
    `INSERT INTO doubtful SELECT ${batch.number}, ${literal(batch.stream)}, n, key FROM (${sent}) WHERE ${unclear}`,
  );
}

function streamOf({ job }: RunContext, batch: BatchRecord): Stream {
  const stream = job.streams.find(({ name }) => name === batch.stream);
  if (stream === undefined) throw new Error(`job ${job.name} has no stream ${batch.stream}`);
  return stream;
}

async function refuseOtherKeys({ engine, run }: RunContext): Promise<void> {
  const others = await engine.all("SELECT key FROM named ANTI JOIN doubtful USING (key) ORDER BY key");
  if (others.length === 0) return;
  const shown = others.slice(0, keysShownMax).map(({ key }) => `"${String(key)}"`);
  const more = others.length > shown.length ? ` and ${others.length - shown.length} more` : "";
  throw usageFailure(`no row in doubt of run ${run.id} has the key ${shown.join(", ")}${more}`, {
    why: "nothing was recorded: a decision counts for all the keys that it names, or for none",
    next: `loadline show ${run.id}`,
  });
}

/** Rows in doubt of a batch as one of their own. `ahead`: the number of new batches that come before it. */
async function writeDoubtful(
  context: RunContext,
  batch: BatchRecord,
  state: "planned" | "in-doubt",
  condition: string,
  ahead = 0,
): Promise<BatchRecord> {
  const number = nextNumber(context, batch.stream) + ahead;
  const numbers = `SELECT d.n FROM doubtful d WHERE ${isBatch(batch)} AND ${condition}`;
  const part = await writePart(context, batch, number, numbers);
  if (state === "planned") return { ...part, message: `rows of batch ${batch.number} sent again, by decision` };
  return { ...part, state, handle: batch.handle, inDoubt: part.rows };
}

function isBatch({ number, stream }: BatchRecord): string {
  return `d.batch = ${number} AND d.stream = ${literal(stream)}`;
}
