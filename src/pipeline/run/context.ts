// What every part of a run needs at hand: the room that all others may enter. In: the job, the ledger, the engine, the open
// connections. Out: one RunContext, and the places of a run's files. Must hold: nothing here knows a step of the way.

import { join } from "node:path";
import type { Ledger, RunRecord, StreamRecord } from "../../checkpoint/ledger.ts";
import type { ExtractRequest, Source } from "../../contract/source.ts";
import type { Target } from "../../contract/target.ts";
import type { WayChoice } from "../../contract/ways.ts";
import { monotonicMs } from "../../core/clock.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { makePrivateFolder } from "../../core/files.ts";
import type { OneAtATime } from "../../core/in-parallel.ts";
import type { Action } from "../../core/model.ts";
import type { Job } from "../../job/job.ts";
import type { Twin } from "../../job/twin.ts";
import type { Emit } from "../../report/events.ts";
import type { Engine } from "../../stage/engine.ts";
import type { Budget } from "./budget.ts";
import type { StreamKeys } from "./stream-keys.ts";

export interface RunContext {
  job: Job;
  /** The job that goes the other way, where it has one. */
  twin?: Twin;
  run: RunRecord;
  /** The run folder, absolute. */
  folder: string;
  ledger: Ledger;
  engine: Engine;
  /** For what asks the engine several things in a row. */
  oneAtATime: OneAtATime;
  sources: ReadonlyMap<string, Source>;
  targets: ReadonlyMap<string, Target>;
  /** By stream. */
  keys: ReadonlyMap<string, StreamKeys>;
  budget: Budget;
  /** How the changes of each stream that was planned by this process are to be written. */
  ways: Map<string, PlannedWays>;
  emit: Emit;
  signal: AbortSignal;
  /** An earlier process has begun the run: what it planned may be of long ago. */
  isResumed: boolean;
  /** Throws a Failure where a person does not want the plan loaded. */
  confirm?: ((planned: readonly StreamRecord[]) => Promise<void>) | undefined;
}

/** A subfolder of the run folder, made when first asked for. */
export function subfolder(context: Pick<RunContext, "folder">, ...names: string[]): string {
  const path = join(context.folder, ...names);
  makePrivateFolder(path);
  return path;
}

/** Whether two connections lead to one org. */
export function isOneOrg({ targets }: Pick<RunContext, "targets">, left: string, right: string): boolean {
  return left === right || targets.get(left)?.orgId === targets.get(right)?.orgId;
}

export function targetOf(context: RunContext, connection: string): Target {
  const target = context.targets.get(connection);
  if (target === undefined) throw new Error(`target ${connection} is not open`);
  return target;
}

export function sourceOf(context: RunContext, connection: string): Source {
  const source = context.sources.get(connection);
  if (source === undefined) throw new Error(`source ${connection} is not open`);
  return source;
}

/** What a run began in one org, `begun`, it does not go on with in another. */
export function otherOrgFailure(run: string, begun: string, connection: string, orgId: string): Failure {
  return new Failure(exitCode.failed, `run ${run} was begun ${begun}, ${connection} is now ${orgId}`, {
    next: `point ${connection} back at that org, then loadline resume ${run}`,
  });
}

/** Throttled progress events: at most ten a second, so that a tight loop does not drown its own work. */
export function reportProgress(
  context: RunContext,
  stream: string,
  step: "extract" | "snapshot",
  unit: "bytes" | "rows",
): ExtractRequest["onProgress"] {
  let last = 0;
  return (done, total) => {
    const time = monotonicMs();
    if (time - last < 100 && done !== total) return;
    last = time;
    context.emit({ type: "progress", stream, step, done, unit, ...(total > 0 ? { total } : {}) });
  };
}

/** A run that loads only some rows takes no file for good. */
export function isPartial({ run }: Pick<RunContext, "run">): boolean {
  const { limit, keys, streams, retry, rollback, reconcile } = run.options;
  return [limit, keys, streams, retry, rollback, reconcile].some((one) => one !== undefined);
}

/** Of the actions that a plan has; equal choices are one object. */
export type PlannedWays = ReadonlyMap<Action, WayChoice>;
