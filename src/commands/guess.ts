// loadline guess: a first job for a file, to be read and corrected by a person.

import { dirname, extname, join, resolve } from "node:path";
import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import type { Connection } from "../job/job.ts";
import { writeJob } from "../job/write-job.ts";
import { sftpFixtures } from "../pipeline/runs/rehearsal.ts";
import { readProjectConnections } from "../pipeline/tools/connections.ts";
import { guessJob } from "../pipeline/tools/guess-job.ts";
import { printOut } from "../report/output.ts";
import type { SystemFlags } from "./connections.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProjectIfAny, readProjectEnvironment } from "./project.ts";

/** JSON knows no order of names. */
function plainMaps(_name: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

/**
 * `files`: a name, or a glob over files that are alike. Without connections.yaml the files are those of `drop`. With
 * `--sandbox` those that stand in for an SFTP server's are of its connection.
 */
export async function guessFile(globals: Globals, files: readonly string[], flags: SystemFlags): CommandResult {
  const [file = "", ...others] = files;
  if (others.length > 0) {
    const ending = extname(file);
    throw usageFailure("guess takes one file, or a glob in quotes", {
      why: "the shell has made several names of it, or several were given",
      next: `loadline guess '${join(dirname(file), `*${ending}`)}'`,
    });
  }
  const { project, isThere } = findProjectIfAny(globals);
  const environment = readProjectEnvironment(globals, project.folder);
  const connections = isThere
    ? readProjectConnections(join(project.folder, "connections.yaml"), environment)
    : new Map<string, Connection>();
  const { job, doubts } = await guessJob(
    resolve(file),
    connections,
    flags.sandbox === true ? (name) => join(sftpFixtures(project.folder), name) : undefined,
  );
  printOut(
    globals.json
      ? JSON.stringify(doubts.length === 0 ? job : { ...job, "x-doubts": doubts }, plainMaps)
      : writeJob(job, doubts).trimEnd(),
  );
  return exitCode.done;
}
