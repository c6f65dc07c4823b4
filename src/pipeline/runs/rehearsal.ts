// `--sandbox`: a sandbox in a process of its own, so that it takes neither the run's memory nor its time, that lives as
// long as the run and keeps its data in the sandbox's own state.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { connectorOf } from "../../connectors/registry.ts";
import type { RehearsalPlace, SandboxAddresses } from "../../contract/connector.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { makePrivateFolder } from "../../core/files.ts";
import type { Connection } from "../../job/job.ts";

export interface RehearsalOptions {
  /** Custom fields; by default `sandbox.yaml` beside connections.yaml, if there is one. */
  schema?: string;
}

export interface Rehearsal {
  addresses: SandboxAddresses;
  stop(): Promise<void>;
}

export async function startRehearsal(
  stateFolder: string,
  projectFolder: string,
  options: RehearsalOptions,
): Promise<Rehearsal> {
  const data = join(stateFolder, "data");
  makePrivateFolder(data);
  placeSftpFixtures(projectFolder, data);
  const usual = join(projectFolder, "sandbox.yaml");
  const schema = options.schema ?? (existsSync(usual) ? usual : undefined);
  const program = process.argv[1] ?? "";
  const flags = [
    "--salesforce-port",
    "0",
    "--hubspot-port",
    "0",
    "--sftp-port",
    "0",
    "--data",
    data,
    "--seed",
    "empty",
    ...(schema === undefined ? [] : ["--schema", schema]),
  ];
  // A session of its own: Ctrl-C is for the run, which needs the sandbox to stop cleanly. It ends with the IPC channel.
  const child = spawn(process.execPath, [program, "sandbox", ...flags], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    detached: true,
  });
  const exited = once(child, "exit");
  const ready = new Promise<string | undefined>((resolve) => {
    const lines = createInterface({ input: child.stdout as Readable });
    lines.once("line", resolve);
    lines.once("close", () => resolve(undefined));
  });
  const line = await ready;
  if (line === undefined) throw new Failure(exitCode.failed, "the sandbox did not start", { next: "loadline sandbox" });
  return {
    addresses: JSON.parse(line) as SandboxAddresses,
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Has a folder for each connection to an SFTP server: what stands in for its files. */
export function sftpFixtures(projectFolder: string): string {
  return join(projectFolder, "fixtures", "sftp");
}

/** The files are copied anew each time. */
function placeSftpFixtures(projectFolder: string, data: string): void {
  const fixtures = sftpFixtures(projectFolder);
  if (!existsSync(fixtures)) return;
  cpSync(fixtures, join(data, "sftp"), { recursive: true, preserveTimestamps: true });
}

/** Each SFTP connection has a folder of its own there, as it would have a server of its own. */
function makeServerFolder(data: string, name: string): string {
  const folder = join(data, "sftp", name);
  makePrivateFolder(folder);
  return `/${name}`;
}

/** Systems are the sandbox's; files are read where they are, and written into the sandbox's own state folder. */
export function connectToSandbox(
  connections: ReadonlyMap<string, Connection>,
  addresses: SandboxAddresses,
  stateFolder: string,
): Map<string, Connection> {
  const pointed = [...connections].map(([name, connection]): [string, Connection] => {
    const place: RehearsalPlace = {
      addresses,
      outbox: join(stateFolder, "files", name),
      makeServerFolder: () => makeServerFolder(join(stateFolder, "data"), name),
    };
    return [name, connectorOf(connection).rehearse?.(connection, place) ?? connection];
  });
  return new Map(pointed);
}
