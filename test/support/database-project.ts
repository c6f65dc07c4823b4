// A project whose connection `crm` is a database, with jobs from tables to tables and files.

import { parse } from "csv-parse/sync";
import { ContractProject } from "../contract/project.ts";
import type { ConnectorRig } from "../contract/rig.ts";

/** `files`: a job that is called `moved` gets the name of its file, for a job is its name. */
export function openDatabaseProject(
  connection: string,
  files: Record<string, string>,
  environment: Record<string, string> = {},
): ContractProject {
  const project = new ContractProject({ connection: `    ${connection}`, environment } as unknown as ConnectorRig);
  const named = Object.entries(files).map(([name, text]) => [
    name,
    text.replace("name: moved", `name: ${name.split(".")[0]}`),
  ]);
  project.write(Object.fromEntries(named) as Record<string, string>);
  return project;
}

/** Of one stream, `rows`. */
export const moveJob = (source: string, target: string, map: Record<string, string>, more = "") => `version: 1
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

/** Each mapped as it is. */
export const namesOf = (list: string) => Object.fromEntries(list.split(" ").map((name) => [name, name]));

export const intoFile = "connection: drop, files: out.csv";

type Cells = Record<string, string>;

export function rowsOf(project: ContractProject, path: string): Cells[] {
  return parse(project.read(path), { columns: true });
}

export function rejectsOf(project: ContractProject): Cells[] {
  return parse(project.ofRun("rejects/rows.csv"), { columns: true });
}
