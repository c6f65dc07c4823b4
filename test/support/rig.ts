// A place to try the real program in: a project folder of its own, the built bin as a child process, a sandbox to load
// into. In: files as an object, arguments, environment. Out: what a person or a scheduler would see: stdout, stderr,
// exit code, the files in the folder, the records in the org.
//
//     await using sandbox = await startSandbox({ schema });
//     await using project = createProject({ ...connections(sandbox), "jobs/contacts.yaml": job, "inbox/c.csv": csv });
//     const run = await project.run("run", "jobs/contacts.yaml", "--json");
//     expect(run.code).toBe(0);
//     expect(run.summary().streams["contacts"]?.creates).toBe(2);
//     expect(await sandbox.dump("Contact")).toHaveLength(2);
//
// What must hold: whatever a test does, its processes and its folder go when it ends (`await using`).

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type ChildOptions, type Finished, type Running, runLoadline, startLoadline } from "./child.ts";
import { placeKeys } from "./sandbox-keys.ts";
import { type StartedSandbox, startWarmSandbox } from "./warm/client.ts";
import type { SandboxAddresses } from "./warm/protocol.ts";

export interface Project extends AsyncDisposable {
  folder: string;
  /** Environment for every command of this project. */
  env: Record<string, string | undefined>;
  /** Absolute path of a file of the project. */
  path(name: string): string;
  /** Writes files, their folders too: path below the project to content. */
  write(files: Record<string, string | Uint8Array>): void;
  read(name: string): string;
  /** Names in a folder of the project, sorted; empty where there is no such folder. */
  list(name: string): string[];
  /** Folders of the runs, oldest first; those of `--sandbox` with `inSandbox`. */
  runFolders(options?: { inSandbox: boolean }): string[];
  /** A process of its own, for what kills it, sends it signals, looks at it or sets what Node reads as it starts. */
  start(args: readonly string[], options?: ChildOptions): Running;
  /** Runs `loadline <args>` in the project's folder to its end, where it can be in a warm process (warm/host.ts). */
  run(...args: string[]): Promise<Finished>;
}

/** A temporary project with these files. */
export function createProject(files: Record<string, string | Uint8Array> = {}): Project {
  // Short, for what is printed breaks its lines by what a path leaves of them.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "ll-")));
  const children: Pick<Running, "kill">[] = [];
  const path = (name: string) => join(folder, name);
  const project: Project = {
    folder,
    env: {},
    path,
    write(more) {
      for (const [name, content] of Object.entries(more)) {
        mkdirSync(dirname(path(name)), { recursive: true });
        writeFileSync(path(name), content);
      }
    },
    read: (name) => readFileSync(path(name), "utf8"),
    list(name) {
      try {
        return readdirSync(path(name)).sort();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
        throw error;
      }
    },
    runFolders({ inSandbox } = { inSandbox: false }) {
      const runs = inSandbox ? ".loadline/sandbox/runs" : ".loadline/runs";
      const folders = project.list(runs).map((name) => path(join(runs, name)));
      // Ids of runs of one second are in no order.
      const madeAt = new Map(folders.map((folder) => [folder, statSync(folder, { bigint: true }).birthtimeNs]));
      return folders.sort((left, right) => Number((madeAt.get(left) ?? 0n) - (madeAt.get(right) ?? 0n)));
    },
    start(args, options = {}) {
      const child = startLoadline(args, { cwd: folder, ...options, env: { ...project.env, ...options.env } });
      children.push(child);
      return child;
    },
    run(...args) {
      const running = runLoadline(args, { cwd: folder, env: project.env });
      children.push(running);
      return running.finished;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(children.map((child) => child.kill("SIGKILL")));
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  project.write(files);
  return project;
}

export { type Finished, type Running, repository, startChild, startLoadline } from "./child.ts";

export interface Sandbox extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, of Salesforce. */
  origin: string;
  /** The same of HubSpot. */
  hubspot: string;
  /** All records of a HubSpot object, archived ones too. */
  dumpHubSpot(object: string): Promise<HubSpotDump[]>;
  /** A call of HubSpot's API, for what a test changes behind loadline's back; from /__sandbox on, a control call. */
  hubspotApi(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** `sftp://sandbox@127.0.0.1:<port>`. */
  sftp: string;
  /** `SHA256:…` */
  hostKey: string;
  /** All records of an object, deleted ones too (`IsDeleted`), in the order of their ids. */
  dump(object: string): Promise<Record<string, unknown>[]>;
  /** Replaces the faults (docs/sandbox.md); `[]` clears. */
  setFaults(faults: readonly unknown[]): Promise<void>;
  /** How often each of them has struck. */
  faultsMet(): Promise<number[]>;
  /** Lets so many milliseconds pass on the clock of both systems, without waiting; below 0 it goes back. */
  advance(ms: number): Promise<void>;
  /** Requests since the start, by endpoint. */
  calls(): Promise<Record<string, number>>;
  /** The bulk jobs with their state and counts. */
  jobs(): Promise<Record<string, unknown>[]>;
  /** An API call with a token of the org, for what a test changes behind loadline's back. */
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  /** Ends it, as a crash does with SIGKILL. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface HubSpotDump {
  id: string;
  properties: Record<string, string>;
  archived: boolean;
}

export interface SandboxRequest {
  /** Custom objects and fields, in the shape of the schema file. */
  schema?: unknown;
  faults?: readonly unknown[];
  /** Keeps its data here, so that a second sandbox can go on with it. */
  data?: string;
  /** 0, the default, takes a free port. */
  port?: number;
  sftpPort?: number;
  /** It is killed after this time, where it has a process of its own. */
  msMax?: number;
  /** In a process of its own, so that SIGKILL ends it as a power cut does. */
  killable?: boolean;
}

/** Starts a sandbox: beside others in a warm process, or, where it may be killed, in a process of its own. */
export async function startSandbox(request: SandboxRequest = {}): Promise<Sandbox> {
  const folder = mkdtempSync(join(tmpdir(), "loadline-sandbox-"));
  const files: Partial<Record<"schema" | "faults", string>> = {};
  for (const name of ["schema", "faults"] as const) {
    if (request[name] === undefined) continue;
    files[name] = join(folder, `${name}.json`);
    writeFileSync(files[name], JSON.stringify(request[name]));
  }
  const { data = join(folder, "data"), killable = false } = request;
  const warm = killable ? undefined : await startWarmSandbox({ folder: data, files });
  const { stop, addresses } = warm ?? (await startSandboxProcess(request, data, files));
  const { salesforce: origin, hubspot, sftp, hostKey } = addresses;
  const stopAndClear = async (signal: NodeJS.Signals = "SIGTERM") => {
    await stop(signal);
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    origin,
    hubspot,
    sftp,
    hostKey,
    ...controls(origin),
    ...hubspotControls(hubspot),
    stop: stopAndClear,
    [Symbol.asyncDispose]: () => stopAndClear("SIGKILL"),
  };
}

/** `loadline sandbox`. The folder of its data is always ours: a killed sandbox can't clear up behind itself. */
async function startSandboxProcess(
  { port = 0, sftpPort = 0, msMax }: SandboxRequest,
  data: string,
  files: Record<string, string>,
): Promise<StartedSandbox> {
  placeKeys(data);
  const ports = ["--salesforce-port", String(port), "--hubspot-port", "0", "--sftp-port", String(sftpPort)];
  const flags = Object.entries(files).flatMap(([name, file]) => [`--${name}`, file]);
  const args = ["sandbox", ...ports, "--data", data, ...flags];
  const running = startLoadline(args, msMax === undefined ? {} : { msMax });
  const addresses = JSON.parse(await firstLine(running)) as SandboxAddresses;
  return { addresses, stop: async (signal) => void (await running.kill(signal)) };
}

async function firstLine(running: Running): Promise<string> {
  let seen = "";
  running.child.stdout?.on("data", (text: string) => {
    seen += text;
  });
  await running.untilPrinted("\n");
  return seen.split("\n")[0] ?? "";
}

function hubspotControls(origin: string): Pick<Sandbox, "dumpHubSpot" | "hubspotApi"> {
  const ask = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { authorization: "Bearer pat-sandbox-loadline", "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  return {
    async dumpHubSpot(object) {
      const { status, text } = await ask("GET", `/__sandbox/hubspot/${object}`);
      if (status >= 300) throw new Error(`dump of ${object}: ${status} ${text}`);
      const lines = text.split("\n").filter((line) => line !== "");
      return lines.map((line) => JSON.parse(line) as HubSpotDump);
    },
    async hubspotApi(method, path, body) {
      const { status, text } = await ask(method, path, body);
      return { status, body: /^[[{]/.test(text) ? JSON.parse(text) : text };
    },
  };
}

type Controls = Omit<
  Sandbox,
  "origin" | "hubspot" | "sftp" | "hostKey" | "dumpHubSpot" | "hubspotApi" | "stop" | typeof Symbol.asyncDispose
>;

function controls(origin: string): Controls {
  const ask = async (method: string, path: string, body?: unknown) => {
    const url = path.startsWith("/") ? `${origin}${path}` : `${origin}/services/data/v66.0/${path}`;
    const response = await fetch(url, {
      method,
      headers: { authorization: "Bearer 00Dsandbox0000001!loadline", "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const control = async (method: string, path: string, body?: unknown): Promise<string> => {
    const { status, text } = await ask(method, `/__sandbox/${path}`, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
    return text;
  };
  return {
    async dump(object) {
      const lines = (await control("GET", `salesforce/${object}`)).split("\n");
      return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    setFaults: async (faults) => void (await control("POST", "faults", faults)),
    advance: async (ms) => void (await control("POST", "clock", { advance_ms: ms })),
    faultsMet: async () => JSON.parse(await control("GET", "faults")) as number[],
    calls: async () => JSON.parse(await control("GET", "calls")) as Record<string, number>,
    jobs: async () => JSON.parse(await control("GET", "salesforce/jobs")) as Record<string, unknown>[],
    async api(method, path, body) {
      const { status, text } = await ask(method, path, body);
      return { status, body: text === "" ? undefined : JSON.parse(text) };
    },
  };
}

/** A connections.yaml with `salesforce` pointed at a sandbox (credentials from the environment) and the folder `drop`. */
export function connections(
  sandbox: Pick<Sandbox, "origin"> & Partial<Pick<Sandbox, "hubspot">>,
  drop = "./inbox",
): Record<string, string> {
  return {
    "connections.yaml": `version: 1
connections:
  salesforce:
    type: salesforce
    login_url: ${sandbox.origin}
    auth: { client_credentials: { client_id: "\${SF_CLIENT_ID}", client_secret: "\${SF_CLIENT_SECRET}" } }
  drop: { type: file, path: ${drop} }
  hubspot:
    type: hubspot
    base_url: ${sandbox.hubspot ?? "http://127.0.0.1:1"}
    auth: { token: "\${HUBSPOT_TOKEN}" }
    limits: { burst: 100% }
`,
  };
}
