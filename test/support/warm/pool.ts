// Keeps hosts (host.ts, sandbox-host.ts) and hands each request of a test to one that is free. Started once for all
// tests (build-program.ts). In: connections to its socket, one request each. Out: the answer on the same connection.
// What must hold: a host runs one program at a time; what a run did to its host (killed it, hung in it) meets no other
// run; what a test leaves behind ends when its connection does.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type RunReply, type RunRequest, type RunResult, runEnd, type SandboxRequest } from "./protocol.ts";
import type { SandboxAnswer, SandboxOrder } from "./sandbox-host.ts";

/** The first modules of former runs stay in memory. */
const runsMax = 500;
const idleMax = 4;
const sandboxHostsMax = 2;

interface Host {
  child: ChildProcess;
  runs: number;
}

interface SandboxHost {
  child: ChildProcess;
  open: Map<number, (answer: SandboxAnswer) => void>;
}

export interface Pool {
  socket: string;
  close(): Promise<void>;
}

const end = Buffer.from(runEnd);
const idle: Host[] = [];
const children = new Set<ChildProcess>();
const sandboxHosts: SandboxHost[] = [];
let sandboxes = 0;

export async function openPool(): Promise<Pool> {
  const folder = mkdtempSync(join(tmpdir(), "loadline-pool-"));
  const socket = join(folder, "pool.sock");
  const server = createServer({ allowHalfOpen: true }, (connection) => void serve(connection));
  server.listen(socket);
  await once(server, "listening");
  return {
    socket,
    async close() {
      server.close();
      const ended = [...children].map((child) => once(child, "exit"));
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(ended);
      // What makeKeptFolder made is in it too.
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function serve(connection: Socket): Promise<void> {
  // A test that went away needs no answer.
  connection.on("error", () => undefined);
  const lines = createInterface({ input: connection });
  const [line] = (await once(lines, "line")) as [string];
  const request = JSON.parse(line) as RunRequest | SandboxRequest;
  if (request.kind === "run") connection.end(`${JSON.stringify(await runInHost(request, connection))}\n`);
  else await serveSandbox(request, connection);
}

async function runInHost(request: RunRequest, connection: Socket): Promise<RunResult> {
  const host = idle.pop() ?? { child: startHost("host.ts"), runs: 0 };
  const { child } = host;
  host.runs += 1;
  const kill = () => void child.kill("SIGKILL");
  const timer = setTimeout(kill, request.msMax);
  connection.once("end", kill);
  const printed = Promise.all([child.stdout, child.stderr].map(readRun));
  const how = await new Promise<RunReply | Pick<RunResult, "code" | "signal">>((resolve) => {
    const die = (code: number | null, signal: NodeJS.Signals | null) => resolve({ code, signal });
    child.once("exit", die);
    child.once("message", (reply: RunReply) => {
      child.off("exit", die);
      resolve(reply);
    });
    child.send(request);
  });
  const [stdout = "", stderr = ""] = await printed;
  clearTimeout(timer);
  connection.off("end", kill);
  if ("signal" in how) return { ...how, stdout, stderr };
  if (how.isSound && host.runs < runsMax && idle.length < idleMax) idle.push(host);
  else kill();
  return { code: how.code, signal: null, stdout, stderr };
}

/** What comes until the end of the run, or of the host. */
export function readRun(stream: NodeJS.ReadableStream | null): Promise<string> {
  return new Promise((resolve) => {
    let text = Buffer.alloc(0);
    const finish = (to = text.length) => {
      stream?.off("data", take).off("end", finishAtEnd);
      resolve(text.subarray(0, to).toString());
    };
    const finishAtEnd = () => finish();
    const take = (more: Buffer) => {
      text = Buffer.concat([text, more]);
      // What is left of a run may still say something behind its end, where a process of its own would be gone.
      const at = text.indexOf(end);
      if (at >= 0) finish(at);
    };
    stream?.on("data", take).on("end", finishAtEnd);
  });
}

async function serveSandbox(request: SandboxRequest, connection: Socket): Promise<void> {
  const host = sandboxHost();
  const number = ++sandboxes;
  const order = (what: SandboxOrder) =>
    new Promise<SandboxAnswer>((resolve) => {
      host.open.set(number, resolve);
      host.child.send(what);
    });
  // Half-closed by the test: it wants the sandbox to end, and to know when it has.
  const ended = once(connection, "end").catch(() => undefined);
  const { reply } = await order({ number, request });
  connection.write(`${JSON.stringify(reply)}\n`);
  await ended;
  await order({ number });
  host.open.delete(number);
  connection.end();
}

/** The one that serves the fewest. */
function sandboxHost(): SandboxHost {
  const [least] = sandboxHosts.toSorted((left, right) => left.open.size - right.open.size);
  if (least !== undefined && (least.open.size === 0 || sandboxHosts.length >= sandboxHostsMax)) return least;
  const host: SandboxHost = { child: startHost("sandbox-host.ts"), open: new Map() };
  host.child.on("message", (answer: SandboxAnswer) => host.open.get(answer.number)?.(answer));
  host.child.once("exit", () => {
    sandboxHosts.splice(sandboxHosts.indexOf(host), 1);
    for (const [number, answer] of host.open) answer({ number, reply: { failure: "the process of sandboxes ended" } });
  });
  sandboxHosts.push(host);
  return host;
}

function startHost(file: string): ChildProcess {
  const isQuiet = file === "host.ts";
  const child = fork(join(import.meta.dirname, file), [], {
    execArgv: [],
    stdio: isQuiet ? ["ignore", "pipe", "pipe", "ipc"] : ["ignore", "inherit", "inherit", "ipc"],
  });
  children.add(child);
  child.once("exit", () => {
    children.delete(child);
    const index = idle.findIndex((host) => host.child === child);
    if (index >= 0) idle.splice(index, 1);
  });
  return child;
}
