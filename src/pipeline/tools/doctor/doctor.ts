// All that is looked at, in the order of what rests on what. In: the project as it lies there. Out: a finding a line. Must
// hold: what can't be looked at is a finding too, and nothing is written but what opening the ledger writes.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../../core/errors.ts";
import { exitCode } from "../../../core/exit-code.ts";
import { isListening } from "../../../http/listening.ts";
import type { Connection, Environment } from "../../../job/job.ts";
import { readProjectConnections } from "../connections.ts";
import { askConnection, lookAtReferences } from "./connections.ts";
import { type Finding, ok, warning, wrong } from "./finding.ts";
import { lookAtDisk, lookAtNode, lookAtPermissions } from "./machine.ts";
import { lookAtState } from "./state.ts";
import { lookAtAuthorities, lookAtProxies } from "./way.ts";

export interface Examination {
  folder: string;
  stateFolder: string;
  sandboxState: string;
  environment: Environment;
  /** Ask no system. */
  offline: boolean;
  signal: AbortSignal;
}

export async function examine(examination: Examination): Promise<Finding[]> {
  const { folder, stateFolder, sandboxState } = examination;
  return [
    lookAtNode(),
    ...lookAtDisk(existsSync(stateFolder) ? stateFolder : folder),
    ...lookAtPermissions(folder, stateFolder),
    ...lookAtState(stateFolder),
    ...lookAtState(sandboxState, " of the sandbox"),
    await lookAtPorts(),
    ...lookAtProxies(examination.environment),
    ...(await lookAtConnections(examination)),
  ];
}

/** Where `loadline sandbox` listens unless it is told otherwise, and takes others where these are taken. */
const sandboxPorts = [8025, 8026, 8027];

async function lookAtPorts(): Promise<Finding> {
  const taken: number[] = [];
  for (const port of sandboxPorts) if (await isListening(port)) taken.push(port);
  if (taken.length === 0) return ok("sandbox ports", `${sandboxPorts.join(", ")} are free`);
  return ok(
    "sandbox ports",
    `something listens on ${taken.join(", ")}: a sandbox, or loadline sandbox takes other ones`,
  );
}

async function lookAtConnections({ folder, environment, offline, signal }: Examination): Promise<Finding[]> {
  const file = join(folder, "connections.yaml");
  if (!existsSync(file)) {
    return [
      warning("connections", "there is no connections.yaml", "loadline init makes one; --dir names another project"),
    ];
  }
  let connections: Map<string, Connection>;
  try {
    connections = readProjectConnections(file, environment);
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCode.usage) throw error;
    return [wrong("connections", error.message, "correct the file")];
  }
  const findings = lookAtAuthorities(connections.values());
  for (const connection of connections.values()) {
    const found = lookAtReferences(connection, environment);
    const isWhole = found.every(({ state }) => state === "ok");
    findings.push(...(isWhole && !offline ? await askConnection(connection, { environment, signal }) : found));
  }
  return findings.length > 0 ? findings : [ok("connections", "connections.yaml has none")];
}
