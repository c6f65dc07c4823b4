// What updates wrote last, so that a value which the target changed back since is told and not sent for ever without a
// word: by a trigger, or a field that moves one way only. In: the plan and results of each run. Out: how many values of a
// plan are the very ones that were written before. What must hold: only what the target took counts as written, and it
// counts with the settling of its stream; values are kept as hashes; without the file nothing is told, and nothing else
// is different.

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { DeliveredRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import { now } from "../../core/clock.ts";
import { identifier, literal } from "../../core/sql.ts";
import { type Stream, writesFile } from "../../job/job.ts";
import { outcomeColumns } from "../../load/results.ts";
import { foldId } from "../../load/row-key.ts";
import { countOf } from "../../report/numbers.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { fetchKept, keepFile, keptFolder } from "../run/kept-file.ts";
import { findDelivered, memoryOwner } from "../run/memory-owner.ts";

/** What was written longer ago is forgotten: the file would only grow. */
const daysKept = 180;

/** Values of the plan that were written by the last update of their field and are different there now. */
export interface ChangedBack {
  values: number;
  /** For people: the fields, each with its count. */
  sentence: string | undefined;
}

export async function findChangedBack(context: RunContext, stream: Stream, plan: string): Promise<ChangedBack> {
  // What a file was given is kept by itself: nobody changes it back.
  const written = writesFile(stream.target.mode) ? undefined : await fetchWritten(context, stream);
  if (written === undefined) return { values: 0, sentence: undefined };
  const updates = await selectUpdates(context, plan);
  const found = await context.engine.all(`SELECT field, count(*) AS values FROM (${updates})
    SEMI JOIN ${written} USING (key, field, hash) GROUP BY field ORDER BY field`);
  const values = found.reduce((sum, row) => sum + Number(row["values"]), 0);
  if (values === 0) return { values, sentence: undefined };
  const fields = found.map((row) => `${String(row["field"])}: ${String(row["values"])}`).join(", ");
  const were = values === 1 ? "was written by an earlier run and has" : "were written by an earlier run and have";
  const it = values === 1 ? "it is" : "they are";
  const sentence = `written last run, changed back since: ${values} (${fields}). ${countOf(values, "value")} ${were} been changed in the target since; ${it} written again, and somebody should say which system decides`;
  return { values, sentence };
}

/**
 * Makes the file of what was written last, this run's updates among it: durable, and in force with its record.
 * `outdated` is the file that is needed no more then.
 */
export async function keepWritten(
  context: RunContext,
  stream: Stream,
  { plan, counts }: StreamRecord,
): Promise<{ delivered: DeliveredRecord; outdated: string | undefined } | undefined> {
  if (plan === null || (counts?.updates ?? 0) === 0 || writesFile(stream.target.mode)) return undefined;
  const { engine, run } = context;
  const today = literal(now().toISOString().slice(0, 10));
  const all = await selectUpdates(context, plan);
  const updates = `SELECT key, field, hash, CAST(${today} AS DATE) AS written FROM (${all})
    WHERE ${foldId("id")} NOT IN (${refusedIds(context, stream)})`;
  const before = await fetchWritten(context, stream);
  const others =
    before === undefined
      ? ""
      : ` UNION ALL SELECT key, field, hash, written FROM ${before}
          ANTI JOIN (SELECT key, field FROM (${all})) USING (key, field)
          WHERE written > CAST(${today} AS DATE) - ${daysKept}`;
  const file = `${run.id}-${stream.name}.parquet`;
  const path = join(subfolder(context, "stage"), file);
  await writeParquet(engine, `${updates}${others}`, path);
  const folder = keptFolder(context, "written");
  const sha256 = await keepFile(path, folder);
  rmSync(subfolder(context, "stage"), { recursive: true });
  const key = memoryOwner(context, stream);
  const old = findDelivered(context, stream)?.file;
  return {
    delivered: { ...key, key: stream.target.key, file, run: run.id, sha256 },
    outdated: old === undefined || old === file ? undefined : join(folder, old),
  };
}

/** SELECT of key, id, field and hash of each value that the plan's updates write. The plan names parents as the target does. */
async function selectUpdates({ engine }: RunContext, plan: string): Promise<string> {
  const described = await engine.all(
    `SELECT column_name AS name FROM (DESCRIBE SELECT unnest(after) FROM ${readParquet(plan)})`,
  );
  const names = described.map(({ name }) => String(name));
  const values = names.map((name) => `WHEN ${literal(name)} THEN after.${identifier(name)}`);
  // A blank that is written differs from every text.
  const value = `CASE field ${values.join(" ")} END`;
  return `SELECT key, id, field, left(md5(coalesce('=' || ${value}, '')), 16) AS hash
    FROM (SELECT key, id, after, unnest(changed) AS field FROM ${readParquet(plan)} WHERE action = 'update')
    WHERE key IS NOT NULL`;
}

/** SELECT of the records that the target did not take an update of. */
function refusedIds(context: RunContext, stream: Stream): string {
  const batches = context.ledger.batches(context.run.id, stream.name);
  const partly = batches.filter(({ action, succeeded, rows }) => action === "update" && succeeded < rows);
  if (partly.length === 0) return "SELECT '' LIMIT 0";
  const results = scanCsvFiles(
    partly.map((batch) => resultsPath(context, batch)),
    outcomeColumns,
  );
  return `SELECT match_key FROM ${results} WHERE outcome <> 'loaded' AND match_key IS NOT NULL`;
}

/** A copy in the run folder, where the engine may read it. */
async function fetchWritten(context: RunContext, stream: Stream): Promise<string | undefined> {
  const known = findDelivered(context, stream);
  if (known === undefined || known.key.join("\n") !== stream.target.key.join("\n")) return undefined;
  const kept = join(keptFolder(context, "written"), known.file);
  const path = join(subfolder(context, "stage"), `written-${stream.name}.parquet`);
  const lost = await fetchKept(context.engine, { path: kept, sha256: known.sha256 }, path);
  if (lost !== undefined) {
    const message = `${kept} is ${lost}: values that were changed back since they were written are not told this once`;
    context.emit({ type: "warning", message: `${stream.name}: ${message}` });
    return undefined;
  }
  return `read_parquet(${literal(path)})`;
}
