// Projects whose connection `crm` is a database of our own server, over its socket, and `drop` a folder.

import { expect } from "vitest";
import { explain } from "../../src/core/errors.ts";
import type { ContractProject } from "../contract/project.ts";
import { openDatabaseProject } from "../support/database-project.ts";
import type { PostgresServer } from "../support/postgres.ts";

export function openCrmProject(
  { folder, port, role: owner }: PostgresServer,
  files: Record<string, string>,
  role = owner,
): ContractProject {
  const url = `postgres://${encodeURIComponent(folder)}:${port}/crm`;
  return openDatabaseProject(`{ type: postgres, url: "${url}", auth: { user: ${role} } }`, files);
}

/** Runs a job that writes `drop/out-{run}.csv`, and gives the lines of that. */
export async function takenBy(project: ContractProject, name: string): Promise<string[]> {
  const { summary, error } = await project.run(name);
  expect(summary.exitCode, error === undefined ? "" : explain(error)).toBe(0);
  return project.read(`drop/out-${summary.run}.csv`).trim().split("\n").slice(1).sort();
}
