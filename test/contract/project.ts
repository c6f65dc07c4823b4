// A connector at work in this process: the product's own way from a job file to its summary, without a program around it.
// In: the rig of a connector and files. Out: summaries, errors, files of the run. What must hold: each project has its own
// folder and state, which go with it; a run that was broken off is gone on with, as the program would.

import { globSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RunOptions } from "../../src/checkpoint/ledger.ts";
import { readProjectJob } from "../../src/commands/project.ts";
import { exitCode } from "../../src/core/exit-code.ts";
import type { StreamCounts } from "../../src/core/model.ts";
import { recoverRun } from "../../src/pipeline/runs/recovery.ts";
import { type EndedRun, executeRun, lockJob } from "../../src/pipeline/runs/runs.ts";
import { readProjectConnections } from "../../src/pipeline/tools/connections.ts";
import type { RunEvent } from "../../src/report/events.ts";
import { type Finished, startChild } from "../support/child.ts";
import type { ConnectorRig } from "./rig.ts";

export class ContractProject implements Disposable {
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), "loadline-contract-")));
  readonly #rig: ConnectorRig;
  /** What was told of calls that were made again. */
  readonly retries: string[] = [];
  readonly warnings: string[] = [];

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

  /** What is in the files of the project, the state of its runs among them. */
  everything(): string {
    const names = globSync("**", { cwd: this.#folder, withFileTypes: true }).filter((entry) => entry.isFile());
    return names.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1")).join("\n");
  }

  /** Text of the files of that name in the newest run's folder. */
  ofRun(name: string): string {
    const [newest] = globSync(`.loadline/runs/*/${name}`, { cwd: this.#folder }).sort().reverse();
    return newest === undefined ? "" : this.read(newest);
  }

  /** `loadline run` (or plan): an unfinished run of the job is gone on with first. */
  run(jobFile: string, command: "plan" | "run" = "run", options: RunOptions = {}): Promise<EndedRun> {
    const emit = (event: RunEvent) => {
      if (event.type === "retry") this.retries.push(event.message);
      if (event.type === "warning") this.warnings.push(event.message);
    };
    return runJob(this.#folder, this.#rig.environment, jobFile, { command, emit, options });
  }

  /** A run in a process of its own that SIGKILL ends at the first hit of a failpoint; "" ends none. */
  async runKilled(
    program: readonly string[],
    jobFile: string,
    failpoint: string,
  ): Promise<Finished & { hits: string[] }> {
    const log = this.path("failpoints.log");
    rmSync(log, { force: true });
    const armed =
      failpoint === "" ? {} : { LOADLINE_FAILPOINT: /:\d+$/.test(failpoint) ? failpoint : `${failpoint}:1` };
    const env = { ...this.#rig.environment, ...armed, LOADLINE_FAILPOINT_LOG: log };
    const child = startChild(process.execPath, [...program, jobFile], { env, cwd: this.#folder });
    const ended = await child.finished;
    return { ...ended, hits: readFileSync(log, "utf8").trim().split("\n") };
  }

  /** Runs again and again until the run comes to its end, as a person or a scheduler would. */
  async runToTheEnd(jobFile: string): Promise<EndedRun> {
    for (let attempt = 1; ; attempt += 1) {
      const ended = await this.run(jobFile);
      if (ended.summary.exitCode !== exitCode.tryLater || attempt === 5) return ended;
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

interface Asked {
  command?: "plan" | "run";
  emit?: (event: RunEvent) => void;
  options?: RunOptions;
}

/** Runs a job of a project's folder in this process; an unfinished run of it is gone on with first. */
export async function runJob(
  folder: string,
  environment: Record<string, string | undefined>,
  jobFile: string,
  { command = "run", emit = () => undefined, options = {} }: Asked = {},
): Promise<EndedRun> {
  const connections = readProjectConnections(join(folder, "connections.yaml"), environment);
  const stateFolder = join(folder, ".loadline");
  const { signal } = new AbortController();
  const job = readProjectJob(join(folder, jobFile), connections);
  const request = { job, connections, environment, stateFolder, command, options, emit, signal };
  using _lock = await lockJob(request, () => undefined);
  const readKept = (kept: string, original: string) => readProjectJob(kept, connections, original);
  return (await recoverRun({ request, readKept })) ?? (await executeRun(request));
}
