// All changes of a run, with what became of each. In: the plans and results in the run folder. Out: one change after the
// other, in the order of the source. What must hold: a value under `redact` is hidden here, in whatever column it stands;
// memory grows with the rows that were not loaded, of those that are asked for, and no further.

import { basename, join } from "node:path";
import { literal } from "../../core/sql.ts";
import { type Job, keyOf } from "../../job/job.ts";
import { outcomeColumns } from "../../load/results.ts";
import { foldId } from "../../load/row-key.ts";
import type { PageChange } from "../../report/html/page.ts";
import { hideRedacted } from "../../report/plan.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet } from "../../stage/parquet.ts";
import { plannedChange, redactedParentOf } from "./read-plan.ts";

export interface ChangesOf {
  job: Job;
  /** The run folder. */
  folder: string;
  stream: string;
  /** The plan's file. */
  plan: string;
  /** Files with what became of its rows. */
  results: readonly string[];
  /** Whether it was to be loaded. */
  isLoad: boolean;
}

export function planFile({ folder, plan }: Pick<ChangesOf, "folder" | "plan">): string {
  return join(folder, "plan", basename(plan));
}

export async function countChanges(engine: Engine, of: Pick<ChangesOf, "folder" | "plan">): Promise<number> {
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${readParquet(planFile(of))}`);
  return Number(rows);
}

/** The first changes, at most `max`. */
export async function* readChangesOf(engine: Engine, of: ChangesOf, max: number): AsyncGenerator<PageChange> {
  const { job, stream } = of;
  const scan = readParquet(planFile(of));
  const key = keyOf(job, stream);
  const unloaded = await readUnloaded(engine, of, max);
  const hide = hideAll(job, stream, key);
  const rows = engine.stream(`SELECT file_row_number AS number, action, key, id, before, after, changed
    FROM ${scan} LIMIT ${max}`);
  for await (const row of rows) {
    const became = unloaded.get(Number(row["number"])) ?? { outcome: of.isLoad ? "loaded" : "", message: null };
    yield hide({ ...plannedChange(row, key), stream, ...became });
  }
}

type Became = Pick<PageChange, "outcome" | "message">;

/** What became of the rows that were not loaded, by their place in the plan. */
async function readUnloaded(
  engine: Engine,
  { folder, plan, results, isLoad }: ChangesOf,
  max: number,
): Promise<Map<number, Became>> {
  const found = new Map<number, Became>();
  if (!isLoad) return found;
  // A row that was sent again is in the results of the batch that it went into, too.
  const told = `SELECT action, match_key, min(outcome) AS outcome, any_value(message) AS message
    FROM ${scanCsvFiles(results, outcomeColumns)} WHERE outcome NOT IN ('resent', 'unlinked') GROUP BY ALL`;
  const rows = engine.stream(`SELECT p.file_row_number AS number, r.outcome, r.message
    FROM ${readParquet(planFile({ folder, plan }))} p LEFT JOIN (${told}) r
    ON r.action = p.action AND r.match_key = CASE WHEN p.action = 'create' THEN p.key ELSE ${foldId("p.id")} END
    WHERE p.file_row_number < ${max} AND r.outcome IS DISTINCT FROM ${literal("loaded")}`);
  for await (const { number, outcome, message } of rows) {
    const text = message === null || message === "" ? null : String(message);
    found.set(Number(number), { outcome: outcomes[String(outcome)] ?? "not sent", message: text });
  }
  return found;
}

const outcomes: Readonly<Record<string, string>> = {
  failed: "failed",
  unprocessed: "failed",
  deferred: "failed",
  conflict: "conflict",
  missing: "in doubt",
  contradictory: "in doubt",
};

/** Whether the values of a field of a plan are never shown. */
export function redactionOf(job: Job, stream: string): (field: string) => boolean {
  const written = new Set(job.redact.map((name) => name.toLowerCase()));
  const isParent = redactedParentOf(job, stream);
  return (field) => written.has(field.toLowerCase()) || isParent(field);
}

/** Without what `redact` names. What the target says of a row may quote any value of it, so it goes too. */
function hideAll(job: Job, stream: string, key: readonly string[]): (change: PageChange) => PageChange {
  if (job.redact.length === 0) return (change) => change;
  const hide = hideRedacted<PageChange>(redactionOf(job, stream), key);
  return (change) => ({ ...hide(change), message: change.message === null ? null : hiddenMessage });
}

const hiddenMessage =
  "what was said of it may quote what the job redacts: it is in the file of the rejects or conflicts";
