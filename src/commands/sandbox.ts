// loadline sandbox: serves until it is told to stop.

import { once } from "node:events";
import { exitCode } from "../core/exit-code.ts";
import { printOut } from "../report/output.ts";
import { startSandbox } from "../sandbox/sandbox.ts";
import type { CommandResult, Globals } from "./globals.ts";

export interface SandboxFlags {
  salesforcePort?: number;
  hubspotPort?: number;
  sftpPort?: number;
  data?: string;
  schema?: string;
  seed: "demo" | "empty";
  faults?: string;
  faultSeed: number;
}

export async function serveSandbox(globals: Globals, flags: SandboxFlags): CommandResult {
  const { salesforcePort, hubspotPort, sftpPort } = flags;
  const sandbox = await startSandbox({
    salesforcePort: salesforcePort ?? { usual: 8025 },
    hubspotPort: hubspotPort ?? { usual: 8026 },
    sftpPort: sftpPort ?? { usual: 8027 },
    seed: flags.seed,
    faultSeed: flags.faultSeed,
    ...(flags.data === undefined ? {} : { dataFolder: flags.data }),
    ...(flags.schema === undefined ? {} : { schemaFile: flags.schema }),
    ...(flags.faults === undefined ? {} : { faultsFile: flags.faults }),
  });
  const stopped = globals.signal.aborted ? Promise.resolve() : once(globals.signal, "abort");
  // Started for one run: it ends with that run, however the run ends.
  const orphaned = process.channel === undefined ? new Promise<never>(() => undefined) : once(process, "disconnect");
  const { salesforce, hubspot, sftp, hostKey } = sandbox;
  printOut(JSON.stringify({ salesforce, hubspot, sftp, hostKey }));
  await Promise.race([stopped, orphaned]);
  await sandbox.close();
  return exitCode.done;
}
