// loadline guess: a first job for a file, to be read and corrected by a person.

import { join, resolve } from "node:path";
import { exitCode } from "../core/exit-code.ts";
import { writeJob } from "../job/write-job.ts";
import { readProjectConnections } from "../pipeline/tools/connections.ts";
import { guessJob } from "../pipeline/tools/guess-job.ts";
import { printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProject, readProjectEnvironment } from "./project.ts";

/** JSON knows no order of names. */
function plainMaps(_name: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

export async function guessFile(globals: Globals, file: string): CommandResult {
  const { folder } = findProject(globals);
  const environment = readProjectEnvironment(globals, folder);
  const connections = readProjectConnections(join(folder, "connections.yaml"), environment);
  const { job, doubts } = await guessJob(resolve(file), connections);
  printOut(
    globals.json
      ? JSON.stringify(doubts.length === 0 ? job : { ...job, "x-doubts": doubts }, plainMaps)
      : writeJob(job, doubts).trimEnd(),
  );
  return exitCode.done;
}
