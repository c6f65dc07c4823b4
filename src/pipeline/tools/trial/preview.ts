// The first rows of a job, as they come and as they would be written. In: a job, open systems. Out: rows with what becomes of
// each. Must hold: nothing is written, in the systems nor in the project; no value that the job hides is told.

import type { Source } from "../../../contract/source.ts";
import type { Target } from "../../../contract/target.ts";
import { type Problem, readProblem } from "../../../core/problem.ts";
import type { Expression } from "../../../job/expression.ts";
import type { Environment, Job, Stream } from "../../../job/job.ts";
import { streamsLookedUp } from "../../../job/lookup.ts";
import type { RunEvent } from "../../../report/events.ts";
import type { PreviewedRow, PreviewedStream } from "../../../report/preview.ts";
import { dots } from "../../../report/reject-reasons.ts";
import { locateLines } from "../../../stage/locate-lines.ts";
import { readSourceRows } from "../../../stage/source-rows.ts";
import { rowState } from "../../../stage/stage.ts";
import type { CompiledStream } from "../../compile/compiled-stream.ts";
import { readPseudonymKey } from "../../run/pseudonym-key.ts";
import { openStreamKeys, type StreamKeys } from "../../run/stream-keys.ts";
import type { StagedPart } from "../../stage/staged-stream.ts";
import { openTrial, type TriedStream } from "./trial.ts";
import { readTriedRows, type TriedRow } from "./tried-rows.ts";

export interface PreviewRequest {
  job: Job;
  sources: ReadonlyMap<string, Source>;
  targets: ReadonlyMap<string, Target>;
  environment: Environment;
  /** Only these streams. */
  streams: readonly string[];
  limit: number;
  /** SQL over source columns: other rows are left out. */
  where?: string;
  emit: (event: RunEvent) => void;
  signal: AbortSignal;
}

export async function previewJob(request: PreviewRequest): Promise<PreviewedStream[]> {
  const { job, streams: shown, limit } = request;
  const needed = withFormer(job, shown);
  const keys = new Map<string, StreamKeys>();
  for (const stream of needed) keys.set(stream.name, await openStreamKeys(stream, request.environment));
  const limits = job.limits === undefined ? {} : { limits: job.limits };
  const narrowed = narrow(job, shown, request.where);
  const pseudonymKey = readPseudonymKey(narrowed, request.environment);
  await using trial = await openTrial({ ...request, keys, ...limits, pseudonymKey, job: narrowed });
  const run = trial.begin();
  const previewed: PreviewedStream[] = [];
  for (const { name } of needed.filter(({ madeFor }) => madeFor === undefined)) {
    const stream = trial.job.streams.find((one) => one.name === name);
    if (stream === undefined) continue;
    const { connection, object } = stream.target;
    const found: PreviewedStream = { name, into: `${object} (${connection})`, rows: [], filtered: 0 };
    // What another stream looks for in this one may be in any of its rows.
    const isFormer = needed.some((other) => formersOf(other).includes(name));
    const look = async (tried: TriedStream) => {
      if (!shown.includes(name)) return;
      found.rows = await describeRows(tried, limit, request.where === undefined);
      const filtered = `SELECT count(*) AS rows FROM ${tried.staged.view} WHERE _state_ = ${rowState.filtered}`;
      found.filtered = Number((await tried.engine.one(filtered))["rows"]);
    };
    await run.plan(stream, look, isFormer ? {} : { limit });
    if (shown.includes(name)) previewed.push(found);
  }
  return previewed;
}

function formersOf(stream: Stream): string[] {
  const parents = stream.fields.flatMap(({ parent }) => (parent === undefined ? [] : [parent.stream]));
  return [...parents, ...streamsLookedUp(stream)].filter((name) => name !== stream.name);
}

/** The streams, and those that they find records or rows of, in load order. */
export function withFormer({ streams }: Job, shown: readonly string[]): Stream[] {
  const wanted = new Set(shown);
  for (const stream of streams.toReversed())
    if (wanted.has(stream.name)) for (const name of formersOf(stream)) wanted.add(name);
  return streams.filter(({ name }) => wanted.has(name));
}

/** Nothing is remembered of what a preview takes, and all of it is looked at. */
function narrow(job: Job, shown: readonly string[], where: string | undefined): Job {
  const place = { file: "--where" };
  const streams = job.streams.map((stream): Stream => {
    if (where === undefined || !shown.includes(stream.name)) return stream;
    const kept = stream.keep === undefined ? "" : ` AND (${stream.keep.sql}\n)`;
    const keep: Expression = { sql: `(${where}\n)${kept}`, place };
    return { ...stream, keep };
  });
  return { ...job, streams };
}

/** `withBroken`: also those of which no condition can be judged. */
async function describeRows(tried: TriedStream, limit: number, withBroken: boolean): Promise<PreviewedRow[]> {
  const rows = await readTriedRows(tried, limit);
  const described: { part: number; line: number; row: PreviewedRow }[] = [];
  for (const staged of tried.staged.parts) {
    const own = rows.filter(({ part }) => part === staged.part.ordinal);
    const { ordinal } = staged.part;
    for (const { line, reason, cells } of withBroken ? staged.broken.slice(0, limit) : []) {
      described.push({ part: ordinal, line, row: describeBroken(tried.compiled, staged, { line, reason, cells }) });
    }
    if (own.length === 0) continue;
    const cells = await readCells(tried, staged, own);
    const unlined = new Set(own.filter(({ line }) => line === undefined).map(({ position }) => position));
    const lines = await locateLines(staged.open, unlined);
    for (const row of own) {
      const line = row.line ?? lines.get(row.position) ?? 0;
      const source = cells.get(row.position) ?? [];
      described.push({ part: ordinal, line, row: describeRow(tried.compiled, staged, { row, line, cells: source }) });
    }
  }
  // A record of an API has no line, and is in its place already.
  const inOrder = described.sort((left, right) => left.part - right.part || left.line - right.line);
  return inOrder.slice(0, limit).map(({ row }) => row);
}

async function readCells(
  { engine, compiled, folder }: TriedStream,
  { part, open, hasLines }: StagedPart,
  rows: readonly TriedRow[],
): Promise<Map<number, string[]>> {
  const wanted = `SELECT unnest([${rows.map(({ position }) => position).join(", ")}]) AS position`;
  const copyPath = `${folder}/preview-${compiled.stream.name}-${part.ordinal}.csv`;
  await readSourceRows({ engine, part, open, careful: hasLines, wanted, copyPath });
  const found = await engine.all("SELECT position, cells FROM source_rows");
  return new Map(found.map((row) => [Number(row["position"]), row["cells"] as string[]]));
}

function describeRow(
  compiled: CompiledStream,
  { part }: StagedPart,
  { row, line, cells }: { row: TriedRow; line: number; cells: readonly string[] },
): PreviewedRow {
  const isHidden = (field: string) => compiled.redacted.has(field.toLowerCase());
  const shown = (field: string, value: string | null) => (value !== null && isHidden(field) ? dots : value);
  const changes = row.change?.action === "update" ? row.change.fields : [];
  return {
    file: part.label,
    line,
    state: row.state,
    source: sourceCells(compiled, part.columns, cells),
    mapped: [...row.values].map(([field, value]) => [field, shown(field, value)]),
    rejects: row.rejects.map(told),
    warnings: row.warnings.map(told),
    reason: row.reason ?? null,
    changes: changes.map(({ field, before, after }) => ({
      field,
      before: shown(field, before),
      after: shown(field, after),
    })),
  };
}

function describeBroken(
  compiled: CompiledStream,
  { part }: StagedPart,
  { line, reason, cells }: { line: number; reason: string; cells: readonly string[] },
): PreviewedRow {
  // Which cell is which is not known of a broken record.
  const source = compiled.redacted.size === 0 ? sourceCells(compiled, part.columns, cells) : [];
  const message = compiled.redacted.size === 0 ? reason : dots;
  const rejects = [told({ ...readProblem(""), rule: "record", message })];
  return {
    file: part.label,
    line,
    state: "rejected",
    source,
    mapped: [],
    rejects,
    warnings: [],
    reason: null,
    changes: [],
  };
}

/** A column that a hidden field is computed from is hidden too. */
function sourceCells(
  { fields, redacted }: CompiledStream,
  columns: readonly string[],
  cells: readonly string[],
): [string, string | null][] {
  const hidden = fields.filter(({ field }) => redacted.has(field.target.toLowerCase())).flatMap((one) => one.columns);
  const folded = new Set(hidden.map((name) => name.toLowerCase()));
  return columns.map((name, index) => {
    const cell = cells[index] ?? null;
    return [name, cell !== null && cell !== "" && folded.has(name.toLowerCase()) ? dots : cell];
  });
}

function told({ field, rule, message }: Problem): Problem {
  return { field, rule, message: message.replaceAll("(hidden)", dots) };
}
