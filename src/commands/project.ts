// The project that a command works in: the nearest folder upwards that holds connections.yaml, and its state.

import { existsSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { usageFailure } from "../core/errors.ts";
import { makePrivateFolder } from "../core/files.ts";
import { suggest } from "../core/suggest.ts";
import { checkConnections } from "../job/check-connections.ts";
import type { Connection, Environment, Job } from "../job/job.ts";
import { readJob } from "../job/read-job.ts";
import { readEnvironment } from "../job/references.ts";
import { refuseTwoWriters } from "../job/two-writers.ts";
import { connectToSandbox, type RehearsalOptions, startRehearsal } from "../pipeline/runs/rehearsal.ts";
import { readProjectConnections } from "../pipeline/tools/connections.ts";
import type { Globals } from "./globals.ts";

export interface Project {
  folder: string;
  /** Ledger, locks and runs of the real systems. */
  stateFolder: string;
}

export function findProject(globals: Globals): Project {
  const folder = globals.dir ?? findUpwards(process.cwd());
  return { folder, stateFolder: join(folder, ".loadline") };
}

/** What references are resolved with: `.env` of the project, the process, what `--env` or `LOADLINE_ENV` names. */
export function readProjectEnvironment(globals: Globals, folder: string): Environment {
  return readEnvironment({
    usual: join(folder, ".env"),
    ...(globals.env === undefined ? {} : { named: globals.env }),
  });
}

/** Makes the folder of a project's state, which no version control takes up, wherever the project lies. */
export function makeStateFolder(folder: string): void {
  const state = join(folder, ".loadline");
  makePrivateFolder(state);
  const ignore = join(state, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
}

/** State of a project's sandbox, apart from that of the real systems. */
export function sandboxState(project: Project): string {
  return join(project.stateFolder, "sandbox");
}

function findUpwards(start: string): string {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "connections.yaml"))) return folder;
    if (folder === dirname(folder)) {
      throw usageFailure(`there is no connections.yaml in ${start} or above`, {
        next: "go to your project, or name it with --dir",
      });
    }
  }
}

export interface OpenProject extends AsyncDisposable {
  folder: string;
  stateFolder: string;
  connections: ReadonlyMap<string, Connection>;
  environment: Environment;
}

/** What `--sandbox` and `--schema` ask for. */
export function rehearsalOf(flags: { sandbox?: boolean; schema?: string }): RehearsalOptions | undefined {
  if (flags.sandbox !== true) return undefined;
  return flags.schema === undefined ? {} : { schema: flags.schema };
}

/** Connections as in the file, or all pointed at a sandbox that runs until this is disposed. */
export async function openProject(globals: Globals, rehearsal: RehearsalOptions | undefined): Promise<OpenProject> {
  const project = findProject(globals);
  const environment = readProjectEnvironment(globals, project.folder);
  const connections = readProjectConnections(join(project.folder, "connections.yaml"), environment);
  if (rehearsal === undefined) {
    return { ...project, connections, environment, [Symbol.asyncDispose]: async () => undefined };
  }
  const stateFolder = sandboxState(project);
  makeStateFolder(project.folder);
  const sandbox = await startRehearsal(stateFolder, project.folder, rehearsal);
  return {
    folder: project.folder,
    stateFolder,
    connections: connectToSandbox(connections, sandbox.addresses, stateFolder),
    environment,
    [Symbol.asyncDispose]: () => sandbox.stop(),
  };
}

/** The connection that a command names. Throws a Failure (2). */
export function connectionNamed({ connections }: OpenProject, name: string): Connection {
  const connection = connections.get(name);
  if (connection !== undefined) return connection;
  const meant = suggest(name, connections.keys());
  const known = [...connections.keys()].join(", ") || "none";
  throw usageFailure(`there is no connection "${name}" in connections.yaml`, {
    next: meant === undefined ? `connections there: ${known}` : `did you mean "${meant}"?`,
  });
}

/** Reads a job and checks the names of its connections. The files that a kept copy names lie beside the `original`. */
export function readProjectJob(file: string, connections: ReadonlyMap<string, Connection>, original = file): Job {
  const job = readJob(resolve(file), dirname(resolve(original)));
  checkConnections(job, connections);
  // A run that has begun goes on as it was begun.
  if (file === original) refuseTwoWriters(job, connections);
  return job;
}
