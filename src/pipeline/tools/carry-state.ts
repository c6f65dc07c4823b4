// A project's state to a file and back, for machines that come and go. In: the state folder, a file. Out: what was carried.
// What must hold: no run is at work on what is carried; a run that can be gone on with finds all its files again.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type ExportedState, exportState } from "../../checkpoint/carry/export-state.ts";
import { carriedFolders } from "../../checkpoint/carry/finish-import.ts";
import { type ImportedState, importState } from "../../checkpoint/carry/import-state.ts";
import { Ledger } from "../../checkpoint/ledger.ts";
import { isLockFree, LockHeld, type LockRequest, lockNames, takeLock } from "../../checkpoint/lock.ts";
import { usageFailure } from "../../core/errors.ts";
import { isResumable } from "../run/resumable.ts";
import { jobLockName } from "../runs/runs.ts";

export interface CarryRequest {
  stateFolder: string;
  /** Absolute. */
  file: string;
  signal: AbortSignal;
  onDamage: LockRequest["onDamage"];
}

/** What can be gone on with, once it is carried. */
interface Unfinished {
  unfinished: string[];
}

/** Throws a Failure: 6 where a run is at work, 4 where the file moved on. */
export async function carryOut(request: CarryRequest): Promise<ExportedState & Unfinished> {
  const { stateFolder, file } = request;
  if (!Ledger.exists(stateFolder)) {
    throw usageFailure("there is no state to export: nothing was run here yet", { next: "loadline run <job>" });
  }
  using ledger = Ledger.open(stateFolder);
  using _locks = await lockJobs(ledger, request);
  const exported = await exportState(ledger, stateFolder, file, listFiles(ledger, stateFolder));
  return { ...exported, unfinished: listUnfinished(ledger) };
}

/** Throws a Failure: 6 where a run is at work, 4 where what is here must not be replaced. */
export function carryIn({ stateFolder, file }: CarryRequest): ImportedState & Unfinished {
  for (const name of lockNames(stateFolder)) {
    if (!isLockFree({ stateFolder, name })) throw new LockHeld(name, "a run is at work on the state that is here");
  }
  const imported = importState(stateFolder, file);
  using ledger = Ledger.open(stateFolder);
  return { ...imported, unfinished: listUnfinished(ledger) };
}

function listUnfinished(ledger: Ledger): string[] {
  return ledger
    .runs()
    .filter((run) => isResumable(ledger, run))
    .map(({ id }) => id);
}

async function lockJobs(ledger: Ledger, { stateFolder, signal, onDamage }: CarryRequest): Promise<Disposable> {
  const locks = new DisposableStack();
  try {
    for (const job of new Set(ledger.runs().map((run) => run.job))) {
      const request = { stateFolder, name: jobLockName(job), what: `job ${job}`, waitMs: 0, signal, onDamage };
      locks.use(await takeLock(request));
    }
  } catch (error) {
    locks.dispose();
    throw error;
  }
  return locks;
}

/** Made anew where they are needed. */
const disposable = ["stage", "snapshot", "spill"];
/** Needed only to go on with a run: the rows that it took and those that it sends, a second time. */
const ofUnfinished = ["extract", "batches"];

/** Below the state folder, with slashes. */
function listFiles(ledger: Ledger, stateFolder: string): string[] {
  const kept = carriedFolders.filter((name) => name !== "runs" && existsSync(join(stateFolder, name)));
  const names = kept.flatMap((name) => filesIn(stateFolder, name, ["spill"]));
  const runs = ledger.runs().filter(({ id }) => existsSync(join(stateFolder, "runs", id)));
  return [
    ...names,
    ...runs.flatMap((run) => {
      const without = isResumable(ledger, run) ? disposable : [...disposable, ...ofUnfinished];
      return filesIn(stateFolder, `runs/${run.id}`, without);
    }),
  ];
}

function filesIn(stateFolder: string, folder: string, without: readonly string[]): string[] {
  return readdirSync(join(stateFolder, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return without.includes(entry.name) ? [] : filesIn(stateFolder, path, []);
    return entry.isFile() ? [path] : [];
  });
}
