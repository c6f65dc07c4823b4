// What a rollback takes out of what two jobs agree on: pairs whose record it has deleted. In: results of a rollback. Out:
// the base without them. What must hold: that a copy is taken back is no deletion of what it was made of, which the twin
// would carry; of a base that is lost nothing is agreed on anyway.

import { join } from "node:path";
import type { TwinRecord } from "../../checkpoint/twin-record.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { outcomeColumns } from "../../load/results.ts";
import { foldId } from "../../load/row-key.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { writeParquet } from "../../stage/parquet.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { fetchKept, keepFile } from "../run/kept-file.ts";
import { placeOfJob } from "../run/memory-owner.ts";
import { baseFolder, type Side } from "../run/twin-base.ts";
import type { SettledTwin } from "./settled-twin.ts";

/** Undefined where nothing of it was agreed on. */
export async function settleUndone(context: RunContext, stream: Stream): Promise<SettledTwin | undefined> {
  const { engine, run } = context;
  const found = findPair(context, stream);
  if (found === undefined) return undefined;
  const { record, side } = found;
  const copy = join(subfolder(context, "twin"), `base-${stream.name}.parquet`);
  const file = { path: join(baseFolder(context), record.file), sha256: record.sha256 };
  if ((await fetchKept(engine, file, copy)) !== undefined) return undefined;
  const base = `read_parquet(${literal(copy)})`;
  const isGone = `${foldId(identifier(`${side}:`))} IN (${selectDeleted(context, stream)})`;
  const { rows: gone } = await engine.one(`SELECT count(*) AS rows FROM ${base} WHERE ${isGone}`);
  if (Number(gone) === 0) return undefined;
  const name = `${run.id}-${stream.name}.parquet`;
  const path = join(subfolder(context, "twin"), name);
  const rows = await writeParquet(engine, `SELECT * FROM ${base} WHERE NOT coalesce(${isGone}, false)`, path);
  const sha256 = await keepFile(path, baseFolder(context));
  return { twin: { ...record, file: name, sha256, rows, run: run.id }, outdated: [file.path] };
}

/** What the job and its twin have agreed on of this stream's records, and which side of it these are. */
function findPair(context: RunContext, stream: Stream): { record: TwinRecord; side: Side } | undefined {
  const { job, run, ledger } = context;
  if (job.twin === undefined) return undefined;
  const isFirst = job.name < job.twin.name;
  const { object, connection } = stream.target;
  const target = `${targetOf(context, connection).orgId} ${object.toLowerCase()}`;
  const own = placeOfJob(context, run.jobFile);
  const names = [job.name, job.twin.name] as const;
  const record = (isFirst ? ledger.twins.of(...names) : ledger.twins.of(names[1], names[0])).find((one) => {
    const at = isFirst ? `${one.secondOrg} ${one.secondObject}` : `${one.firstOrg} ${one.firstObject}`;
    return at === target && (isFirst ? one.firstFile : one.secondFile) === own && one.file !== "";
  });
  return record === undefined ? undefined : { record, side: isFirst ? "2" : "1" };
}

function selectDeleted(context: RunContext, stream: Stream): string {
  const batches = context.ledger.batches(context.run.id, stream.name);
  const settled = batches.filter(({ state, succeeded }) => state === "settled" && succeeded > 0);
  const results = scanCsvFiles(
    settled.map((batch) => resultsPath(context, batch)),
    outcomeColumns,
  );
  return `SELECT match_key FROM ${results} WHERE action = 'delete' AND outcome = 'loaded'`;
}
