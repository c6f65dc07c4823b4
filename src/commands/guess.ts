// loadline guess: a first job for a file or a table, to be read and corrected by a person.

import { existsSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { isPattern } from "../core/glob.ts";
import { suggest } from "../core/suggest.ts";
import type { Connection } from "../job/job.ts";
import { writeJob } from "../job/write-job.ts";
import { sftpFixtures } from "../pipeline/runs/rehearsal.ts";
import { readProjectConnections } from "../pipeline/tools/connections.ts";
import { type GuessedJob, guessJob } from "../pipeline/tools/guess-job.ts";
import { guessObjectJob, readNamedObject } from "../pipeline/tools/guess-object.ts";
import { printOut } from "../report/output.ts";
import type { SystemFlags } from "./connections.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProjectIfAny, openSystems, readProjectEnvironment, rehearsalOf } from "./project.ts";

export interface GuessFlags extends SystemFlags {
  into?: string;
}

/** JSON knows no order of names. */
function plainMaps(_name: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

/**
 * `sources`: a name, a glob over files that are alike, or a table as `crm:public.orders`. Without connections.yaml the files
 * are those of `drop`. With `--sandbox` those that stand in for an SFTP server's are of its connection.
 */
export async function guess(globals: Globals, sources: readonly string[], flags: GuessFlags): CommandResult {
  const [source = "", ...others] = sources;
  if (others.length > 0) {
    const ending = extname(source);
    throw usageFailure("guess takes one file, or a glob in quotes", {
      why: "the shell has made several names of it, or several were given",
      next: `loadline guess '${join(dirname(source), `*${ending}`)}'`,
    });
  }
  const { project, isThere } = findProjectIfAny(globals);
  const environment = readProjectEnvironment(globals, project.folder);
  const connections = isThere
    ? readProjectConnections(join(project.folder, "connections.yaml"), environment)
    : new Map<string, Connection>();
  const isFile = existsSync(source) || isPattern(source);
  const named = isFile ? undefined : readNamedObject(source, connections);
  const { job, doubts } =
    named === undefined && flags.into === undefined
      ? await guessJob(
          resolve(source),
          connections,
          flags.sandbox === true ? (name) => join(sftpFixtures(project.folder), name) : undefined,
        )
      : await guessBetween(globals, { source, isFile, real: connections }, flags);
  printOut(
    globals.json
      ? JSON.stringify(doubts.length === 0 ? job : { ...job, "x-doubts": doubts }, plainMaps)
      : writeJob(job, doubts).trimEnd(),
  );
  return exitCode.done;
}

/** What asks a system. */
async function guessBetween(
  globals: Globals,
  { source, isFile, real }: { source: string; isFile: boolean; real: ReadonlyMap<string, Connection> },
  flags: GuessFlags,
): Promise<GuessedJob> {
  await using project = await openSystems(globals, rehearsalOf(flags));
  const { environment } = project;
  // No sandbox plays a database, and what is only asked for its columns is not touched.
  const connections = new Map([...project.connections, ...[...real].filter(([, { holds }]) => holds === "tables")]);
  const from = isFile ? undefined : readNamedObject(source, connections);
  // The systems are there until then.
  const guessed = await guessObjectJob({
    from: from ?? resolve(source),
    ...(flags.into === undefined ? {} : { into: readInto(flags.into, connections) }),
    ...{ connections, environment, signal: globals.signal },
  });
  return guessed;
}

function readInto(text: string, connections: ReadonlyMap<string, Connection>) {
  const named = readNamedObject(text, connections);
  if (named !== undefined) return named;
  const names = [...connections.values()].filter(({ holds }) => holds !== "files").map(({ name }) => name);
  const meant = suggest(text.split(":")[0] ?? "", names);
  throw usageFailure(`--into ${text} is not <connection>:<object>`, {
    next: meant === undefined ? `connections: ${names.join(", ") || "none"}` : `--into ${meant}:<object>`,
  });
}
