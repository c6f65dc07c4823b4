// The project that a command works in: the nearest folder upwards that holds connections.yaml, and its state.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathInCommand, usageFailure } from "../core/errors.ts";
import { isThere, makePrivateFolder } from "../core/files.ts";
import { isPattern, openGlob } from "../core/glob.ts";
import { suggest } from "../core/suggest.ts";
import { checkConnections, checkFilters } from "../job/check-connections.ts";
import type { Connection, Environment, Job } from "../job/job.ts";
import { readJob } from "../job/read-job.ts";
import { readEnvironment } from "../job/references.ts";
import { refuseTwoWriters } from "../job/two-writers.ts";
import { connectToSandbox, type RehearsalOptions, startRehearsal } from "../pipeline/runs/rehearsal.ts";
import { playedConnections, readProjectConnections } from "../pipeline/tools/connections.ts";
import type { Globals } from "./globals.ts";

export interface Project {
  folder: string;
  /** Ledger, locks and runs of the real systems. */
  stateFolder: string;
}

export function findProject(globals: Globals): Project {
  const folder = globals.dir ?? findUpwards(process.cwd());
  if (folder === undefined) {
    throw usageFailure(`there is no connections.yaml in ${process.cwd()} or above`, {
      next: "go to your project, or name it with --dir; loadline init makes one",
    });
  }
  const project = projectIn(folder);
  if (isThere(join(folder, "connections.yaml")) || existsSync(project.stateFolder)) return project;
  throw usageFailure(`there is no connections.yaml in ${folder}`, {
    why: "--dir names the folder of a project",
    next: `loadline init ${pathInCommand(folder)} makes one there`,
  });
}

/** For what needs no connections.yaml: the working folder, where there is none. */
export function findProjectIfAny(globals: Globals): { project: Project; isThere: boolean } {
  const folder = globals.dir ?? findUpwards(process.cwd()) ?? process.cwd();
  return { project: projectIn(folder), isThere: isThere(join(folder, "connections.yaml")) };
}

function projectIn(folder: string): Project {
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

function findUpwards(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (isThere(join(folder, "connections.yaml"))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

export interface OpenProject extends AsyncDisposable {
  folder: string;
  stateFolder: string;
  connections: ReadonlyMap<string, Connection>;
  environment: Environment;
}

/** What `--sandbox` and `--schema` ask for. Throws a Failure (2) for a schema without a sandbox. */
export function rehearsalOf(flags: { sandbox?: boolean; schema?: string }): RehearsalOptions | undefined {
  if (flags.sandbox !== true) {
    if (flags.schema === undefined) return undefined;
    throw usageFailure("--schema describes the sandbox, and no sandbox is asked for", { next: "add --sandbox" });
  }
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

/**
 * As openProject; where there is no connections.yaml, a rehearsal has a connection to each system of the sandbox, called by
 * its type, and leaves nothing behind.
 */
export async function openSystems(globals: Globals, rehearsal: RehearsalOptions | undefined): Promise<OpenProject> {
  const { project, isThere } = findProjectIfAny(globals);
  if (rehearsal === undefined || isThere) return openProject(globals, rehearsal);
  const stateFolder = mkdtempSync(join(tmpdir(), "loadline-sandbox-"));
  const sandbox = await startRehearsal(stateFolder, project.folder, rehearsal);
  return {
    folder: project.folder,
    stateFolder,
    connections: connectToSandbox(await playedConnections(stateFolder), sandbox.addresses, stateFolder),
    environment: process.env,
    async [Symbol.asyncDispose]() {
      await sandbox.stop();
      rmSync(stateFolder, { recursive: true, force: true });
    },
  };
}

/** The connection that a command names. Throws a Failure (2). */
export function connectionNamed({ connections }: Pick<OpenProject, "connections">, name: string): Connection {
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
  if (file !== original) return job;
  checkFilters(job, connections);
  refuseTwoWriters(job, connections);
  return job;
}

/** The connections whose names a glob means, or the one of that name; all without one. Throws a Failure (2) for none. */
export function connectionsNamed(project: Pick<OpenProject, "connections">, glob: string | undefined): Connection[] {
  const all = [...project.connections.values()];
  if (glob === undefined) return all;
  if (!isPattern(glob)) return [connectionNamed(project, glob)];
  const { matches } = openGlob(glob);
  const meant = all.filter(({ name }) => matches(name));
  if (meant.length > 0) return meant;
  throw usageFailure(`no connection is called like ${glob}`, {
    next: `connections: ${all.map(({ name }) => name).join(", ")}`,
  });
}
