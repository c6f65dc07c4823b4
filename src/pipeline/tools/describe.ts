// What a connected system has: its objects, or one object's fields.

import { openConnection } from "../../connectors/registry.ts";
import type { Target } from "../../contract/target.ts";
import { Failure, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { isPattern, openGlob } from "../../core/glob.ts";
import type { ObjectSchema, ObjectSummary } from "../../core/model.ts";
import { quoteForShell } from "../../core/next-command.ts";
import { suggest } from "../../core/suggest.ts";
import type { Connection, Environment } from "../../job/job.ts";

export interface DescribeRequest {
  connection: Connection;
  /** A name, or a glob over names. */
  object?: string;
  /** What to run where another object is meant. */
  nextFor?: (meant: string) => string;
  environment: Environment;
  signal: AbortSignal;
}

export interface Described {
  org: string;
  warnings: readonly string[];
  found: { objects: ObjectSummary[] } | { object: ObjectSchema };
}

/** Throws a Failure (exit 2) with a did-you-mean for an object that is not there. */
export async function describeSystem(request: DescribeRequest): Promise<Described> {
  const { connection, object, environment, signal } = request;
  const { nextFor = (meant: string) => `loadline describe ${connection.name} ${quoteForShell(meant)}` } = request;
  if (connection.holds === "files") {
    throw usageFailure(`connection ${connection.name} is a folder: it has files, and no objects`, {
      where: connection.place,
    });
  }
  const { target } = await openConnection(connection, { environment, onRetry: () => undefined, signal });
  try {
    const found =
      object === undefined || isPattern(object)
        ? { objects: await listObjects(target, object) }
        : { object: await describeOrSuggest(target, connection.name, object, nextFor) };
    return { org: target.orgId, warnings: target.warnings, found };
  } finally {
    target.close();
  }
}

/** As in names of Salesforce and HubSpot, case counts for nothing. */
async function listObjects(target: Target, glob: string | undefined): Promise<ObjectSummary[]> {
  const all = await target.listObjects();
  if (glob === undefined) return all;
  const { nearlyMatches } = openGlob(glob);
  const meant = all.filter(({ name }) => nearlyMatches(name));
  if (meant.length > 0) return meant;
  throw usageFailure(`no object is called like ${glob}`, { why: `there are ${all.length}, and none of such a name` });
}

async function describeOrSuggest(
  target: Target,
  connection: string,
  object: string,
  nextFor: (meant: string) => string,
): Promise<ObjectSchema> {
  try {
    return await target.describe(object);
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCode.usage) throw error;
    const names = (await target.listObjects()).map(({ name }) => name);
    const meant = suggest(object, names);
    const next = meant === undefined ? `loadline describe ${connection}` : nextFor(meant);
    throw usageFailure(error.message, { ...(error.why === undefined ? {} : { why: error.why }), next, cause: error });
  }
}
