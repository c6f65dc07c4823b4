// Reads a job file. In: YAML. Out: a Job (job.ts). The way: text → tree (yaml-document.ts) → shape (schema.ts) →
// defaults merged into each stream → streams (build-stream.ts), and those that make records for them → names, order, hash.
// What must hold: a job that comes out needs no further check of itself. All that is wrong with the shape is told at
// once; where the shape is right, all that is wrong with the names.

import { dirname, resolve } from "node:path";
import { suggest } from "../core/suggest.ts";
import { buildLineage, buildNotices, buildPing } from "./build-notify.ts";
import { buildStream } from "./build-stream.ts";
import { buildTests } from "./build-tests.ts";
import { Diagnostics } from "./diagnostics.ts";
import type { Guards, Job, Limits, Stream } from "./job.ts";
import { hashJob } from "./job-hash.ts";
import { streamsLookedUp } from "./lookup.ts";
import { withMakers } from "./made-records.ts";
import { maskCredentials } from "./mask-values.ts";
import { findWay, sortByParents } from "./order.ts";
import { linkParents } from "./parent-keys.ts";
import { type BuiltStream, refuseTakenRejects } from "./rejects-folder.ts";
import { type JobFile, jobShape } from "./schema.ts";
import { checkShape } from "./schema-issues.ts";
import type { StreamDraft } from "./stream-draft.ts";
import { parseDuration, parseLock, parsePercent, parseThreshold } from "./units.ts";
import { parseYaml, readSource } from "./yaml-document.ts";
import { keySpanAt, type MapNode, mergeTrees, nodeAt } from "./yaml-tree.ts";

/** Throws a Failure (exit 2) whose message holds every problem found, each at file:line:column. */
export function readJob(file: string, folder: string = dirname(file)): Job {
  const source = readSource(file);
  const diagnostics = new Diagnostics(source, maskCredentials(source.text));
  const root = parseYaml(diagnostics, { extensions: true });
  const written = checkShape(jobShape, root, diagnostics);
  diagnostics.throwIfAny();
  // A shape that does not fit has left diagnostics, so that the line above has thrown.
  const job = buildJob(written as JobFile, root, diagnostics, folder);
  diagnostics.throwIfAny();
  return job;
}

function buildJob(written: JobFile, root: MapNode, diagnostics: Diagnostics, folder: string): Job {
  const streams = buildStreams(root, diagnostics, folder, written.twin !== undefined);
  checkTimezone(written.timezone, root, diagnostics);
  checkRedact(written.redact ?? [], streams, root, diagnostics);
  const job = {
    name: written.name,
    ...buildTwin(written, root, diagnostics),
    timezone: written.timezone ?? "UTC",
    ...(written.on_ambiguous_time === undefined ? {} : { onAmbiguousTime: written.on_ambiguous_time }),
    ...(written.rejects?.max === undefined ? {} : { rejectsMax: parseThreshold(written.rejects.max) }),
    guards: buildGuards(written.guards ?? {}),
    ...(written.limits === undefined ? {} : { limits: buildLimits(written.limits) }),
    keepRunsMs: parseDuration(written.keep?.runs ?? "14d"),
    lock: parseLock(written.lock ?? "fail"),
    redact: written.redact ?? [],
    streams: inLoadOrder(streams, written.redact ?? [], root, diagnostics),
  };
  const draft = { root, diagnostics, folder };
  const told = {
    tests: buildTests(root, diagnostics),
    notify: buildNotices(written.notify, draft),
    ...buildPing(written.ping, draft),
    ...(written.report === true ? { report: true as const } : {}),
    ...buildMetrics(written, folder),
    ...buildLineage(written.lineage, draft),
  };
  return { ...job, ...told, file: diagnostics.source.file, hash: hashJob(job) };
}

function buildTwin({ twin, name }: JobFile, root: MapNode, diagnostics: Diagnostics): Pick<Job, "twin"> {
  if (twin === undefined) return {};
  const span = nodeAt(root, ["twin"])?.span ?? root.span;
  if (twin === name) diagnostics.add(span, "a job is not its own twin");
  return { twin: { name: twin, place: diagnostics.source.placeAt(span.start) } };
}

function buildMetrics({ metrics }: JobFile, folder: string): Pick<Job, "metrics"> {
  return metrics === undefined ? {} : { metrics: resolve(folder, metrics) };
}

function buildStreams(root: MapNode, diagnostics: Diagnostics, folder: string, hasTwin: boolean): Stream[] {
  const defaults = nodeAt(root, ["defaults"]);
  const { entries } = nodeAt(root, ["streams"]) as MapNode;
  const streamNames = [...entries.keys()];
  const built: BuiltStream[] = [];
  const seen = new Map<string, string>();
  const froms: StreamDraft["froms"] = new Map();
  for (const [name, entry] of entries) {
    const twin = seen.get(name.toLowerCase());
    // Streams are folders and tables, and neither tells case apart everywhere.
    if (twin !== undefined) diagnostics.add(entry.key, `stream "${name}" differs from "${twin}" only in case`);
    seen.set(name.toLowerCase(), name);
    const written = entry.value;
    const tree = mergeTrees(defaults, written);
    const draft = { name, key: entry.key, written, tree, streamNames, folder, froms, hasTwin };
    const stream = buildStream(draft, diagnostics);
    if (stream !== undefined) built.push({ stream, draft });
  }
  refuseTakenRejects(built, diagnostics);
  const streams = built.map(({ stream }) => stream);
  return linkParents(streams, froms, root, diagnostics);
}

function inLoadOrder(
  streams: readonly Stream[],
  redact: readonly string[],
  root: MapNode,
  diagnostics: Diagnostics,
): Stream[] {
  const dependents = withMakers(streams, redact).map((stream) => ({
    name: stream.name,
    parents: [
      ...stream.fields.flatMap(({ parent }) => (parent === undefined ? [] : [parent.stream])),
      ...streamsLookedUp(stream),
    ],
    stream,
  }));
  // What is named of a later stream is set by a second pass; what is looked up in it must be there before.
  for (const { name, stream } of dependents) {
    for (const lookedUp of streamsLookedUp(stream)) {
      const way = findWay(dependents, lookedUp, name);
      if (way === undefined) continue;
      const circle = [name, ...way].join(" → ");
      diagnostics.add(keySpanAt(root, ["streams", name]), `the parents and lookups go round in a circle: ${circle}`, {
        next: "load the field of one of them in a second job",
      });
      return [];
    }
  }
  return sortByParents(dependents).map((dependent) => dependent.stream);
}

function checkTimezone(timezone: string | undefined, root: MapNode, diagnostics: Diagnostics): void {
  if (timezone === undefined || isTimezone(timezone)) return;
  const suggestion = suggest(timezone, Intl.supportedValuesOf("timeZone"));
  const span = nodeAt(root, ["timezone"])?.span ?? root.span;
  diagnostics.add(span, `"${timezone}" is not an IANA time zone`, suggestion === undefined ? {} : { suggestion });
}

/** Offsets such as +01:00 are valid to Intl, but have no daylight saving: a zone is named. */
function isTimezone(timezone: string): boolean {
  try {
    return /^[A-Za-z]/.test(timezone) && new Intl.DateTimeFormat("en", { timeZone: timezone }) !== undefined;
  } catch {
    return false;
  }
}

function checkRedact(
  redact: readonly string[],
  streams: readonly Stream[],
  root: MapNode,
  diagnostics: Diagnostics,
): void {
  const fields = new Set(streams.flatMap((stream) => stream.fields.map((field) => field.target)));
  for (const [index, name] of redact.entries()) {
    if (fields.has(name)) continue;
    const suggestion = suggest(name, fields);
    const span = keySpanAt(root, ["redact", index]);
    diagnostics.add(span, `no stream maps the field "${name}"`, suggestion === undefined ? {} : { suggestion });
  }
}

function buildGuards(written: NonNullable<JobFile["guards"]>): Guards {
  return {
    ...(written.changed === undefined ? {} : { changed: parseThreshold(written.changed) }),
    ...(written.deletes === undefined ? {} : { deletes: parseThreshold(written.deletes) }),
    ...(written.creates === undefined ? {} : { creates: parseThreshold(written.creates) }),
    ...(written.source_rows_min === undefined ? {} : { sourceRowsMin: written.source_rows_min }),
    ...(written.blanked === undefined ? {} : { blanked: parseThreshold(written.blanked) }),
    ...(written.source_rows_min_vs_last === undefined
      ? {}
      : { sourceRowsMinVsLast: parsePercent(written.source_rows_min_vs_last) }),
  };
}

function buildLimits({ api_calls, reserve, minutes }: NonNullable<JobFile["limits"]>): Limits {
  return {
    ...(api_calls === undefined ? {} : { apiCalls: api_calls }),
    ...(reserve === undefined ? {} : { reserve: Number.parseFloat(reserve) }),
    ...(minutes === undefined ? {} : { minutes }),
  };
}
