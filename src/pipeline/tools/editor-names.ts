// What an editor is told of a project: its connections, and of each system the objects that jobs name with their fields.
// Out: names, and why a system has none. Must hold: a system that can't be asked costs its own names only.

import { globSync } from "node:fs";
import { join } from "node:path";
import { openConnection } from "../../connectors/registry.ts";
import type { Target } from "../../contract/target.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { FieldSchema } from "../../core/model.ts";
import { readNamedObjects } from "../../job/editor/named-objects.ts";
import type { ProjectNames, SystemNames } from "../../job/editor/system-names.ts";
import type { Connection, Environment } from "../../job/job.ts";

export interface NamesRequest {
  folder: string;
  connections: ReadonlyMap<string, Connection>;
  environment: Environment;
  /** Called before a call is made again. */
  onRetry?: () => void;
  signal: AbortSignal;
}

/** Objects that the next job is likely about, where a system has them. */
const usual = new Set(
  ["Account", "Contact", "Lead", "Opportunity", "Case", "Campaign", "CampaignMember", "Task"].concat([
    "companies",
    "contacts",
    "deals",
    "tickets",
  ]),
);

/** `problems`: what of it is not in the names, and why. */
export async function readProjectNames(request: NamesRequest): Promise<{ names: ProjectNames; problems: string[] }> {
  const { connections } = request;
  const problems: string[] = [];
  const named = collectObjects(request.folder, problems);
  const systems: SystemNames[] = [];
  for (const connection of connections.values()) {
    if (connection.holds === "files") continue;
    try {
      systems.push(await readSystem(request, connection, named.get(connection.name) ?? new Set(), problems));
    } catch (error) {
      if (request.signal.aborted || !(error instanceof Failure)) throw error;
      problems.push(`${connection.name}: its objects and fields are not in the schema: ${error.message}`);
    }
  }
  return { names: { connections: [...connections.keys()], systems }, problems };
}

/** How long a command that is about something else waits for the names. */
const askMsMax = 5000;

/** The names, where a system of the project can be asked at once: undefined where its variables are not set, or it does not answer. */
export async function readNamesAtHand(request: NamesRequest): Promise<ProjectNames | undefined> {
  const gaveUp = new AbortController();
  const inTime = AbortSignal.any([request.signal, gaveUp.signal, AbortSignal.timeout(askMsMax)]);
  try {
    // A call that is to be made again is answered by nobody just now.
    const { names } = await readProjectNames({ ...request, signal: inTime, onRetry: () => gaveUp.abort() });
    return names.systems.length === 0 ? undefined : names;
  } catch (error) {
    if (request.signal.aborted || !inTime.aborted) throw error;
    return undefined;
  }
}

function collectObjects(folder: string, problems: string[]): Map<string, Set<string>> {
  const named = new Map<string, Set<string>>();
  const files = globSync(["*.{yaml,yml}", "{jobs,sandbox}/**/*.{yaml,yml}"], { cwd: folder });
  for (const file of files.sort()) {
    const own = readNamedObjects(join(folder, file));
    if (own === undefined) problems.push(`${file}: it can't be read, so the objects that it names are left out`);
    for (const [connection, objects] of own ?? []) {
      named.set(connection, new Set([...(named.get(connection) ?? []), ...objects]));
    }
  }
  return named;
}

async function readSystem(
  { environment, signal, onRetry = () => undefined }: NamesRequest,
  connection: Connection,
  named: ReadonlySet<string>,
  problems: string[],
): Promise<SystemNames> {
  const { target } = await openConnection(connection, { environment, onRetry, signal });
  try {
    const objects = (await target.listObjects()).map(({ name }) => name).sort();
    const described = new Map<string, FieldSchema[]>();
    for (const object of [...new Set([...named, ...objects.filter((name) => usual.has(name))])].sort()) {
      const fields = await describeIfThere(target, object);
      if (fields !== undefined) described.set(object, fields);
      // A view, such as the history of a property, is no object of the list.
      else if (!object.includes("/")) problems.push(`${connection.name} has no object ${object}, which a job names`);
    }
    return { connection: connection.name, objects, described };
  } finally {
    target.close();
  }
}

async function describeIfThere(target: Target, object: string): Promise<FieldSchema[] | undefined> {
  try {
    const { fields } = await target.describe(object);
    return [...fields.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCode.usage) return undefined;
    throw error;
  }
}
