// Plans of test cases: as few as can be, for one takes as long for a hundred cases as for one. In: a stream, its cases. Out:
// what came of each. Must hold: what one case says, no other case sees.

import type { RecordCatalog } from "../../../contract/records.ts";
import type { Source } from "../../../contract/source.ts";
import type { Target } from "../../../contract/target.ts";
import type { Secret } from "../../../core/secret.ts";
import type { Job, Stream } from "../../../job/job.ts";
import { followsSource } from "../../../job/mode.ts";
import type { TestCase } from "../../../job/test-case.ts";
import type { Engine } from "../../../stage/engine.ts";
import { compileStream } from "../../compile/compile-stream.ts";
import type { CompiledStream } from "../../compile/compiled-stream.ts";
import { isMarkable, markCases, markCatalog, markRecord, markStream, markTarget, withoutMark } from "./case-mark.ts";
import { type CaseResult, collectResults } from "./case-results.ts";
import { asGiven, openGivenFiles, openGivenRecords } from "./given-source.ts";
import { giveStreamRows } from "./given-streams.ts";
import { openGivenTarget, type PlacedRecord } from "./given-target.ts";
import { groupApart } from "./meetings.ts";
import { openTrial, type Trial } from "./trial.ts";

export interface PlannerRequest {
  job: Job;
  stream: Stream;
  source: Source;
  /** All systems that the stream writes or looks into. */
  targets: ReadonlyMap<string, Target>;
  records: readonly PlacedRecord[];
  pseudonymKey?: Secret | undefined;
  signal: AbortSignal;
}

export interface Planner extends AsyncDisposable {
  engine: Engine;
  /** The stream without any file at hand. */
  compiled: CompiledStream;
  /** `isMarked`: cases that share a key do not see each other. */
  plan(cases: readonly TestCase[], isMarked: boolean): Promise<Planned>;
}

interface Planned {
  results: CaseResult[];
  /** Cases that see nothing of each other are together. */
  apart: TestCase[][];
}

/** What came of each case. */
export async function planApart(planner: Planner, cases: readonly TestCase[]): Promise<CaseResult[]> {
  const { stream, lookups } = planner.compiled;
  // Mode mirror deletes for want of a row: each row is for all cases. So are those of another stream that is looked into.
  const isAlone = followsSource(stream.target.mode) || lookups.some(({ table }) => table.kind === "stream");
  if (isAlone)
    return planEach(
      planner,
      cases.map((one) => [one]),
      false,
    );
  const first = await planner.plan(cases, false);
  if (first.apart.length <= 1) return first.results;
  if (!isMarkable(planner.compiled)) return planEach(planner, first.apart, false);
  const marked = await planner.plan(cases, true);
  return marked.apart.length <= 1 ? marked.results : planEach(planner, marked.apart, true);
}

async function planEach(planner: Planner, groups: readonly TestCase[][], isMarked: boolean): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const cases of groups) results.push(...(await planner.plan(cases, isMarked)).results);
  return results;
}

export async function openPlanner(request: PlannerRequest): Promise<Planner> {
  const { job, stream, source, pseudonymKey, signal } = request;
  const sources = new Map<string, Source>();
  const targets = new Map(request.targets);
  const streams = job.streams.map((one) => (one.name === stream.name ? asGiven(one) : one));
  const trial = await openTrial({ job: { ...job, streams }, sources, targets, keys: new Map(), pseudonymKey, signal });
  try {
    const given = trial.job.streams.find(({ name }) => name === stream.name) ?? stream;
    const { records: catalog } = source;
    const columns = given.source.kind === "object" ? await catalog?.describe(given.source) : undefined;
    const compiled = await compileStream({
      engine: trial.engine,
      job: trial.job,
      stream: given,
      target: openOf(request, stream.target.connection),
      columns,
      openTarget: async (connection) => openOf(request, connection),
    });
    return {
      engine: trial.engine,
      compiled,
      async plan(cases, isMarked) {
        const way = isMarked ? markedWay(request, given, cases) : plainWay(request, given, cases);
        for (const [connection, target] of way.targets) {
          const records = way.records.filter(
            (record) => record.connection === connection && way.cases.includes(record.of),
          );
          targets.set(connection, openGivenTarget(target, records));
        }
        const rows = openRows(way, compiled, catalog);
        sources.set(stream.source.connection, rows.source);
        return planCases(trial, way, { compiled, rows, records: request.records, cases });
      },
      [Symbol.asyncDispose]: () => trial[Symbol.asyncDispose](),
    };
  } catch (error) {
    await trial[Symbol.asyncDispose]();
    throw error;
  }
}

/** How cases are planned: as they are, or each with its mark. */
interface Way {
  isMarked: boolean;
  stream: Stream;
  targets: ReadonlyMap<string, Target>;
  records: readonly PlacedRecord[];
  /** In the order of those that were asked for. */
  cases: TestCase[];
}

function openOf({ targets }: PlannerRequest, connection: string): Target {
  const target = targets.get(connection);
  if (target === undefined) throw new Error(`${connection} is not open`);
  return target;
}

function plainWay({ targets, records }: PlannerRequest, stream: Stream, cases: readonly TestCase[]): Way {
  return { isMarked: false, stream, targets, records, cases: [...cases] };
}

function markedWay({ targets, records }: PlannerRequest, stream: Stream, cases: readonly TestCase[]): Way {
  const marked = markCases(cases);
  const own = records.flatMap((record) => {
    const of = marked.get(record.of);
    return of === undefined ? [] : [{ ...markRecord(record), of }];
  });
  return {
    isMarked: true,
    stream: markStream(stream),
    targets: new Map([...targets].map(([name, target]) => [name, markTarget(target)])),
    records: own,
    cases: [...marked.values()],
  };
}

function openRows({ isMarked, stream, cases }: Way, compiled: CompiledStream, catalog: RecordCatalog | undefined) {
  if (stream.source.kind === "object" && catalog !== undefined) {
    return openGivenRecords(cases, isMarked ? markCatalog(catalog) : catalog);
  }
  const optional = new Set(stream.source.optional.map((name) => name.toLowerCase()));
  const read = [...compiled.columns.keys()].filter((name) => !optional.has(name.toLowerCase()));
  // A file has a column at least.
  return openGivenFiles(stream, cases, read.length === 0 ? ["given"] : read);
}

interface PlanInput {
  compiled: CompiledStream;
  rows: ReturnType<typeof openRows>;
  records: readonly PlacedRecord[];
  cases: readonly TestCase[];
}

async function planCases(
  trial: Trial,
  { isMarked, stream, cases: way }: Way,
  { compiled, rows, records, cases }: PlanInput,
): Promise<Planned> {
  let results: CaseResult[] = [];
  const run = trial.begin();
  await giveStreamRows(trial.engine, compiled, cases, run.folder);
  await run.plan(stream, async (compared) => {
    results = await collectResults(compared, way, rows);
  });
  if (isMarked) {
    results = results.map((result, index) => withoutMark(result, cases[index] ?? result.of, compiled));
  }
  return { results, apart: groupApart({ compiled, results, records, isMarked }) };
}
