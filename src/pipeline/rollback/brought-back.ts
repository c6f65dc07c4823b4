// Which deleted records can be brought back as they were. In: ids of records that the run deleted and that are not there. Out:
// table `brought_back` (id, folded). Must hold: one that an earlier rollback of the run was refused is not in it: it is made anew.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { identifier } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { outcomeColumns } from "../../load/results.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { readParquet } from "../../stage/parquet.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { readRecords } from "../run/read-records.ts";
import { takeFile } from "./landed-rows.ts";

export const broughtBackTable = "brought_back";

/** `names`: SELECT of the ids as `name`, each once. */
export async function findBroughtBack(context: RunContext, stream: Stream, run: string, names: string): Promise<void> {
  const { engine, signal } = context;
  const target = targetOf(context, stream.target.connection);
  const { object } = stream.target;
  const { idColumn } = target.capabilities;
  if ((await target.describe(object)).undeletable !== true) {
    await engine.run(`CREATE OR REPLACE TEMP TABLE ${broughtBackTable} AS SELECT '' AS id LIMIT 0`);
    return;
  }
  const deleted = await readRecords(
    { engine, target },
    {
      object,
      fields: [],
      deleted: true,
      by: idColumn,
      names,
      folder: subfolder(context, "snapshot"),
      name: `${stream.name}-deleted`,
      signal,
    },
  );
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${broughtBackTable} AS SELECT DISTINCT ${foldId(identifier(idColumn))} AS id
    FROM ${deleted} WHERE ${foldId(identifier(idColumn))} NOT IN (${await selectRefused(context, stream, run)})`);
}

/**
 * A sentence for each field by which records of `undone` name a parent that this rollback makes anew: it has another id, and
 * they come back without it.
 */
export async function tellLostParents(context: RunContext, { fields }: Stream, undone: string): Promise<string[]> {
  const told: string[] = [];
  for (const { target, parent } of fields) {
    const plan = join(context.folder, "plan", `${parent?.stream}.parquet`);
    if (parent === undefined || !existsSync(plan)) continue;
    const made = `SELECT lower(key) FROM ${readParquet(plan)} WHERE action = 'create'`;
    const { rows } = await context.engine.one(`SELECT count(*) AS rows FROM ${undone}
      WHERE action = 'undelete' AND NOT is_done AND lower(after.${identifier(target)}) IN (${made})`);
    if (Number(rows) === 0) continue;
    const names = Number(rows) === 1 ? "names" : "name";
    told.push(
      `${target}: ${countOf(Number(rows), "record")} that ${Number(rows) === 1 ? "comes" : "come"} back ${names} one that is made anew with another id, and ${Number(rows) === 1 ? "is" : "are"} left without it: set it by hand, or by a run of the job`,
    );
  }
  return told;
}

/** SELECT of the ids that earlier rollbacks of the run could not bring back. */
async function selectRefused(context: RunContext, { name }: Stream, undone: string): Promise<string> {
  const { ledger, folder, run, job } = context;
  const runs = join(folder, "..");
  const results: string[] = [];
  for (const { id, options } of ledger.runs({ job: job.name })) {
    if (options.rollback?.run !== undone || id === run.id) continue;
    const own = join(runs, id);
    for (const batch of ledger.batches(id, name)) {
      if (batch.action !== "undelete" || batch.failed === 0 || batch.resultsSha256 === null || !existsSync(own))
        continue;
      const what = `results of batch ${batch.number} of stream ${name}`;
      const path = resultsPath({ folder: own }, batch);
      results.push(await takeFile(context, { id, folder: runs }, { what, path, sha256: batch.resultsSha256 }));
    }
  }
  return `SELECT match_key FROM ${scanCsvFiles(results, outcomeColumns)} WHERE match_key IS NOT NULL AND outcome = 'failed'`;
}
