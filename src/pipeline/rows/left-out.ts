// Rows of a stream that are not loaded, by their keys: what the rows that name them as their parent are told. In: the rows
// left behind by a plan. Out: two files of the run, which a later stream reads, in another process too. What must hold:
// only streams that others may name cost anything; nothing hidden is in a reason.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../../core/problem.ts";
import { identifier } from "../../core/sql.ts";
import { stayedTable } from "../../diff/compare.ts";
import { foldKey } from "../../diff/keys.ts";
import type { Job, Stream } from "../../job/job.ts";
import { visible } from "../../report/visible-text.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { rowState } from "../../stage/stage.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { RowFile } from "./row-file.ts";

const columns = ["key", "why"];

/** Whether rows of another stream may name records that this one loads. */
export function mayBeNamed({ streams }: Pick<Job, "streams">, { name, target }: Stream): boolean {
  if (target.key.length !== 1)
    return streams.some(({ fields }) => fields.some(({ parent }) => parent?.stream === name));
  return streams.some(
    (other) =>
      other.name !== name && other.fields.some((field) => field.parent !== undefined || field.target.includes(".")),
  );
}

function pathOf(context: Pick<RunContext, "folder">, stream: string, kind: "rejected.csv" | "others.parquet"): string {
  return join(context.folder, "left-out", `${stream}-${kind}`);
}

/** Notes rejects, one by one, as their file is written. */
export class LeftOutRejects {
  readonly #file: RowFile;

  constructor(context: RunContext, stream: string) {
    subfolder(context, "left-out");
    this.#file = new RowFile(pathOf(context, stream, "rejected.csv"), [{ columns, label: "" }], []);
  }

  /** `place`: "feed.csv line 3". A row without a key is nobody's parent. */
  async add(key: unknown, problems: readonly Problem[], place: string): Promise<void> {
    if (typeof key !== "string") return;
    const said = problems.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`)).join("; ");
    await this.#file.add({ columns, label: "" }, [key, `was rejected: ${place}: ${visible(said)}`], []);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Writes down the rows that are neither loaded nor rejected, and those that wait. */
export async function keepLeftOut(
  context: RunContext,
  { key, stream }: CompiledStream,
  { view }: StagedStream,
): Promise<void> {
  const stayed = `SELECT ${foldKey(key, "s.")} AS key,
      CASE y.kind WHEN 'unmatched' THEN 'is not loaded: ' ELSE 'was left out: ' END || y.reason AS why
    FROM ${identifier(view)} s JOIN ${stayedTable} y USING (_row_)`;
  const filtered = `SELECT ${foldKey(key)}, 'was left out by keep' FROM ${identifier(view)} WHERE _state_ = ${rowState.filtered}`;
  const rows = `SELECT key, why FROM (${stayed} UNION ALL ${filtered}) WHERE key IS NOT NULL`;
  await writeParquet(context.engine, rows, pathOf(context, stream.name, "others.parquet"));
}

/** SELECT of the key and the reason of each row of a stream that is not loaded; undefined where none is known. */
export function selectLeftOut(context: Pick<RunContext, "folder">, stream: string): string | undefined {
  const rejected = pathOf(context, stream, "rejected.csv");
  const others = pathOf(context, stream, "others.parquet");
  const selects = [
    ...(existsSync(rejected) ? [`SELECT key, why FROM ${scanCsvFiles([rejected], columns)}`] : []),
    ...(existsSync(others) ? [`SELECT key, why FROM ${readParquet(others)}`] : []),
  ];
  return selects.length === 0 ? undefined : selects.join(" UNION ALL ");
}
