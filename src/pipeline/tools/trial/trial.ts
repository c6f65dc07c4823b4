// A plan for looking at: the very way of a run up to its plan, in a folder of its own that is gone afterwards. In: a job,
// open systems. Out: each stream's rows while the engine has them. Must hold: no ledger, lock, watermark or run folder of
// the project is read or written; the rows are those that a run would have.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ledger, type RunOptions } from "../../../checkpoint/ledger.ts";
import type { Source } from "../../../contract/source.ts";
import type { Target } from "../../../contract/target.ts";
import { monotonicMs, now } from "../../../core/clock.ts";
import { pathInCommand } from "../../../core/errors.ts";
import { makePrivateFolder } from "../../../core/files.ts";
import { oneAtATime } from "../../../core/in-parallel.ts";
import type { Secret } from "../../../core/secret.ts";
import type { Job, Limits, Stream } from "../../../job/job.ts";
import type { RunEvent } from "../../../report/events.ts";
import { Engine } from "../../../stage/engine.ts";
import { defineFunctionsIn } from "../../compile/define-functions.ts";
import { nameObjects } from "../../compile/object-names.ts";
import { type ComparedStream, planStream } from "../../plan-stream.ts";
import { Budget } from "../../run/budget.ts";
import type { RunContext } from "../../run/context.ts";
import { runFolder } from "../../run/run-files.ts";
import type { StreamKeys } from "../../run/stream-keys.ts";

export interface TrialRequest {
  job: Job;
  sources: ReadonlyMap<string, Source>;
  targets: ReadonlyMap<string, Target>;
  /** By stream. */
  keys: ReadonlyMap<string, StreamKeys>;
  /** Of real systems: what the job may take of them. */
  limits?: Limits;
  /** Of the function pseudonym, where the job calls it. */
  pseudonymKey?: Secret | undefined;
  emit?: (event: RunEvent) => void;
  signal: AbortSignal;
}

/** What is seen of a stream: its rows, and where the trial may write. */
export interface TriedStream extends ComparedStream {
  engine: Engine;
  /** The engine may read and write here; gone with the trial. */
  folder: string;
}

export interface Trial extends AsyncDisposable {
  engine: Engine;
  /** With its objects as their systems name them. */
  job: Job;
  /** A run of its own: its streams see what is planned before them. */
  begin(): TrialRun;
}

interface TrialRun {
  /** What is placed here before a plan is there for it. */
  folder: string;
  /** Plans a stream and lets `look` see it. False where there is no file to take. */
  plan(stream: Stream, look: (tried: TriedStream) => Promise<void>, options?: RunOptions): Promise<boolean>;
}

export async function openTrial(request: TrialRequest): Promise<Trial> {
  const { targets, signal, emit = () => undefined } = request;
  const folder = mkdtempSync(join(tmpdir(), "loadline-trial-"));
  const ledger = Ledger.open(folder);
  const close = (engine: Engine | undefined) => {
    engine?.[Symbol.dispose]();
    ledger[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  };
  let engine: Engine | undefined;
  try {
    makePrivateFolder(join(folder, "spill"));
    engine = await Engine.open({ folder, spillFolder: join(folder, "spill"), signal });
    const { job: given, pseudonymKey } = request;
    await defineFunctionsIn(engine, now(), given.timezone, given, pseudonymKey);
    const job = await nameObjects(given, targets);
    const room = { ...request, job, engine, ledger, emit };
    let runs = 0;
    return {
      engine,
      job,
      begin() {
        runs += 1;
        return beginRun(room, `trial-${runs}`, runFolder(folder, `trial-${runs}`));
      },
      async [Symbol.asyncDispose]() {
        close(engine);
      },
    };
  } catch (error) {
    close(engine);
    throw error;
  }
}

type Room = Omit<TrialRequest, "emit"> & Pick<RunContext, "engine" | "ledger" | "emit">;

function beginRun(room: Room, id: string, folder: string): TrialRun {
  const { job, ledger, engine, targets, keys, limits = {} } = room;
  makePrivateFolder(folder);
  const { name, hash: jobHash, file: jobFile } = job;
  const run = ledger.startRun({ id, job: name, jobHash, jobFile, jobSha256: null, command: "plan", options: {} });
  const again = `loadline check ${pathInCommand(job.file)}`;
  const budget = new Budget({ limits, targets, resumeCommand: again, runCommand: again, startedMs: monotonicMs() });
  const context = { ...room, folder, budget, oneAtATime: oneAtATime(), isResumed: false };
  return {
    folder,
    async plan(stream, look, options = {}) {
      const planned = await planStream(
        {
          ...context,
          run: { ...run, options },
          keys: keys.has(stream.name) ? keys : new Map([[stream.name, {}]]),
          ways: new Map(),
        },
        stream,
        (compared) => look({ ...compared, engine, folder }),
      );
      return planned.plan !== null;
    },
  };
}
