// A kept plan as it is shown. In: the ended dry run of a job. Out: counts, and the first changes of each stream in the
// order of the source, read from the plan's Parquet file. What must hold: the same plan is shown in the same way, and
// what is read does not grow with the plan.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { sizeOf } from "../../core/files.ts";
import { type Action, type StreamCounts, severalSeparator, unnamedMark } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { type Job, keyOf } from "../../job/job.ts";
import type { RunOutcome, StreamOutcome } from "../../pipeline.ts";
import type { FieldChange, PlannedChange, PlannedStream, PlanReport } from "../../report/plan.ts";
import { Engine, type Row } from "../../stage/engine.ts";
import { readParquet } from "../../stage/parquet.ts";
import { tellReasons } from "../rows/reject-reasons.ts";

export interface PlanRequest {
  job: Job;
  run: string;
  /** The command that loads the plan. */
  next: string;
  outcome: RunOutcome;
  /** The run folder. */
  folder: string;
  /** What earlier runs have left undone. */
  waiting: readonly string[];
  /** What it took, by connection. */
  apiCalls: Readonly<Record<string, number>>;
  /** By stream, as the `planned` events count them. */
  warnings: ReadonlyMap<string, number>;
  /** Nobody sees the changes themselves. */
  countsOnly?: boolean;
}

/** Changes that are shown of each action. */
const shownMax = { undelete: 4, create: 4, update: 8, delete: 4 } as const satisfies Record<Action, number>;

export async function readPlan(request: PlanRequest): Promise<PlanReport> {
  const { job, run, next, outcome, folder, warnings, waiting, apiCalls } = request;
  const spillFolder = join(folder, "spill");
  const isAny = outcome.streams.some(({ counts }) => isChange(counts));
  using engine = isAny && request.countsOnly !== true ? await Engine.open({ folder, spillFolder }) : undefined;
  const streams: PlannedStream[] = [];
  for (const planned of outcome.streams) {
    const { name } = planned.record;
    const { rejectReasons, warnings: warned = [] } = tellReasons(folder, name);
    const told = { warnings: warnings.get(name) ?? 0, rejectReasons, warned };
    streams.push(await readStream(engine, job, planned, told));
  }
  rmSync(spillFolder, { recursive: true, force: true });
  const { objections, forecasts = [] } = outcome;
  return { run, job: job.name, streams, objections, waiting, forecasts, apiCalls, folder, next };
}

function isChange({ creates, updates, deletes, mirrorDeletes }: StreamCounts): boolean {
  return creates + updates + deletes + mirrorDeletes > 0;
}

async function readStream(
  engine: Engine | undefined,
  job: Job,
  { record, counts }: StreamOutcome,
  told: Pick<PlannedStream, "warnings" | "rejectReasons" | "warned">,
): Promise<PlannedStream> {
  const { name, connection, org, object, mode, how, writes, plan, notes } = record;
  const key = keyOf(job, name);
  const changes = plan === null || engine === undefined ? [] : await readChanges(engine, plan, key);
  return {
    name,
    connection,
    org,
    object,
    mode,
    key,
    counts,
    how,
    writes,
    notes,
    ...told,
    redact: [...job.redact, ...redactedParents(job, name, changes)],
    changes,
  };
}

/** Fields of changes that name a parent which `redact` names as the job does. */
function redactedParents(job: Job, name: string, changes: readonly PlannedChange[]): string[] {
  const isRedacted = redactedParentOf(job, name);
  const found = changes.flatMap((change) => change.fields.map(({ field }) => field));
  return [...new Set(found)].filter(isRedacted);
}

/** Whether a field names a parent that `redact` names as the job does: the target's name ends with the parent's key. */
export function redactedParentOf({ redact, streams }: Job, name: string): (field: string) => boolean {
  const written = new Set(redact.map((one) => one.toLowerCase()));
  const fields = streams.find((stream) => stream.name === name)?.fields ?? [];
  const endings = fields.flatMap(({ parent }) => {
    if (parent === undefined || !written.has(parent.field.toLowerCase())) return [];
    return keyOf({ streams }, parent.stream).map((one) => `.${one}`);
  });
  return (field) => endings.some((ending) => field.endsWith(ending));
}

/** The first changes of a plan file, deletes of mirror (which have no source row) by key. */
export async function readChanges(engine: Engine, plan: string, key: readonly string[]): Promise<PlannedChange[]> {
  await engine.prepareFor(sizeOf([plan]));
  const scan = readParquet(plan);
  // In two passes: to sort whole rows would take the memory of the whole plan. Deletes of mirror have no row.
  const order = "row NULLS LAST, key, id";
  const firsts = Object.entries(shownMax).map(
    ([action, rows]) => `(SELECT file_row_number AS number FROM ${scan} WHERE action = ${literal(action)}
      ORDER BY ${action === "delete" ? order : "row"} LIMIT ${rows})`,
  );
  const first = await engine.all(firsts.join(" UNION ALL "));
  if (first.length === 0) return [];
  const numbers = first.map(({ number }) => Number(number)).join(", ");
  const rows = await engine.all(`SELECT action, key, id, before, after, changed FROM ${scan}
    WHERE file_row_number IN (${numbers}) ORDER BY action, ${order}`);
  return rows.map((row) => plannedChange(row, key));
}

/** A row of a plan. `withKey`: also the fields that tell records apart, which a person sees in front of the record. */
export function plannedChange(row: Row, key: readonly string[], withKey = false): PlannedChange {
  const before = valuesOf(row["before"]);
  const after = valuesOf(row["after"]);
  const action = row["action"] as Action;
  const names =
    action === "delete" ? Object.keys(before).filter((name) => before[name] !== null) : (row["changed"] as string[]);
  const fields = names
    // The key stands in front of the record already.
    .filter((name) => withKey || action === "update" || !key.includes(name))
    .map((field): FieldChange => ({ field, ...describeChange(before[field] ?? null, after[field] ?? null) }));
  return { action, key: shownKey(row, key, { ...before, ...dropNulls(after) }), id: textOrNull(row["id"]), fields };
}

/** Of what a record has several of, one is added to those that it has, which it keeps, or takes their place. */
function describeChange(before: string | null, after: string | null): Pick<FieldChange, "before" | "after"> {
  if (before === null || !before.includes(severalSeparator)) return { before, after: showSeveral(after) };
  const present = showSeveral(before) ?? "";
  if (before.startsWith(severalSeparator.repeat(2))) return { before: present, after: showSeveral(after) };
  return { before: present, after: after === null ? null : `${present} + ${after}` };
}

/** The key as it is written; the plan's own `key` is folded to compare by. */
function shownKey(row: Row, key: readonly string[], values: Record<string, string | null>): string | null {
  const parts = key.map((name) => values[name] ?? null);
  if (parts.length > 0 && !parts.includes(null)) return parts.join(", ");
  // Of several fields that the change does not write: folded, as it tells records apart.
  return textOrNull(row["key"])?.replaceAll(severalSeparator, ", ") ?? null;
}

function valuesOf(struct: unknown): Record<string, string | null> {
  return (struct ?? {}) as Record<string, string | null>;
}

function dropNulls(values: Record<string, string | null>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

function textOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

function showSeveral(text: string | null): string | null {
  if (text === null || !(text.includes(severalSeparator) || text.startsWith(unnamedMark))) return text;
  const values = text.split(severalSeparator).filter(Boolean);
  return values.map((value) => (value.startsWith(unnamedMark) ? `id ${value.slice(1)}` : value)).join(", ");
}
