// A project of its own whose connection `crm` is PostgreSQL's own server, by its socket.

import { ContractProject } from "../contract/project.ts";
import type { ConnectorRig } from "../contract/rig.ts";
import type { PostgresServer } from "../support/postgres.ts";

/** A job is its name: each file of one is. */
export function openPostgresProject(server: PostgresServer, files: Record<string, string>): ContractProject {
  const { folder, port, role } = server;
  const url = `postgres://${encodeURIComponent(folder)}:${port}/crm`;
  const rig = { connection: `    { type: postgres, url: "${url}", auth: { user: ${role} } }`, environment: {} };
  const project = new ContractProject(rig as ConnectorRig);
  const own = Object.entries(files).map(([name, text]) => [
    name,
    text.replace("name: moved", `name: ${name.split(".")[0]}`),
  ]);
  project.write(Object.fromEntries(own) as Record<string, string>);
  return project;
}

/** A job of one stream, `rows`. */
export function jobOf(source: string, target: string, map: Record<string, string>, more = ""): string {
  return `version: 1
name: moved
streams:
  rows:
    source: { ${source} }
    target: { ${target} }
    map:
${Object.entries(map)
  .map(([name, sql]) => `      ${name}: ${sql}`)
  .join("\n")}
rejects: { max: 100% }
${more}`;
}
