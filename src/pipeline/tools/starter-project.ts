// A project as `init` makes it: connections, a job, what the sandbox needs for it, and what stands around. In: two systems,
// or a file and the object that it is to go into. Out: texts by path, and what a person should look at. Must hold: every
// name that a job has is in the files beside it.

import { connectors } from "../../connectors/registry.ts";
import type { Starter, StarterConnection } from "../../contract/starter.ts";
import { usageFailure } from "../../core/errors.ts";
import { suggest } from "../../core/suggest.ts";
import { extendYaml } from "../../job/extend-yaml.ts";
import type { Connection } from "../../job/job.ts";
import { jobJsonSchema } from "../../job/json-schema.ts";
import { addLines, type NewFile } from "./new-files.ts";
import {
  modeline,
  type StarterSide,
  sample,
  sampleName,
  schemaFile,
  starterKey,
  writeSampleTable,
  writeStarterJob,
} from "./starter-job.ts";
import { ignored, type ProgramPlace, writeCrontab, writeWorkflow } from "./starter-surroundings.ts";

export interface StarterProject {
  files: NewFile[];
  /** The job, and one that fills the sandbox's source first. */
  job: string;
  setup?: string;
  doubts: string[];
  /** Of a job with a database, which no sandbox plays: what is to be done before it is checked. */
  before?: string[];
}

/** Where a project is made. */
export interface ProjectPlace {
  folder: string;
  /** It has a package-lock.json: CI installs by that. */
  isLocked: boolean;
  /** Of a connections.yaml that is there. */
  connections?: ReadonlyMap<string, Connection>;
  program: ProgramPlace;
}

/** The types of systems that init knows. */
export function starterTypes(): string[] {
  return connectors.filter(({ readStarter }) => readStarter !== undefined).map(({ type }) => type);
}

export async function readStarter(type: string): Promise<Starter> {
  const starter = await connectors.find((one) => one.type === type)?.readStarter?.();
  if (starter !== undefined) return starter;
  const meant = suggest(type, starterTypes());
  throw usageFailure(`there is no system of type "${type}"`, {
    next: meant === undefined ? `types: ${starterTypes().join(", ")}` : `did you mean "${meant}"?`,
  });
}

export interface WantedConnection {
  type: string;
  name: string;
  lines: string;
  variables: string;
}

/** From one system into another, or from one org into another of the same system. */
export async function startProject(from: string, to: string, place: ProjectPlace): Promise<StarterProject> {
  const [source, target] = [await readStarter(from), await readStarter(to)];
  const areAlike = source.source.name === target.target.name;
  const taking = wantConnection(from, source.source, source.variables, areAlike ? "source" : undefined);
  const giving = wantConnection(to, target.target, target.variables, areAlike ? "target" : undefined);
  const connected = [taking, giving];
  if (target.tables?.onlyRead !== undefined) throw usageFailure(target.tables.onlyRead);
  const sides = { from: sideOf(taking.name, source), to: sideOf(giving.name, target) };
  const job = `jobs/${from}-to-${to}.yaml`;
  const files: NewFile[] = [
    { path: job, text: writeStarterJob(`${from}-to-${to}`, sides.from, sides.to), whenThere: "refuse" },
  ];
  const sandbox = new SandboxFields();
  if (target.records !== undefined) sandbox.addKey(to, target.records, starterKey(sides.from, target.records));
  if (source.tables !== undefined || target.tables !== undefined) {
    const before = addTables(files, sides);
    if (source.sampleFolder !== undefined)
      files.push({ path: `${source.sampleFolder(taking.name)}/${sampleName}`, text: sample });
    return { ...finish({ files, job, doubts: [], connected, sandbox, place, isRehearsed: false }), before };
  }
  if (source.records === undefined) {
    files.push({ path: `${source.sampleFolder?.(taking.name) ?? "."}/${sampleName}`, text: sample });
    return finish({ files, job, doubts: [], connected, sandbox, place });
  }
  // An org of the sandbox is empty at first.
  const samples: StarterSide = { connection: "sample" };
  connected.push({ type: "file", name: samples.connection, lines: "type: file\npath: ./sandbox\n", variables: "" });
  sandbox.addKey(from, source.records, starterKey(samples, source.records));
  const setup = `sandbox/${from}.yaml`;
  const text = writeStarterJob(`sandbox-${from}`, samples, sides.from).replace(
    modeline,
    `${modeline}# Only with --sandbox: it gives the sandbox something to take.\n`,
  );
  files.push({ path: setup, text }, { path: `sandbox/${sampleName}`, text: sample });
  return { ...finish({ files, job, doubts: [], connected, sandbox, place }), setup };
}

/** The tables that a starter job wants, as SQL, and what is to be done with it. */
function addTables(files: NewFile[], { from, to }: { from: StarterSide; to: StarterSide }): string[] {
  const steps: string[] = [];
  const add = ({ connection }: StarterSide, isSource: boolean) => {
    const path = `tables/${connection}.sql`;
    files.push({ path, text: writeSampleTable(isSource) });
    steps.push(
      `run ${path} in a database for tests: it makes the table contacts${isSource ? ", with three rows" : ""}`,
    );
  };
  if (from.tables !== undefined) add(from, true);
  if (to.tables === undefined) return steps;
  if (!to.tables.createsTable) add(to, false);
  return [...steps, `loadline connections prepare ${to.connection}`];
}

/** Two orgs of one system are told apart by the side in their names and in those of their variables. */
export function wantConnection(
  type: string,
  { name, lines }: StarterConnection,
  variables: string,
  side?: "source" | "target",
): WantedConnection {
  if (side === undefined) return { type, name, lines: lines(name), variables };
  const prefix = `${side.toUpperCase()}_`;
  const own = `${name}-${side}`;
  return {
    type,
    name: own,
    lines: lines(own).replaceAll("${", `\${${prefix}`),
    variables: `# ${own}\n${variables.replaceAll(/^(?=\w+=)/gm, prefix)}`,
  };
}

function sideOf(connection: string, { records, tables }: Starter): StarterSide {
  return {
    connection,
    ...(records === undefined ? {} : { records }),
    ...(tables === undefined ? {} : { tables }),
  };
}

/** What sandbox.yaml must have. */
export class SandboxFields {
  readonly #objects = new Map<
    string,
    { system: string; object: string; fields: Record<string, object>; records: NonNullable<Starter["records"]> }
  >();

  addKey(
    system: string,
    records: NonNullable<Starter["records"]>,
    { name, definition }: { name: string; definition: object },
  ): void {
    this.add(system, records.people.object, records, { [name]: definition });
  }

  add(system: string, object: string, records: NonNullable<Starter["records"]>, fields: Record<string, object>): void {
    const key = `${system}\n${object}`;
    const present = this.#objects.get(key)?.fields ?? {};
    this.#objects.set(key, { system, object, records, fields: { ...present, ...fields } });
  }

  /** Paths of sandbox.yaml, to the single field, and what stands there. */
  entries(): { path: string[]; value: unknown }[] {
    return [...this.#objects.values()].flatMap(({ system, object, fields, records }) =>
      Object.entries(fields).flatMap(([name, definition]) =>
        Object.keys(records.extend({})).map((holder) => ({ path: [system, object, holder, name], value: definition })),
      ),
    );
  }

  write(): string {
    const about = "# What the sandbox's org has beside the system's own objects and fields. `--sandbox` reads it.\n";
    return `${about}${extendYaml("", this.entries())}`;
  }
}

export interface ProjectParts {
  files: NewFile[];
  job: string;
  doubts: string[];
  connected: readonly WantedConnection[];
  sandbox: SandboxFields;
  place: ProjectPlace;
  /** False with a database, which no sandbox plays: the workflow would have nothing to check against. */
  isRehearsed?: boolean;
}

export function finish({
  files,
  job,
  doubts,
  connected,
  sandbox,
  place,
  isRehearsed = true,
}: ProjectParts): StarterProject {
  const { connections, folder, program, isLocked } = place;
  if (connections !== undefined) refuseMissing(connections, connected);
  const needed = sandbox.entries();
  const all: NewFile[] = [
    ...(connections === undefined ? [{ path: "connections.yaml", text: writeConnections(connected) }] : []),
    ...files,
    ...(needed.length === 0
      ? []
      : [{ path: "sandbox.yaml", text: sandbox.write(), whenThere: (present: string) => extendYaml(present, needed) }]),
    { path: ".env.example", text: writeVariables(connected) },
    { path: ".gitignore", text: addLines("", ignored), whenThere: (present) => addLines(present, ignored) },
    { path: ".loadline/.gitignore", text: "*\n" },
    {
      path: schemaFile,
      text: `${JSON.stringify(jobJsonSchema(), null, 2)}\n`,
      whenThere: () => `${JSON.stringify(jobJsonSchema(), null, 2)}\n`,
    },
    ...(isRehearsed ? [{ path: ".github/workflows/loadline.yml", text: writeWorkflow(program, isLocked) }] : []),
    { path: "loadline.crontab", text: writeCrontab(program, folder, job) },
  ];
  return { files: all, job, doubts };
}

/** A connections.yaml that is there stays: what it lacks is said as it is to be written. */
function refuseMissing(connections: ReadonlyMap<string, Connection>, wanted: readonly WantedConnection[]): void {
  const missing = wanted.filter(({ name, type }) => connections.get(name)?.type !== type);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(", ");
  throw usageFailure(`connections.yaml is there already, and has no connection ${names}`, {
    why: "init overwrites nothing",
    next: `add to it:\n${missing.map(connectionText).join("")}`.trimEnd(),
  });
}

function connectionText({ name, lines }: WantedConnection): string {
  return `  ${name}:\n${lines.replaceAll(/^(?=.)/gm, "    ")}`;
}

export function writeConnections(connected: readonly WantedConnection[]): string {
  return `# The systems that jobs name. No secrets here, only references to variables: see .env.example.
version: 1
connections:
${connected.map(connectionText).join("")}`;
}

function writeVariables(connected: readonly WantedConnection[]): string {
  const variables = [...new Set(connected.map((one) => one.variables))].join("");
  return `# What connections.yaml refers to. Copy this file to .env and fill it in: it is read by itself, and git ignores it.
${variables === "" ? "# So far nothing: folders need no credentials.\n" : variables}`;
}
