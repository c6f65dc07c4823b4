// Serves many sandboxes from one process, each with a folder and ports of its own, for tests that need an org and don't
// kill it. In, by IPC: the number of a sandbox with its folder and files, or only its number, to close it. Out, by IPC:
// its number with its addresses, or alone once it is closed.

import { type Sandbox, startSandbox } from "../../../src/sandbox/sandbox.ts";
import { placeKeys } from "../sandbox-keys.ts";
import type { SandboxReply, SandboxRequest } from "./protocol.ts";

export interface SandboxOrder {
  number: number;
  /** Without: to be closed. */
  request?: SandboxRequest;
}

export interface SandboxAnswer {
  number: number;
  reply?: SandboxReply;
}

const sandboxes = new Map<number, Promise<Sandbox>>();

// As the command does.
process.umask(0o077);

// Whatever became of the pool.
process.on("disconnect", () => process.exit());
process.on("message", ({ number, request }: SandboxOrder) => {
  void (request === undefined ? close(number) : open(number, request)).then((answer) => process.send?.(answer));
});

async function open(number: number, { folder, files: { schema, faults } }: SandboxRequest): Promise<SandboxAnswer> {
  placeKeys(folder);
  const starting = startSandbox({
    ...{ salesforcePort: 0, hubspotPort: 0, sftpPort: 0, seed: "empty", faultSeed: 1, dataFolder: folder },
    ...(schema === undefined ? {} : { schemaFile: schema }),
    ...(faults === undefined ? {} : { faultsFile: faults }),
  });
  sandboxes.set(number, starting);
  try {
    const { salesforce, hubspot, sftp = "", hostKey = "" } = await starting;
    return { number, reply: { salesforce, hubspot, sftp, hostKey } };
  } catch (error) {
    sandboxes.delete(number);
    return { number, reply: { failure: String(error) } };
  }
}

async function close(number: number): Promise<SandboxAnswer> {
  const sandbox = await sandboxes.get(number);
  sandboxes.delete(number);
  await sandbox?.close();
  return { number };
}
