// Projects whose connection `crm` is a database of our own server, over its socket, and `drop` a folder.

import { expect } from "vitest";
import { explain } from "../../src/core/errors.ts";
import { ContractProject } from "../contract/project.ts";
import type { ConnectorRig } from "../contract/rig.ts";
import type { PostgresServer } from "../support/postgres.ts";

/** A job is its name: each file's name takes the place of `moved`. */
export function openCrmProject(
  { folder, port }: PostgresServer,
  files: Record<string, string>,
  role = "etl",
): ContractProject {
  const url = `postgres://${encodeURIComponent(folder)}:${port}/crm`;
  const rig = { connection: `    { type: postgres, url: "${url}", auth: { user: ${role} } }`, environment: {} };
  const project = new ContractProject(rig as ConnectorRig);
  const named = Object.entries(files).map(([name, text]) => [
    name,
    text.replace("name: moved", `name: ${name.split(".")[0]}`),
  ]);
  project.write(Object.fromEntries(named) as Record<string, string>);
  return project;
}

/** Of one stream. */
export function jobOf(source: string, target: string, map: Record<string, string>, more = ""): string {
  const mapped = Object.entries(map).map(([name, sql]) => `      ${name}: ${sql}\n`);
  return `version: 1
name: moved
streams:
  rows:
    source: { ${source} }
    target: { ${target} }
    map:
${mapped.join("")}rejects: { max: 100% }
${more}`;
}

/** Runs a job that writes `drop/out-{run}.csv`, and gives the lines of that. */
export async function takenBy(project: ContractProject, name: string): Promise<string[]> {
  const { summary, error } = await project.run(name);
  expect(summary.exitCode, error === undefined ? "" : explain(error)).toBe(0);
  return project.read(`drop/out-${summary.run}.csv`).trim().split("\n").slice(1).sort();
}
