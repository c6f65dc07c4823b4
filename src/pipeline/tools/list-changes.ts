// All changes of a kept plan, one after the other, from its Parquet file. In: the plan of a stream, and its job. Out: its
// changes in the order of the source, without redacted values. What must hold: what is in memory does not grow with the
// plan; a plan that is not the one that was written is refused.

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { StreamRecord } from "../../checkpoint/ledger.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { isThere } from "../../core/files.ts";
import type { Action } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { type Job, keyOf } from "../../job/job.ts";
import { hideRedacted, type PlannedChange } from "../../report/plan.ts";
import { Engine } from "../../stage/engine.ts";
import { readParquet } from "../../stage/parquet.ts";
import { verifyRunFile } from "../run/run-files.ts";
import { planFile, redactionOf } from "./read-changes.ts";
import { plannedChange } from "./read-plan.ts";

export interface KeptChanges {
  stream: string;
  counts: Record<Action, number>;
  /** Characters of the widest key and field name. */
  widest: { key: number; field: number };
  /** `withKey`: the fields of the key too, where they are written. */
  read(which?: { action?: Action; withKey?: boolean }): AsyncGenerator<PlannedChange>;
}

export interface ChangesReader extends Disposable {
  open(record: StreamRecord): Promise<KeptChanges>;
}

/** `folder`: the run's. */
export async function openChanges(folder: string, job: Job): Promise<ChangesReader> {
  const spillFolder = join(folder, "spill");
  const engine = await Engine.open({ folder, spillFolder });
  return {
    open: (record) => openStream(engine, job, folder, record),
    [Symbol.dispose]() {
      engine[Symbol.dispose]();
      rmSync(spillFolder, { recursive: true, force: true });
    },
  };
}

/** Throws a Failure for a run whose files are deleted by now. */
export function refuseDeleted(run: string, folder: string): void {
  if (isThere(folder)) return;
  throw new Failure(exitCode.failed, `the changes of run ${run} are not known any more`, {
    why: "its folder was deleted (keep.runs of the job says after which time)",
    next: "loadline runs lists the others",
  });
}

async function openStream(engine: Engine, job: Job, folder: string, record: StreamRecord): Promise<KeptChanges> {
  const { run, name, plan, planSha256: sha256 } = record;
  const counts = { undelete: 0, create: 0, update: 0, delete: 0 };
  // There was no file to take.
  if (plan === null) return { stream: name, counts, widest: { key: 0, field: 0 }, read: async function* () {} };
  const path = planFile({ folder, plan });
  await verifyRunFile({ run, what: `the plan of stream ${name}`, path, sha256 });
  const key = keyOf(job, name);
  const scan = readParquet(path);
  for (const { action, rows } of await engine.all(`SELECT action, count(*) AS rows FROM ${scan} GROUP BY 1`))
    counts[action as Action] = Number(rows);
  const [first] = await engine.all(`SELECT before, after FROM ${scan} LIMIT 1`);
  const names = [first?.["before"], first?.["after"]].flatMap((struct) => Object.keys(struct ?? {}));
  const hide = hideRedacted<PlannedChange>(redactionOf(job, name), key);
  const widest = await engine.one(`SELECT coalesce(max(greatest(length(key), length(id))), 0) AS key FROM ${scan}`);
  return {
    stream: name,
    counts,
    widest: { key: Number(widest["key"]), field: Math.max(0, ...names.map((field) => field.length)) },
    async *read({ action, withKey = false } = {}) {
      // As the file has them: to sort whole rows would take the memory of the whole plan.
      const rows = `SELECT action, key, id, before, after, changed FROM ${scan}
        ${action === undefined ? "" : `WHERE action = ${literal(action)}`}`;
      for await (const row of engine.stream(rows)) yield hide(plannedChange(row, key, withKey));
    },
  };
}
