// The connections that a job names, against those that exist.

import { suggest } from "../core/suggest.ts";
import { type Diagnostic, Diagnostics } from "./diagnostics.ts";
import { type Connection, type Job, type Place, type Stream, writesFile } from "./job.ts";
import { lookupsOf } from "./lookup.ts";
import { parseYaml, readSource } from "./yaml-document.ts";
import { keySpanAt, mergeTrees, nodeAt } from "./yaml-tree.ts";

type Side = "source" | "target" | "lookup";
type Problem = Pick<Diagnostic, "message" | "suggestion" | "next">;

interface Wrong {
  stream: string;
  side: Side;
  /** Of the side; its connection where nothing is said. */
  name?: "where" | "scope";
  /** Of a lookup. */
  place?: Place;
  problem: Problem;
}

/** Throws a Failure (exit 2) that tells each source or target whose connection does not exist or is of the wrong type. */
export function checkConnections(job: Job, connections: ReadonlyMap<string, Connection>): void {
  const wrong: Wrong[] = [];
  for (const stream of job.streams) {
    for (const side of ["source", "target"] as const) {
      const takes = side === "source" ? takenFrom(stream) : writtenTo(stream);
      const problem = findProblem(stream[side].connection, side, takes, connections);
      if (problem !== undefined) wrong.push({ stream: stream.name, side, problem });
    }
    for (const { in: table } of lookupsOf(stream)) {
      if (table.kind !== "object" || table.connection === stream.target.connection) continue;
      const problem = findProblem(table.connection, "lookup", "object", connections);
      if (problem !== undefined) wrong.push({ stream: stream.name, side: "lookup", place: table.place, problem });
    }
  }
  if (wrong.length > 0) refuse(job, wrong);
}

/** Throws a Failure (exit 2) that tells each filter which its system can't take, as far as the text alone tells. */
export function checkFilters(job: Job, connections: ReadonlyMap<string, Connection>): void {
  const wrong = job.streams.flatMap(({ name: stream, source, target }): Wrong[] => {
    const written = [
      { side: "source", name: "where", text: source.kind === "object" ? source.where : undefined },
      { side: "target", name: "scope", text: target.scope },
    ] as const;
    return written.flatMap(({ side, name, text }) => {
      const connection = connections.get((side === "source" ? source : target).connection);
      const why = text === undefined ? undefined : connection?.explainFilter?.(text);
      return why === undefined ? [] : [{ stream, side, name, problem: { message: `${side}.${name}: ${why}` } }];
    });
  });
  if (wrong.length > 0) refuse(job, wrong);
}

type Taken = "files" | "object" | "table";

/** What a connection that holds such things is asked for. */
const named: Record<Connection["holds"], Taken> = { files: "files", objects: "object", tables: "table" };

function takenFrom({ source }: Stream): Taken {
  return source.kind === "object" && source.sql !== undefined ? "table" : source.kind;
}

function writtenTo({ target }: Stream): Taken {
  return target.isTable === true ? "table" : writesFile(target.mode) ? "files" : "object";
}

function findProblem(
  name: string,
  side: Side,
  takes: Taken,
  connections: ReadonlyMap<string, Connection>,
): Problem | undefined {
  const connection = connections.get(name);
  if (connection === undefined) {
    const suggestion = suggest(name, connections.keys());
    const message = `there is no connection "${name}" in connections.yaml`;
    const known = [...connections.keys()].join(", ") || "none";
    return suggestion === undefined ? { message, next: `connections there: ${known}` } : { message, suggestion };
  }
  const holds = named[connection.holds];
  // A lookup calls a table an object: what it finds is a record.
  if (holds === takes || (side === "lookup" && holds === "table")) return undefined;
  const message = `${name} is of type ${connection.type}: it wants \`${side}.${holds}\`, not \`${side}.${takes}\``;
  return { message };
}

/** A job carries the places of what the steps complain about; for a connection's name the file is read again. */
function refuse(job: Job, wrong: readonly Wrong[]): void {
  const diagnostics = new Diagnostics(readSource(job.file));
  const root = parseYaml(diagnostics, { extensions: true });
  for (const { stream, side, name = "connection", place, problem } of wrong) {
    const { message, ...details } = problem;
    if (place !== undefined) {
      const start = diagnostics.source.offsetOf(place);
      diagnostics.add({ start, end: start + 1 }, message, details);
      continue;
    }
    const written = nodeAt(root, ["streams", stream]);
    const merged = written && mergeTrees(nodeAt(root, ["defaults"]), written);
    const node = merged && nodeAt(merged, [side, name]);
    diagnostics.add(node?.span ?? keySpanAt(root, ["streams", stream]), message, details);
  }
  diagnostics.throwIfAny();
}
