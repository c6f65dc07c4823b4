// What rows of a plan name of a stream that is planned after theirs, as in a circle of streams: records that are not there
// yet. They are created without it, and given it once all streams have made what is new. In: the diff's word on them. Out:
// a file of the run: the row's key, the field, the parent's key. What must hold: only rows that the plan writes are in it.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { syncFile } from "../../core/files.ts";
import type { StreamCounts } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { laterTable } from "../../diff/keys.ts";
import { countOf } from "../../report/numbers.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { type RunContext, subfolder } from "../run/context.ts";

/** The level of batches that come once all streams have made what is new. */
export const lastLevel = 1_000_000;

function pathOf(context: Pick<RunContext, "folder">, stream: string): string {
  return join(context.folder, "later", `${stream}.parquet`);
}

/** SELECT of key, field, parent: what rows of a stream are given later. Undefined where nothing is. */
export function selectLater(context: Pick<RunContext, "folder">, stream: string): string | undefined {
  const path = pathOf(context, stream);
  return existsSync(path) ? `SELECT key, field, parent, streams FROM ${readParquet(path)}` : undefined;
}

export interface LaterInput {
  stream: string;
  plan: string;
  counts: Pick<StreamCounts, "creates" | "updates">;
  /** Whether a stream comes after this one. */
  mayName: boolean;
}

/** Writes the file, after the plan; none where nothing is named. Gives what the plan says of it, a sentence a field. */
export async function keepLater(
  context: RunContext,
  { stream, plan, counts: { creates, updates }, mayName }: LaterInput,
): Promise<string[]> {
  const { engine } = context;
  // Of an attempt that was killed.
  rmSync(pathOf(context, stream), { force: true });
  if (!mayName || creates + updates === 0) return [];
  const named = `SELECT DISTINCT l.key, l.field, l.parent, l.streams FROM ${laterTable} l JOIN ${readParquet(plan)} p USING (key)
    WHERE list_contains(p.changed, l.field)`;
  const found = await engine.all(`SELECT field, count(*) AS rows FROM (${named}) GROUP BY field ORDER BY field`);
  if (found.length === 0) return [];
  subfolder(context, "later");
  await writeParquet(engine, named, pathOf(context, stream));
  syncFile(pathOf(context, stream));
  return found.map(({ field, rows }) => {
    const names = Number(rows) === 1 ? "names a record" : "name records";
    return `${String(field)}: ${countOf(Number(rows), "row")} ${names} of a stream after this one: a second pass sets it, once they are made`;
  });
}

/** SELECT of the levels of a plan's updates that wait for the last pass: n, key, level. */
export function selectLastUpdates(plan: string, later: string): string {
  return `SELECT file_row_number AS n, key, ${lastLevel} AS level FROM ${plan}
    WHERE action = 'update' AND key IN (SELECT key FROM (${later}))`;
}

/** VARCHAR[] over a plan's row `p`: the fields that a create leaves out. */
export function omittedFields(later: string): string {
  return `CASE WHEN p.action = ${literal("create")} THEN (SELECT list(l.field) FROM (${later}) l WHERE l.key = p.key) END`;
}

/** SELECT of those (key, field, parent) that none of the streams makes after all. `plans`: of the streams that are planned. */
export function selectUnmade(later: string, plans: ReadonlyMap<string, string>): string {
  const made = [...plans].map(
    ([stream, plan]) => `SELECT ${literal(stream)} AS stream, key FROM ${readParquet(plan)} WHERE action = 'create'`,
  );
  const none = "SELECT '' AS stream, '' AS key LIMIT 0";
  return `SELECT l.key, l.field, l.parent, l.streams FROM (${later}) l ANTI JOIN (${[`(${none})`, ...made].join(" UNION ALL ")}) m
    ON m.key = l.parent AND list_contains(l.streams, m.stream)`;
}
