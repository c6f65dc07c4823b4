// What `check` looks at: expressions, columns of the files that are there now, and the target's objects and fields. This
// room has what commands ask beside runs. In: a job, a file, a run. Out: findings for people. Must hold: nothing is written
// to a target, nor to the ledger.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openConnection } from "../../connectors/registry.ts";
import type { OpenConnection } from "../../contract/connection.ts";
import type { Source } from "../../contract/source.ts";
import { takesWholeFiles } from "../../contract/target.ts";
import { now } from "../../core/clock.ts";
import { Failure, placeOf } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { findEnded, refuseUnusable } from "../../formats/pgp-keys.ts";
import { tellComing } from "../../job/coming-records.ts";
import { diagnosticsFailure } from "../../job/diagnostics.ts";
import type { Connection, Environment, Job, Stream } from "../../job/job.ts";
import { openTwin, type Twin } from "../../job/twin.ts";
import { refuseTwoWriters } from "../../job/two-writers.ts";
import { countOf, showCount } from "../../report/numbers.ts";
import { Engine } from "../../stage/engine.ts";
import type { SourceColumns } from "../compile/bind-expression.ts";
import { compileStream } from "../compile/compile-stream.ts";
import { defineFunctionsIn } from "../compile/define-functions.ts";
import { tellIdlePolicies } from "../compile/idle-policies.ts";
import { tellKeptAssociations } from "../compile/kept-associations.ts";
import { tellLossyCasts } from "../compile/lossy-casts.ts";
import { nameObjects } from "../compile/object-names.ts";
import { findLiteralProblems, findMissingFields } from "../compile/schema-problems.ts";
import { tellStaleFields } from "../compile/stale-fields.ts";
import { describeWhere } from "../compile/target-where.ts";
import { fetchListed, readPartColumns } from "../extract/part-files.ts";
import { readPseudonymKey } from "../run/pseudonym-key.ts";
import { openStreamKeys, type StreamKeys } from "../run/stream-keys.ts";
import { findEncodingProblem } from "./check-encoding.ts";

/** Files whose columns are read. */
const headersMax = 100;

export interface CheckRequest {
  job: Job;
  connections: ReadonlyMap<string, Connection>;
  environment: Environment;
  signal: AbortSignal;
}

export interface CheckedJob {
  checked: string[];
  notChecked: string[];
  /** What does not keep the job from running, and may surprise. */
  warnings: string[];
}

/** Throws a Failure with every problem found. Reads headers of files and schemas of objects, writes nothing. */
export async function checkJob(request: CheckRequest): Promise<CheckedJob> {
  const { job, twin } = openTwin(request.job, dirname(request.job.file));
  return withTools(request, async (tools) => {
    const { engine, connected, result } = tools;
    await defineFunctionsIn(engine, now(), job.timezone, job, readPseudonymKey(job, request.environment));
    const problems: Failure[] = [];
    const isRight = async (stream: Stream) => {
      try {
        await checkStream(request, stream, tools);
        return true;
      } catch (error) {
        if (!(error instanceof Failure) || error.exitCode !== exitCode.usage) throw error;
        problems.push(error);
        return false;
      }
    };
    for (const stream of job.streams.filter(({ madeFor }) => madeFor === undefined)) {
      // What is wrong with a lookup is told of the stream that has it.
      if (!(await isRight(stream))) continue;
      for (const maker of job.streams.filter(({ madeFor }) => madeFor?.stream === stream.name)) await isRight(maker);
    }
    throwProblems(problems);
    const targets = new Map([...connected].map(([name, { target }]) => [name, target]));
    const systemOf = (name: string) => targets.get(name)?.orgId ?? name;
    const named = await nameObjects(job, targets);
    refuseTwoWriters(named, request.connections, systemOf);
    result.warnings.push(...tellComing(named, systemOf));
    result.checked.push(...tellTwin(job, twin));
    return result;
  });
}

/** Of each stream what the two decide together. */
function tellTwin(job: Job, twin: Twin | undefined): string[] {
  if (twin === undefined) return [];
  return job.streams.flatMap(({ name, twoWay }) => {
    const pair = twin.streams.get(name);
    if (pair === undefined || twoWay === undefined) return [];
    const fields = Object.entries(twoWay.ownership).map(([field, owner]) => `${field} (${owner})`);
    const both = fields.length === 0 ? "no field is changed by both" : `both change ${fields.join(", ")}`;
    return [`${name}: goes back by ${pair.name} of ${twin.job.name}; ${both}`];
  });
}

/** Systems are asked once each, and closed with what was fetched to look at it. */
export async function withTools<T>(request: CheckRequest, act: (tools: CheckTools) => Promise<T>): Promise<T> {
  const result: CheckedJob = { checked: [], notChecked: [], warnings: [] };
  const folder = mkdtempSync(join(tmpdir(), "loadline-check-"));
  const connected = new Map<string, OpenConnection>();
  try {
    using engine = await Engine.open({ folder, spillFolder: folder, signal: request.signal });
    return await act({ engine, folder, connected, result });
  } finally {
    for (const { target } of connected.values()) target.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface CheckTools {
  engine: Engine;
  /** For what is fetched to look at it; the only one that the engine may read. */
  folder: string;
  connected: Map<string, OpenConnection>;
  result: CheckedJob;
}

/** What source and target are, and the columns that there are; undefined where no file matches. */
export async function openStream(request: CheckRequest, stream: Stream, tools: CheckTools) {
  const { source } = await openOnce(request, stream.source.connection, tools);
  const { target } = await openOnce(request, stream.target.connection, tools);
  const keys = await checkKeys(stream, request.environment, tools.result);
  return { source, target, columns: await readColumns(source, stream, { keys, ...tools }) };
}

async function checkStream(request: CheckRequest, stream: Stream, tools: CheckTools): Promise<void> {
  const { engine, result } = tools;
  const { target, columns } = await openStream(request, stream, tools);
  if (columns === undefined && stream.source.kind === "files")
    result.notChecked.push(`${stream.name}: columns, because no file matches ${stream.source.files}`);
  const compiled = await compileStream({
    engine,
    job: request.job,
    stream,
    target,
    columns,
    openTarget: async (connection) => (await openOnce(request, connection, tools)).target,
  });
  const problems = findMissingFields(compiled);
  problems.push(...(await findLiteralProblems({ engine, target, job: request.job, compiled })));
  if (problems.length > 0) throw diagnosticsFailure(problems);
  const stale = columns === undefined ? [] : tellStaleFields(stream, compiled.columns.keys(), columns);
  result.checked.push(...compiled.ddl.map((statement) => `${stream.name}: before it loads: ${statement}`));
  const told = [
    ...stale,
    ...(target.capabilities.caution === undefined ? [] : [target.capabilities.caution]),
    ...tellKeptAssociations(compiled),
    ...tellIdlePolicies(compiled),
    ...(await tellLossyCasts(engine, compiled)),
  ];
  result.warnings.push(...told.map((message) => `${stream.name}: ${message}`));
  const { object, mode, key } = stream.target;
  const by = key.length === 0 ? "" : ` by ${key.join(", ")}`;
  result.checked.push(
    `${stream.name}: ${countOf(stream.fields.length, "field")}, ${countOf(stream.rules.length, "rule")}, ${mode} ${object}${by}${compiled.where === undefined ? "" : `, ${describeWhere(compiled.where)}`}`,
  );
}

async function checkKeys(stream: Stream, environment: Environment, { warnings }: CheckedJob): Promise<StreamKeys> {
  const keys = await openStreamKeys(stream, environment);
  if (keys.encryption !== undefined) await refuseUnusable(keys.encryption);
  for (const { place, message } of keys.decryption === undefined ? [] : await findEnded(keys.decryption)) {
    warnings.push(`${placeOf(place)}: ${message}`);
  }
  return keys;
}

async function openOnce(
  request: CheckRequest,
  name: string,
  { connected, result }: CheckTools,
): Promise<OpenConnection> {
  const open = connected.get(name);
  if (open !== undefined) return open;
  const connection = request.connections.get(name);
  if (connection === undefined) throw new Error(`connection ${name} was not checked`);
  const { environment, signal } = request;
  const opened = await openConnection(connection, { environment, onRetry: () => undefined, signal });
  connected.set(name, opened);
  const { target } = opened;
  if (takesWholeFiles(target)) {
    result.warnings.push(...target.warnings);
    return opened;
  }
  const allowance = await target.readAllowance();
  result.warnings.push(...target.warnings);
  const calls =
    allowance === undefined
      ? ""
      : `, ${showCount(Math.max(0, allowance.max - allowance.used))} of ${countOf(allowance.max, "API call")} of the day left`;
  result.checked.push(`${name}: signed in, org ${target.orgId}${calls}`);
  return opened;
}

/** Fields of the object, or columns of the files that match now; undefined where there is none. */
async function readColumns(
  source: Source,
  stream: Stream,
  { engine, folder, keys, result }: CheckTools & { keys: StreamKeys },
): Promise<SourceColumns | undefined> {
  if (stream.source.kind === "object") return source.records?.describe(stream.source);
  const { files } = (await source.files?.list(stream.source)) ?? { files: [] };
  const columns = new Map<string, string>();
  const opening = { format: stream.source.format, keys: keys.decryption, clearFolder: folder };
  for await (const file of fetchListed(source.files, files.slice(0, headersMax), opening)) {
    const names = await readPartColumns(engine, file, stream.source.format);
    for (const column of names) columns.set(column, "VARCHAR");
    const problem = await findEncodingProblem(file, stream.source.format);
    if (problem === undefined) continue;
    const { isCertain, message, next } = problem;
    if (isCertain) throw diagnosticsFailure([{ place: stream.source.place, message, next }]);
    result.warnings.push(`${stream.name}: ${message}; ${next}`);
  }
  return columns.size === 0 ? undefined : { columns };
}

function throwProblems(problems: readonly Failure[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  throw new Failure(exitCode.usage, problems.map(({ message }) => message).join("\n"));
}
