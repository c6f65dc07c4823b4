// A connector at work in this process: the product's own way from a job file to its summary, without a program around it.
// In: the rig of a connector and files. Out: summaries, errors, files of the run. What must hold: each project has its own
// folder and state, which go with it; a run that was broken off is gone on with, as the program would.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readProjectJob } from "../../src/commands/project.ts";
import type { StreamCounts } from "../../src/core/model.ts";
import { recoverRun } from "../../src/pipeline/runs/recovery.ts";
import { type EndedRun, executeRun, lockJob } from "../../src/pipeline/runs/runs.ts";
import { readProjectConnections } from "../../src/pipeline/tools/connections.ts";

/** What happens to a call of a stand-in. */
export type Mishap = "cut before" | "cut after" | 500 | 503 | 429;

/** A connector with its stand-in, and a small table of what it can do. */
export interface ConnectorRig extends AsyncDisposable {
  /** Below `connections:`, indented by two; the connection is called `crm`. */
  connection: string;
  environment: Record<string, string>;
  object: string;
  /** Names of the fields: a unique key of text, and one of each type that the system has. */
  fields: { key: string; text: string; number: string; boolean: string; date: string; datetime: string };
  /** A record as a person makes it, by the roles of its fields. */
  put(values: Values): Promise<void>;
  change(key: string, values: Values): Promise<void>;
  remove(key: string): Promise<void>;
  /** Live records by key, values by the roles of their fields, as a person would write them down. */
  live(): Promise<Map<string, Values>>;
  /** The nth call from now on of that kind; "write" is the call by which rows are written. */
  mishap(call: "write" | "read", nth: number, mishap: Mishap): Promise<void>;
  /** A value that the system refuses by itself: nothing that describe says condemns it. */
  /** What tells that a record was deleted, in an extraction with `deletes: emit`. */
  deletedColumn: string;
  refused: { field: string; value: string };
  /** Runs `<folder> <job file>` in a process of its own, where the connector is not part of the product. */
  program?: string;
}

export type Role = keyof ConnectorRig["fields"];
export type Values = Partial<Record<Role, string>>;

export class ContractProject implements Disposable {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), "loadline-contract-")));
  readonly #rig: ConnectorRig;

  constructor(rig: ConnectorRig) {
    this.#rig = rig;
    this.write({
      "connections.yaml": `version: 1
connections:
  crm:
${rig.connection}
  drop: { type: file, path: ./drop }
`,
    });
  }

  write(files: Record<string, string>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), content);
    }
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  /** Text of the files of that name in the newest run's folder. */
  ofRun(name: string): string {
    const [newest] = globSync(`.loadline/runs/*/${name}`, { cwd: this.#folder }).sort().reverse();
    return newest === undefined ? "" : this.read(newest);
  }

  /** `loadline run` (or plan): an unfinished run of the job is gone on with first. */
  run(jobFile: string, command: "plan" | "run" = "run"): Promise<EndedRun> {
    return runJob(this.#folder, this.#rig.environment, jobFile, command);
  }

  /** `loadline run` in a process of its own that SIGKILL ends at the first hit of a failpoint; "" ends none. */
  async runKilled(jobFile: string, failpoint: string): Promise<{ signal: NodeJS.Signals | null; hits: string[] }> {
    const { program = "", environment } = this.#rig;
    const log = this.path("failpoints.log");
    rmSync(log, { force: true });
    const armed = failpoint === "" ? {} : { LOADLINE_FAILPOINT: `${failpoint}:1` };
    const env = { ...process.env, ...environment, ...armed, LOADLINE_FAILPOINT_LOG: log };
    const child = spawn(process.execPath, [program, this.#folder, jobFile], {
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return { signal, hits: readFileSync(log, "utf8").trim().split("\n") };
  }

  /** Runs again and again until the run comes to its end, as a person or a scheduler would. */
  async runToTheEnd(jobFile: string): Promise<EndedRun> {
    for (let attempt = 1; ; attempt += 1) {
      const ended = await this.run(jobFile);
      if (ended.summary.exitCode === 0 || attempt === 5) return ended;
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The counts of the only stream. */
export function countsOf({ summary, error }: EndedRun): StreamCounts {
  const [counts] = Object.values(summary.streams);
  if (counts === undefined) throw new Error(`the run has no counts: ${String(error)}`);
  return counts;
}

/** Runs a job of a project's folder in this process; an unfinished run of it is gone on with first. */
export async function runJob(
  folder: string,
  environment: Record<string, string | undefined>,
  jobFile: string,
  command: "plan" | "run" = "run",
): Promise<EndedRun> {
  const connections = readProjectConnections(join(folder, "connections.yaml"), environment);
  const stateFolder = join(folder, ".loadline");
  const { signal } = new AbortController();
  const job = readProjectJob(join(folder, jobFile), connections);
  const request = { job, connections, environment, stateFolder, command, options: {}, emit: () => undefined, signal };
  using _lock = await lockJob(request, () => undefined);
  const readKept = (kept: string, original: string) => readProjectJob(kept, connections, original);
  return (await recoverRun({ request, readKept })) ?? (await executeRun(request));
}

/** Values by the names of their fields. */
export function toNames(fields: ConnectorRig["fields"], values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([role, value]) => [fields[role as Role], value]));
}

/** Values of a record by the roles of their fields, as a person would write them down; blank ones are left out. */
export function toRoles(fields: ConnectorRig["fields"], record: Readonly<Record<string, unknown>>): Values {
  const entries = Object.entries(fields).flatMap(([role, name]) => {
    const value = record[name] ?? "";
    return value === "" ? [] : [[role, writeDown(role, String(value))] as const];
  });
  return Object.fromEntries(entries);
}

function writeDown(role: string, value: string): string {
  if (role === "datetime") return new Date(value).toISOString();
  return role === "number" ? String(Number(value)) : value;
}
