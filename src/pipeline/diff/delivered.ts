// What a file target in mode delta has been given, so that the next run writes what changed since. In: the plan of a run
// and what earlier runs delivered. Out: the rows to compare with; after the load, every row as it was written last.
// What must hold: rows count as delivered in the transaction that settles their stream, so that a run that is killed
// before is compared with what went before it; where the file of them is lost, rows come again and none is left out.

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { DeliveredRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import { failpoint } from "../../core/failpoint.ts";
import { sizeOf } from "../../core/files.ts";
import { identifier, literal } from "../../core/sql.ts";
import { foldKey } from "../../diff/keys.ts";
import type { Stream } from "../../job/job.ts";
import { countOf } from "../../report/numbers.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { fetchKept, keepFile, keptFolder } from "../run/kept-file.ts";
import { findDelivered, memoryOwner, tellOtherOwner } from "../run/memory-owner.ts";
import type { PresentRecords } from "./diff-input.ts";

const noValue = "CAST(NULL AS VARCHAR)";

/** The rows as they were written last: none before the first run, and none where the job has had another key. */
export async function readDelivered(context: RunContext, stream: Stream): Promise<PresentRecords> {
  const { idColumn, versionColumn } = targetOf(context, stream.target.connection).capabilities;
  const ids = [idColumn, versionColumn].map((name) => `${noValue} AS ${identifier(name)}`);
  const delivered = await fetchDelivered(context, stream);
  if (delivered === undefined) {
    const other = tellOtherOwner(context, stream, context.ledger.delivered(memoryOwner(context, stream)));
    if (other !== undefined) context.emit({ type: "warning", message: other });
    const cells = namesOf(stream).map((name) => `${noValue} AS ${identifier(name)}`);
    return { scan: `(SELECT ${[...ids, ...cells].join(", ")} LIMIT 0)`, how: "nothing written before" };
  }
  const { rows } = await context.engine.one(`SELECT count(*) AS rows FROM ${delivered.scan}`);
  const scan = `(SELECT ${[...ids, ...selectFields(stream, delivered.columns)].join(", ")} FROM ${delivered.scan})`;
  return { scan, how: `${countOf(Number(rows), "row")} written before` };
}

/** A cell of a row that is written whole: its new value, or the one that stays. */
export function cellOfChanged(name: string): string {
  const column = identifier(name);
  return `CASE WHEN list_contains(changed, ${literal(name)}) THEN after.${column} ELSE before.${column} END`;
}

/**
 * Makes the file of all rows as they were written last, this run's among them: durable, and in force with its record.
 * `outdated` is the file that is needed no more then.
 */
export async function keepDelivered(
  context: RunContext,
  stream: Stream,
  { plan }: StreamRecord,
): Promise<{ delivered: DeliveredRecord; outdated: string | undefined } | undefined> {
  if (stream.target.mode !== "delta" || plan === null) return undefined;
  const { engine, run } = context;
  const written = namesOf(stream).map((name) => `${cellOfChanged(name)} AS ${identifier(name)}`);
  const rows = [`SELECT ${written.join(", ")} FROM ${readParquet(plan)}`];
  const before = await fetchDelivered(context, stream);
  if (before !== undefined) {
    const key = foldKey(stream.target.key.map((name) => ({ name, caseSensitive: true })));
    const others = `${key} NOT IN (SELECT key FROM ${readParquet(plan)})`;
    rows.push(`SELECT ${selectFields(stream, before.columns).join(", ")} FROM ${before.scan} WHERE ${others}`);
  }
  const file = `${run.id}-${stream.name}.parquet`;
  const path = join(subfolder(context, "stage"), file);
  await writeParquet(engine, rows.join(" UNION ALL "), path);
  const folder = keptFolder(context, "delivered");
  const sha256 = await keepFile(path, folder);
  failpoint("delivered");
  rmSync(subfolder(context, "stage"), { recursive: true });
  const key = memoryOwner(context, stream);
  const old = findDelivered(context, stream)?.file;
  return {
    delivered: { ...key, key: stream.target.key, file, run: run.id, sha256 },
    outdated: old === undefined || old === file ? undefined : join(folder, old),
  };
}

/** A copy in the run folder, where the engine may read it. */
async function fetchDelivered(
  context: RunContext,
  stream: Stream,
): Promise<{ scan: string; columns: Set<string> } | undefined> {
  const { engine, emit } = context;
  const known = findDelivered(context, stream);
  if (known === undefined || known.key.join("\n") !== stream.target.key.join("\n")) return undefined;
  const kept = join(keptFolder(context, "delivered"), known.file);
  const path = join(subfolder(context, "stage"), `delivered-${stream.name}.parquet`);
  const lost = await fetchKept(engine, { path: kept, sha256: known.sha256 }, path);
  if (lost !== undefined) {
    emit({
      type: "warning",
      message: `${kept} is ${lost}: what was written to ${known.object} before is not known any more, all is written`,
    });
    return undefined;
  }
  await engine.prepareFor(sizeOf([path]));
  const scan = `read_parquet(${literal(path)})`;
  const columns = await engine.all(`SELECT column_name FROM (DESCRIBE SELECT * FROM ${scan})`);
  return { scan, columns: new Set(columns.map((row) => String(row["column_name"]))) };
}

/** What is mapped now; a field that was not mapped before has no value before. */
function selectFields(stream: Stream, columns: ReadonlySet<string>): string[] {
  return namesOf(stream).map((name) => (columns.has(name) ? identifier(name) : `${noValue} AS ${identifier(name)}`));
}

function namesOf(stream: Stream): string[] {
  return stream.fields.filter(({ own }) => own !== false).map(({ target }) => target);
}
