// The real program as a process: started, watched, ended. Where only what it leaves is looked at, a warm process runs it
// (warm/host.ts).

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunSummary } from "../../src/report/summary.ts";
import { runWarm } from "./warm/client.ts";

/** The repository's folder. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

const bin = join(repository, "bin/loadline.js");

/** A child that hangs is killed after this time, so that its test fails instead of the whole suite. */
const childMsMax = 240_000;

/** What a finished child left. */
export interface Finished {
  /** Exit code; null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** The JSON summary: stdout must be exactly one line of JSON, otherwise this throws with all that was printed. */
  summary(): RunSummary;
}

/** A child that runs. */
export interface Running {
  child: ChildProcess;
  finished: Promise<Finished>;
  /** Resolves once the text appears on stdout or stderr; rejects if the child ends without it. */
  untilPrinted(text: string): Promise<void>;
  /** Sends a signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Finished>;
}

export interface ChildOptions {
  /** Beside the usual environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** What the child reads on stdin; nothing by default. */
  input?: string;
  /** A child that takes longer is killed. */
  msMax?: number;
}

/** Starts the real bin with the Node that runs the tests. */
export function startLoadline(args: readonly string[], options: ChildOptions = {}): Running {
  return startChild(process.execPath, [bin, ...args], options);
}

/** Runs the program to its end: in a warm process, or in one of its own where what it is given wants that. */
export function runLoadline(
  args: readonly string[],
  { cwd, env }: Required<Pick<ChildOptions, "cwd" | "env">>,
): Pick<Running, "finished" | "kill"> {
  const warm = runWarm({ args, cwd, env: environment(env), msMax: childMsMax });
  if (warm === undefined) return startLoadline(args, { cwd, env });
  const finished = warm.finished.then(({ code, signal, ...output }) => ended(code, signal, output));
  finished.catch(() => undefined);
  return {
    finished,
    kill() {
      warm.kill();
      return finished;
    },
  };
}

/** Starts any program, with the tests' environment cleaned of what would change what loadline prints or does. */
export function startChild(program: string, args: readonly string[], options: ChildOptions = {}): Running {
  const child = spawn(program, args, {
    cwd: options.cwd ?? tmpdir(),
    env: environment(options.env),
    stdio: ["pipe", "pipe", "pipe", "ipc"],
    timeout: options.msMax ?? childMsMax,
    killSignal: "SIGKILL",
  });
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(options.input ?? "");
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  const finished = once(child, "close").then(([code, signal]): Finished => ended(code, signal, output));
  finished.catch(() => undefined);
  return {
    child,
    finished,
    untilPrinted: (text) => waitForText(child, output, text),
    async kill(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return finished;
    },
  };
}

/** Variables by which a machine changes what the program prints, calls or tells. */
const namesThatChange =
  /^(LOADLINE_|VITEST|SF_|GITHUB_|OTEL_|OPENLINEAGE_|TRACEPARENT$|NODE_EXTRA_CA_CERTS$|(https?|no|all)_proxy$)/i;

/** The tests' own environment, cleaned of what would change what loadline prints or does, and `more`. */
export function environment(more: Record<string, string | undefined> = {}): Record<string, string> {
  const { FORCE_COLOR, NO_COLOR, CI, ...rest } = process.env;
  const own = Object.entries(rest).filter(([name]) => !namesThatChange.test(name));
  const all = {
    ...Object.fromEntries(own),
    SF_CLIENT_ID: "sandbox",
    SF_CLIENT_SECRET: "sandbox",
    HUBSPOT_TOKEN: "pat-sandbox-loadline",
    ...more,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function ended(code: unknown, signal: unknown, output: { stdout: string; stderr: string }): Finished {
  const { stdout, stderr } = output;
  return {
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
    summary() {
      const all = `exit ${String(code ?? signal)}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`;
      if (!/^\{.*\}\n$/.test(stdout)) throw new Error(`stdout is not one line of JSON: ${all}`);
      return JSON.parse(stdout) as RunSummary;
    },
  };
}

function waitForText(child: ChildProcess, output: { stdout: string; stderr: string }, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (output.stdout.includes(text) || output.stderr.includes(text)) resolve();
    };
    child.stdout?.on("data", look);
    child.stderr?.on("data", look);
    child.once("close", () => {
      look();
      reject(new Error(`ended without "${text}":\n${output.stdout}\n${output.stderr}`));
    });
    look();
  });
}
