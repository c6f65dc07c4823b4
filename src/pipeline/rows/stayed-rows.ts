// Rows that are neither written nor rejected, each named in a file of the run: conflicts, unmatched rows, duplicates.
// In: the table that the diff made of them. Out: a CSV file a kind with the source's columns, the key, the reason and the
// ids of the records met. What must hold: every row of a source ends in one place that a person can open.

import { copyFileSync, existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StreamRecord } from "../../checkpoint/ledger.ts";
import { syncFile } from "../../core/files.ts";
import type { StreamCounts } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import { type StayedKind, stayedTable } from "../../diff/compare.ts";
import type { Stream } from "../../job/job.ts";
import type { Engine, Row } from "../../stage/engine.ts";
import { readSourceRows } from "../../stage/source-rows.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { nameParents } from "../compile/parents.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { copyPath, holderOfRows, joinOutcomes, visitPlannedRows } from "./planned-rows.ts";
import { RowFile } from "./row-file.ts";

const stayedKinds: readonly StayedKind[] = ["conflicts", "unmatched", "duplicates"];

/** Records are counted from 1 in their file, as the header is none. */
export const saidColumns = ["loadline_error", "loadline_key", "loadline_ids", "loadline_record"];

export function stayedPath(context: Pick<RunContext, "folder">, kind: StayedKind, stream: string): string {
  return join(context.folder, kind, `${stream}.csv`);
}

/** Writes the files, and none for a kind without rows. */
export async function keepStayedRows(
  context: RunContext,
  compiled: CompiledStream,
  staged: StagedStream,
  counts: Pick<StreamCounts, StayedKind>,
): Promise<void> {
  const { engine } = context;
  const { stream } = compiled;
  const isAny = stayedKinds.some((kind) => counts[kind] > 0);
  const found = isAny ? await findStayed(engine, staged) : [];
  const parts = staged.parts.map(({ part }) => part);
  const files = new Map<StayedKind, RowFile>();
  for (const kind of stayedKinds) {
    if (found.some((row) => row["kind"] === kind)) subfolder(context, kind);
    files.set(kind, new RowFile(stayedPath(context, kind, stream.name), parts, saidColumns));
  }
  const withRows = new Set(found.map(({ part }) => Number(part)));
  // A field may be called as a column beside it.
  const keys = stream.target.key.map((name) => `s.${identifier(name)}`);
  const key = keys.length === 0 ? "''" : `concat_ws(', ', ${keys.join(", ")})`;
  for (const { part, open, hasLines } of staged.parts) {
    if (!withRows.has(part.ordinal)) continue;
    const ofPart = `SELECT y.*, s._position_ AS position, ${key} AS key FROM ${staged.view} s
      JOIN ${stayedTable} y USING (_row_) WHERE s._part_ = ${part.ordinal}`;
    const wanted = `SELECT position FROM (${ofPart})`;
    const again = copyPath(context, stream, part, "again");
    await readSourceRows({ engine, part, open, careful: hasLines, copyPath: again, wanted });
    const rows = `SELECT y.kind, y.reason, y.ids, y.key, y.position, r.cells
      FROM source_rows r JOIN (${ofPart}) y USING (position) ORDER BY y.kind, y.position`;
    for await (const row of engine.stream(rows)) {
      const file = files.get(row["kind"] as StayedKind);
      await file?.add(part, row["cells"] as string[], [...saidOf(row), String(Number(row["position"]) + 1)]);
    }
  }
  for (const [kind, file] of files) {
    if ((await file.close()) > 0) syncFile(stayedPath(context, kind, stream.name));
  }
}

function findStayed(engine: Engine, { view }: StagedStream): Promise<Row[]> {
  return engine.all(`SELECT y.kind, s._part_ AS part, count(*) AS rows
    FROM ${view} s JOIN ${stayedTable} y USING (_row_) GROUP BY ALL`);
}

/** Adds the rows that were held back from being written, after those of the plan, whatever an earlier attempt added. */
export async function addTargetConflicts(
  context: RunContext,
  stream: Stream,
  record: StreamRecord,
  resultFiles: readonly string[],
): Promise<void> {
  const { engine, ledger, run } = context;
  const parts = ledger.parts(run.id, holderOfRows(context, stream).name);
  subfolder(context, "conflicts");
  const path = stayedPath(context, "conflicts", stream.name);
  const file = new RowFile(path, parts, saidColumns, restorePlanned(path));
  await engine.run(`CREATE OR REPLACE TEMP TABLE held_rows AS
    SELECT p.part, p.position, ${await showKey(context, stream)} AS key, r.message AS reason, coalesce(r.id, p.id, '') AS ids
    FROM ${joinOutcomes(record.plan, resultFiles, ["conflict"])}`);
  await visitPlannedRows(context, stream, "held_rows", async (part) => {
    const rows = `SELECT h.*, r.cells FROM source_rows r JOIN held_rows h USING (position)
      WHERE h.part = ${part.ordinal} ORDER BY position`;
    for await (const row of engine.stream(rows)) {
      await file.add(part, row["cells"] as string[], [...saidOf(row), String(Number(row["position"]) + 1)]);
    }
  });
  // Records that mirror was to delete have no row.
  const records = "SELECT * FROM held_rows WHERE part IS NULL ORDER BY key";
  for await (const row of engine.stream(records)) await file.add({ columns: [], label: "" }, [], [...saidOf(row), ""]);
  if ((await file.close()) > 0) syncFile(path);
}

export function saidOf(row: Readonly<Record<string, unknown>>): string[] {
  return ["reason", "key", "ids"].map((name) => String(row[name] ?? ""));
}

/** The key of a planned row `p`, as people know it; what was sent of it (`r.key`) may be the record's id. */
async function showKey(context: RunContext, stream: Stream): Promise<string> {
  const schema = await targetOf(context, stream.target.connection).describe(stream.target.object);
  const { fields, target } = nameParents(context.job, stream, schema);
  const planned = new Set(fields.flatMap((field) => (field.own === false ? [] : [field.target])));
  if (!target.key.every((name) => planned.has(name))) return "r.key";
  const values = target.key.map(identifier).map((name) => `coalesce(p.after.${name}, p.before.${name})`);
  return `CASE WHEN p.action = 'create' THEN r.key ELSE concat_ws(', ', ${values.join(", ")}) END`;
}

/** Gives the file back as the plan left it, of which a copy is kept beside it. Its length. */
function restorePlanned(path: string): number {
  const planned = `${path}.planned`;
  if (!existsSync(planned)) {
    if (existsSync(path)) copyFileSync(path, planned);
    else writeFileSync(planned, "", { mode: 0o600 });
    syncFile(planned);
  }
  const { size } = statSync(planned);
  if (size > 0) copyFileSync(planned, path);
  return size;
}
