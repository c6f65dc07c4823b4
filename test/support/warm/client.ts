// Asks the pool for a run of the program or for a sandbox. In: what a process of its own would get. Out: what it would
// leave. Undefined where there is no pool (scripts), and where only a process of its own will do.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import {
  type RunRequest,
  type RunResult,
  type SandboxAddresses,
  type SandboxReply,
  type SandboxRequest,
  socketVariable,
} from "./protocol.ts";

/** Read when Node or a library starts, or meant to kill the process: a host would not see them, or not be the same. */
const readAtStart = /^(NODE_(?!ENV$)|LOADLINE_(?!FAILPOINT_LOG$)|TZ$|UV_|LD_|LANG$|LC_|OPENSSL|SSL)/;

export interface WarmRun {
  finished: Promise<RunResult>;
  kill(): void;
}

export function runWarm(request: Omit<RunRequest, "kind">): WarmRun | undefined {
  const path = process.env[socketVariable];
  const isOwn = ([name, value]: [string, string]) => readAtStart.test(name) && process.env[name] !== value;
  if (path === undefined || Object.entries(request.env).some(isOwn)) return;
  const connection = connect(path);
  const finished = ask(connection, { kind: "run", ...request }).then((line) => JSON.parse(line) as RunResult);
  finished.catch(() => undefined);
  return { finished, kill: () => connection.destroy() };
}

export interface StartedSandbox {
  addresses: SandboxAddresses;
  /** A warm one ends in the same way whatever the signal. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

export async function startWarmSandbox(request: Omit<SandboxRequest, "kind">): Promise<StartedSandbox | undefined> {
  const path = process.env[socketVariable];
  if (path === undefined) return;
  const connection = connect({ path, allowHalfOpen: true });
  const reply = JSON.parse(await ask(connection, { kind: "sandbox", ...request })) as SandboxReply;
  if ("failure" in reply) throw new Error(reply.failure);
  let closed: Promise<unknown> | undefined;
  return {
    addresses: reply,
    async stop() {
      closed ??= once(connection.end(), "close");
      await closed;
    },
  };
}

async function ask(connection: Socket, request: RunRequest | SandboxRequest): Promise<string> {
  const lines = createInterface({ input: connection });
  connection.write(`${JSON.stringify(request)}\n`);
  return new Promise((resolve, reject) => {
    lines.once("line", resolve);
    connection.once("error", reject);
    connection.once("close", () => reject(new Error("the pool of warm programs gave no answer")));
  });
}
