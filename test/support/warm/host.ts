// Runs the program again and again in one process. Most of a run's processor time is the start of Node, the loading of
// the program and code that is not compiled yet; here it is paid once. In, by IPC: arguments, folder, environment. Out:
// stdout and stderr, as a process of its own writes them, each closed by `runEnd`; then, by IPC, the exit code.
// What must hold: a run finds nothing of the one before. The program's first module is made anew for each run and empties
// what the process remembers (src/core/process-memory.ts); no other module has a state (test/module-state.test.ts).
// Arguments, folder, environment, umask and listeners are put back. After an error that no code waited for, the host is
// not used again.

import type { EventEmitter } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type RunReply, type RunRequest, runEnd, socketVariable } from "./protocol.ts";

const repository = join(import.meta.dirname, "../../..");
const program = join(repository, "bin/loadline.js");
/** What a run starts for `--sandbox`, by the path of the program; it asks the pool, whose socket it must know. */
const rehearsalSandbox = join(import.meta.dirname, "rehearsal-sandbox.ts");
const pool = process.env[socketVariable];
const { start } = (await import(pathToFileURL(join(repository, "dist/start.js")).href)) as {
  start: () => Promise<void>;
};

let isSound = true;

process.on("uncaughtExceptionMonitor", () => {
  isSound = false;
});
process.on("message", (request: RunRequest) => void run(request));
// Whatever became of the pool; runs replace process.exit.
process.on("disconnect", process.exit.bind(process, 0));

const emitters: readonly EventEmitter[] = [process, process.stdout, process.stderr];
const before = { folder: process.cwd(), umask: process.umask(), listeners: emitters.map(listenersOf) };

async function run({ args, cwd, env }: RunRequest): Promise<void> {
  const isRehearsal = pool !== undefined && args.includes("--sandbox");
  process.argv = [process.execPath, isRehearsal ? rehearsalSandbox : program, ...args];
  replaceEnvironment(isRehearsal ? { ...env, [socketVariable]: pool } : env);
  process.chdir(cwd);
  const code = await new Promise<number>((resolve) => {
    process.exit = ((given: number) => resolve(given)) as typeof process.exit;
    void start();
  });
  putBack();
  for (const stream of [process.stdout, process.stderr]) stream.write(runEnd);
  process.send?.({ code, isSound } satisfies RunReply);
}

function replaceEnvironment(env: Record<string, string>): void {
  for (const name of Object.keys(process.env)) if (env[name] === undefined) delete process.env[name];
  Object.assign(process.env, env);
}

function putBack(): void {
  process.umask(before.umask);
  process.chdir(before.folder);
  process.exitCode = undefined;
  for (const [index, emitter] of emitters.entries()) {
    const usual = before.listeners[index];
    for (const [event, listeners] of listenersOf(emitter))
      for (const listener of listeners)
        if (usual?.get(event)?.includes(listener) !== true) emitter.removeListener(event, listener);
  }
}

type Listener = (...args: unknown[]) => void;

function listenersOf(emitter: EventEmitter): Map<string | symbol, Listener[]> {
  return new Map(emitter.eventNames().map((event) => [event, emitter.listeners(event) as Listener[]]));
}
