// The systems of a project as the sandbox describes them, in this very process: for what asks no system and changes none.
// In: connections. Out: the same, those to systems with objects pointed at it. Must hold: no variable is needed, no record
// is kept.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Connection } from "../job/job.ts";
import { connectToSandbox } from "../pipeline/runs/rehearsal.ts";

export interface OfflineSystems extends AsyncDisposable {
  connections: ReadonlyMap<string, Connection>;
}

/** `schema`: the sandbox's schema file; by default the project's sandbox.yaml, if there is one. */
export async function openOffline(
  folder: string,
  connections: ReadonlyMap<string, Connection>,
  schema: string | undefined,
): Promise<OfflineSystems> {
  const systems = new Map([...connections].filter(([, { holds }]) => holds !== "files"));
  if (systems.size === 0) return { connections, [Symbol.asyncDispose]: async () => undefined };
  const { startSandbox } = await import("../sandbox/sandbox.ts");
  const usual = join(folder, "sandbox.yaml");
  const schemaFile = schema ?? (existsSync(usual) ? usual : undefined);
  const stateFolder = mkdtempSync(join(tmpdir(), "loadline-offline-"));
  const sandbox = await startSandbox({
    salesforcePort: 0,
    hubspotPort: 0,
    seed: "empty",
    faultSeed: 1,
    signsInByKey: false,
    ...(schemaFile === undefined ? {} : { schemaFile }),
  });
  const { salesforce, hubspot } = sandbox;
  const addresses = { salesforce, hubspot, sftp: "", hostKey: "" };
  return {
    connections: new Map([...connections, ...connectToSandbox(systems, addresses, stateFolder)]),
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      rmSync(stateFolder, { recursive: true, force: true });
    },
  };
}
