// What a run has written of a stream, from its plan and its results. In: the run that is to be taken back. Out: table `landed`
// with a row for each record that was written, or may have been. Must hold: nothing counts as written that no result says;
// what nobody knows of is told, and never touched.

import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import type { BatchRecord } from "../../checkpoint/ledger.ts";
import { linkFile } from "../../core/files.ts";
import { identifier, literal } from "../../core/sql.ts";
import { headerOf } from "../../formats/csv-header.ts";
import type { Stream } from "../../job/job.ts";
import { outcomeColumns } from "../../load/results.ts";
import { foldId } from "../../load/row-key.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { readParquet } from "../../stage/parquet.ts";
import { batchPath, resultsPath } from "../batches/batch-files.ts";
import type { WrittenStream } from "../compile/compiled-stream.ts";
import { keyOfBatch } from "../load/settle-batch.ts";
import type { RunContext } from "../run/context.ts";

import { runFolder, verifyRunFile } from "../run/run-files.ts";
import { undoneFolder } from "../run/undone-files.ts";
import { readKeyed } from "./keyed-records.ts";

export const landedTable = "landed";

export interface UndoneRun {
  id: string;
  folder: string;
}

export function undoneRun({ folder, run }: Pick<RunContext, "folder" | "run">): UndoneRun {
  const id = run.options.rollback?.run ?? "";
  return { id, folder: runFolder(join(folder, "..", ".."), id) };
}

/** A row was written so that its record is there, or changed, or gone. One that is still to be given its links is there. */
const isLanded = "outcome IN ('loaded', 'unlinked')";

/**
 * Makes `landed`: n, key, action, id, changed, before, after as the run's plan has them, and doubt, which is NULL but for rows
 * of which it is not known what they were written into, or whether they were.
 */
export async function findLanded(
  context: RunContext,
  written: WrittenStream,
  undone: UndoneRun,
  plan: string,
): Promise<void> {
  const { engine, ledger } = context;
  const { stream } = written;
  const batches = ledger.batches(undone.id, stream.name);
  const results: string[] = [];
  const untold: string[] = [];
  for (const batch of batches) {
    const told = await takeResults(context, undone, batch);
    if (told !== undefined) results.push(told);
    else if (batch.state !== "planned") untold.push(await selectUntold(context, stream, undone, batch));
  }
  const told = [
    `SELECT action, match_key, id, outcome, message FROM ${scanCsvFiles(results, outcomeColumns)}`,
    ...untold,
  ].join(" UNION ALL ");
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${landedTable} AS
    WITH told AS (SELECT action, match_key, any_value(nullif(id, '')) FILTER (${isLanded}) AS id, bool_or(${isLanded}) AS landed,
        bool_or(outcome = 'loaded' AND coalesce(message, '') <> '') AS met,
        bool_or(outcome IN ('missing', 'contradictory')) AS doubtful
      FROM (${told}) GROUP BY ALL)
    SELECT p.file_row_number AS n, p.key, p.action, coalesce(t.id, p.id) AS id, p.version, p.changed, p.before, p.after,
      CASE WHEN NOT t.landed THEN ${literal(`nobody knows whether run ${undone.id} wrote it`)}
        WHEN p.action = 'create' AND t.met THEN 'it met a record that was there already: what that one held before is not known' END AS doubt
    FROM ${readParquet(plan)} p JOIN told t
      ON t.action = p.action AND t.match_key = CASE WHEN p.action = 'create' THEN p.key ELSE ${foldId("p.id")} END
    WHERE t.landed OR t.doubtful`);
  await findIds(context, written);
}

/** What was made by a kind of write that tells no ids is found by its key. */
async function findIds(context: RunContext, { stream, fieldSchemas }: WrittenStream): Promise<void> {
  const { engine } = context;
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${landedTable} WHERE id IS NULL AND doubt IS NULL`);
  if (Number(rows) === 0) return;
  const { key: names } = stream.target;
  const key = names.flatMap((name) => fieldSchemas.get(name) ?? []);
  const tell = (message: string, which = "true") =>
    engine.run(
      `UPDATE ${landedTable} SET doubt = ${literal(message)} WHERE id IS NULL AND doubt IS NULL AND (${which})`,
    );
  if (key.length < names.length || key.some(({ comparedBy }) => comparedBy !== undefined)) {
    await tell("the target did not tell its id");
    return;
  }
  const cells = names.map((name) => `after.${identifier(name)} AS ${identifier(name)}`);
  const wanted = `(SELECT ${cells.join(", ")} FROM ${landedTable} WHERE id IS NULL AND doubt IS NULL)`;
  const present = await readKeyed(context, stream, { key, fields: key, rows: wanted, name: "ids" });
  await engine.run(`CREATE OR REPLACE TEMP TABLE keyed AS
    SELECT _key_ AS key, any_value(_id_) AS id, count(*) AS hits FROM (${present}) GROUP BY 1`);
  await tell(
    "the target did not tell its id, and its key finds several records",
    "key IN (SELECT key FROM keyed WHERE hits > 1)",
  );
  // One that no key finds is gone.
  await engine.run(`UPDATE ${landedTable} SET id = k.id FROM keyed k
    WHERE ${landedTable}.key = k.key AND ${landedTable}.id IS NULL AND doubt IS NULL`);
}

/** A file that the run left, in this run's folder: it may be purged meanwhile. Throws a Failure where it is not what was left. */
export async function takeFile(
  context: RunContext,
  undone: UndoneRun,
  { what, path, sha256 }: { what: string; path: string; sha256: string | null },
): Promise<string> {
  const taken = join(undoneFolder(context), relative(undone.folder, path));
  await linkFile(path, taken);
  await verifyRunFile({ run: undone.id, what, path: existsSync(taken) ? taken : path, sha256 });
  return taken;
}

/** The results of a batch; undefined where the target never gave any. */
async function takeResults(context: RunContext, undone: UndoneRun, batch: BatchRecord): Promise<string | undefined> {
  if (batch.resultsSha256 === null) return undefined;
  const what = `results of batch ${batch.number} of stream ${batch.stream}`;
  return takeFile(context, undone, { what, path: resultsPath(undone, batch), sha256: batch.resultsSha256 });
}

/** Rows of a batch that was sent, or may have been, and of which there is no word. */
async function selectUntold(
  context: RunContext,
  stream: Stream,
  undone: UndoneRun,
  batch: BatchRecord,
): Promise<string> {
  const what = `batch ${batch.number} of stream ${batch.stream}`;
  const path = await takeFile(context, undone, { what, path: batchPath(undone, batch), sha256: batch.sha256 });
  const key = await keyOfBatch(context, stream, batch);
  return `SELECT ${literal(batch.action)}, ${key.of()}, NULL, 'missing', NULL FROM ${scanCsvFiles([path], headerOf(path))}`;
}
