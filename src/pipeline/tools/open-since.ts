// Since when rows are open, and how often they were tried. In: the files of the runs. Out: the beginning of the first run
// that left them, and the number of runs. What must hold: a row is the same by its record's id, a row of a file by its
// values; runs between the first and the last have left it too.

import type { Ledger, RunRecord } from "../../checkpoint/ledger.ts";
import { contentOf } from "../rows/kept-rows.ts";
import { readUnloaded } from "../rows/unloaded-rows.ts";
import { runFolder } from "../run/run-files.ts";
import { listFullRuns } from "./taken-again.ts";

export interface Tries {
  /** Of the row that was tried most often, this run's among them. */
  tries: number;
  /** When the row that is open longest was tried first. */
  since: string;
}

/** `isRecord`: rows have an id, as records of an object have. */
export async function tellTries(
  ledger: Ledger,
  stateFolder: string,
  run: RunRecord,
  { stream, isRecord }: { stream: string; isRecord: boolean },
): Promise<Tries> {
  const { retry } = run.options;
  const before = retry === undefined ? undefined : ledger.run(retry.run);
  if (before !== undefined) {
    const { tries, since } = await tellTries(ledger, stateFolder, before, { stream, isRecord });
    return { tries: tries + 1, since };
  }
  const identify = ({ cells }: { cells: ReadonlyMap<string, string> }) =>
    isRecord ? ([...cells.values()][0] ?? "") : contentOf(cells);
  const closed = new Set(ledger.closedRows(run.id).flatMap((one) => (one.stream === stream ? [one.row] : [])));
  let left = new Set<string>();
  for await (const row of readUnloaded(runFolder(stateFolder, run.id), stream))
    if (!closed.has(row.id)) left.add(identify(row));
  let told: Tries = { tries: 1, since: run.started };
  for (const earlier of listFullRuns(ledger, run, stream).filter(({ started }) => started < run.started)) {
    const also = new Set<string>();
    for await (const row of readUnloaded(runFolder(stateFolder, earlier.id), stream)) {
      const identity = identify(row);
      if (left.has(identity)) also.add(identity);
    }
    if (also.size === 0) break;
    left = also;
    told = { tries: told.tries + 1, since: earlier.started };
  }
  return told;
}
