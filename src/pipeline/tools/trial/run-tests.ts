// The tests of a job, offline. In: its cases, and how to open its systems as a sandbox describes them. Out: of each case
// what came. Must hold: rows go the way of a run (plan-stream.ts) and no other; what one case says, no other case sees.

import { openFileTarget } from "../../../connectors/kit/whole-file-target.ts";
import { openConnection } from "../../../connectors/registry.ts";
import type { OpenConnection } from "../../../contract/connection.ts";
import type { Source } from "../../../contract/source.ts";
import type { Secret } from "../../../core/secret.ts";
import { suggest } from "../../../core/suggest.ts";
import { type Diagnostic, diagnosticsFailure } from "../../../job/diagnostics.ts";
import type { Connection, Job, Stream } from "../../../job/job.ts";
import { connectionsOf } from "../../../job/lookup.ts";
import type { TestCase } from "../../../job/test-case.ts";
import type { CaseDifference, TestedCase } from "../../../report/tests.ts";
import type { CompiledStream } from "../../compile/compiled-stream.ts";
import type { CaseResult } from "./case-results.ts";
import { compareCase, showProblem } from "./compare-case.ts";
import { placeRecords } from "./given-target.ts";
import { openPlanner, planApart } from "./plan-cases.ts";

export interface TestRequest {
  job: Job;
  cases: readonly TestCase[];
  /** Of the function pseudonym, where the job calls it. */
  pseudonymKey?: Secret | undefined;
  /** Pointed at a sandbox, which is asked for its objects and fields only. */
  connections: ReadonlyMap<string, Connection>;
  signal: AbortSignal;
}

export interface JudgedCase {
  result: CaseResult;
  differences: CaseDifference[];
}

/** In the order of the job. Throws a Failure (2) where the job itself, or what a case gives, is wrong. */
export async function runTests(request: TestRequest): Promise<JudgedCase[]> {
  const { job, cases } = request;
  const systems = await openSystems(request);
  try {
    const results = new Map<TestCase, JudgedCase>();
    for (const stream of job.streams) {
      const own = cases.filter((one) => one.stream === stream.name);
      if (own.length === 0) continue;
      for (const judged of await testStream(request, stream, own, systems)) results.set(judged.result.of, judged);
    }
    return cases.flatMap((one) => results.get(one) ?? []);
  } finally {
    for (const { target } of systems.values()) target.close();
  }
}

/** Folders and servers are not opened: of them only the rows count, and a file takes whatever columns there are. */
async function openSystems({ job, cases, connections, signal }: TestRequest): Promise<Map<string, OpenConnection>> {
  const tested = job.streams.filter(({ name }) => cases.some(({ stream }) => stream === name));
  const names = connectionsOf(tested);
  const opened = new Map<string, OpenConnection>();
  for (const name of names) {
    const connection = connections.get(name);
    if (connection === undefined) throw new Error(`connection ${name} was not checked`);
    const isFolder = connection.holds === "files";
    opened.set(
      name,
      isFolder
        ? openNothing()
        : await openConnection(connection, { environment: {}, onRetry: () => undefined, signal }),
    );
  }
  return opened;
}

function openNothing(): OpenConnection {
  const nowhere = () => Promise.reject(new Error("a test writes no file"));
  const store = {
    orgId: "given",
    warnings: [],
    has: async () => false,
    holds: nowhere,
    mark: nowhere,
    write: nowhere,
    rename: nowhere,
  };
  const source: Source = { orgId: "given", extract: () => ({ [Symbol.asyncIterator]: nowhere as never }) };
  return { source, target: openFileTarget({ ...store, close: () => undefined }) };
}

async function testStream(
  request: TestRequest,
  stream: Stream,
  cases: readonly TestCase[],
  systems: ReadonlyMap<string, OpenConnection>,
): Promise<JudgedCase[]> {
  const system = systems.get(stream.target.connection);
  const source = systems.get(stream.source.connection)?.source;
  if (system === undefined || source === undefined) throw new Error(`stream ${stream.name} is not open`);
  const targets = new Map([...systems].map(([name, { target }]) => [name, target]));
  const records = await placeRecords(targets, stream, cases);
  await using planner = await openPlanner({ ...request, stream, targets, source, records });
  refuseUnread(planner.compiled, cases);
  const judge = { engine: planner.engine, target: system.target, job: request.job };
  const judged: JudgedCase[] = [];
  for (const result of await planApart(planner, cases)) {
    judged.push({ result, differences: await compareCase(judge, result) });
  }
  return judged;
}

/** A case as it is shown. */
export function describeCase({ result: { of, rows }, differences }: JudgedCase): TestedCase {
  const { name, stream, place } = of;
  const rejects = rows.flatMap(({ index, rejects }) =>
    rejects.map((problem) => ({ row: index, what: showProblem(problem) })),
  );
  return { name, stream, place, differences, rejects };
}

/** A column that no expression reads is a slip: it could change nothing. */
function refuseUnread({ stream, columns }: CompiledStream, cases: readonly TestCase[]): void {
  // A record has fields beside those that are read.
  if (stream.source.kind === "object") return;
  const known = [...new Set([...columns.keys(), ...stream.source.optional])];
  const folded = new Set(known.map((name) => name.toLowerCase()));
  const problems = new Map<string, Diagnostic>();
  for (const { places } of cases.flatMap(({ given }) => given)) {
    for (const [name, place] of places) {
      if (folded.has(name.toLowerCase())) continue;
      const suggestion = suggest(name, known);
      const message = `stream ${stream.name} reads no column "${name}"`;
      const next = `columns that it reads: ${[...columns.keys()].join(", ")}`;
      problems.set(`${place.line}:${place.column}`, {
        place,
        length: name.length,
        message,
        ...(suggestion === undefined ? { next } : { suggestion }),
      });
    }
  }
  if (problems.size > 0) throw diagnosticsFailure([...problems.values()]);
}
