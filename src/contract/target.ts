// A system that is written to, put together of what it may be. In: mapped rows as a plan has them. Out: rows that are
// written, each with its answer. What must hold: what differs between systems is told here, never asked by name.

import type { Mode } from "../job/job.ts";
import type { Account } from "./account.ts";
import type { Describe } from "./describe.ts";
import type { Present } from "./present.ts";
import type { Values } from "./values.ts";
import type { Ways } from "./ways.ts";
import type { ResultColumns, RowError, Writes } from "./write.ts";

export interface TargetCapabilities {
  /** Batches that may be in flight at once. */
  batchesInFlight: number;
  /** What a cell holds that empties a field. */
  clearCell: string;
  /** Columns that name a record and its version in snapshots and batches. */
  idColumn: string;
  versionColumn: string;
  results: ResultColumns;
  /** Modes that this target can load. */
  modes: readonly Mode[];
  /** A version tells that a record changed, and not when. */
  untimedVersions?: true;
  /** Up to this many keys a target is asked for the records that they name, rather than for all. */
  namedKeysMax: number;
  /** What is weaker than it could be, and what mends it: `check` warns of it. */
  caution?: string;
  /** Records are found by what any field holds at the moment, not by an index that comes later. */
  findsByAnyField?: true;
  /** Where the key of an insert is unique in the target, a second call creates nothing and says what is there. */
  insertsByKey?: true;
}

export interface Target extends Account, Describe, Values, Present, Ways {
  readonly capabilities: TargetCapabilities;
  readonly writes: Writes;
  /** Reads a row's error as ResultFiles have it. */
  readError(text: string): RowError;
}

/** Whether a target takes whole files; the others take rows. */
export function takesWholeFiles({ writes }: Pick<Target, "writes">): boolean {
  return writes.wholeFile !== undefined;
}
