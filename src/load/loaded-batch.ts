// A batch on its way into the target, and what the protocols need of the run around it.

import type { Target } from "../contract/target.ts";
import type { Batch, BatchHistory, BatchState, CallJournal, ResultFiles } from "../contract/write.ts";
import type { Operation, Way } from "../core/model.ts";
import type { Beside } from "../job/job.ts";
import type { Polls } from "./polls.ts";

/** The ledger's batch, as far as the protocol needs it. */
export interface LoadedBatch {
  number: number;
  stream: string;
  object: string;
  operation: Operation;
  externalId: string | null;
  path: string;
  bytes: number;
  rows: number;
  sha256: string;
  state: "planned" | "intent" | "handle" | "committed" | "settled" | "refused" | "in-doubt";
  handle: string | null;
  attempts: number;
  via: Way;
  /** An earlier attempt may have written its rows. */
  again: boolean;
}

export type ObtainResults = (files: ResultFiles) => Promise<void>;

export interface LoadContext<B extends LoadedBatch> {
  target: Pick<Target, "writes">;
  /** Moves the batch on in the ledger; durable when it returns. */
  advance(
    batch: B,
    state: LoadedBatch["state"],
    change?: Partial<LoadedBatch> & { message?: string; inDoubt?: number },
  ): B;
  /**
   * Gets the per-row results by `obtain`, matches and stores them, then moves the batch to settled. By `obtainRefused`
   * those of rows that were not written, where there may be some.
   */
  settle(batch: B, ended: BatchState, obtain: ObtainResults, obtainRefused?: ObtainResults): Promise<B>;
  /** Answers to the calls of a batch; those of earlier attempts where it is sent `again`. */
  journal(batch: B, again: boolean): CallJournal;
  /** Whether a fault leaves it open that the call had an effect. */
  isUnknown(error: unknown): boolean;
  /** Whether the target certainly did nothing, and would say the same again. */
  isRefused(error: unknown): boolean;
  /** Whether a call was certainly without effect, whatever it would be the next time. */
  isWithoutEffect(error: unknown): boolean;
  /** Days since the run began. */
  ageDays: number;
  /** The rule that gives the batch's records an owner. */
  assignmentRule?: string;
  /** What is written beside a whole file. */
  beside?: Beside;
  /** What a plan found in a table that gives way. */
  found?: string;
  history?: BatchHistory;
  /** Columns that new rows are matched by. */
  key?: readonly string[];
  /** When to ask for a batch of so many rows that the target begins with now. */
  polls(rows: number): Polls;
  onSent(batch: B, bytes: number): void;
  onProcessed(batch: B, rows: number): void;
  /** The target has ended with it, so many ms after the call that began it. */
  onEnded(batch: B, ms: number): void;
  signal: AbortSignal;
}

/** The batch as a connector takes it. */
export function batchToSend<B extends LoadedBatch>(
  batch: B,
  { assignmentRule, beside, found, history, key }: LoadContext<B>,
): Batch {
  const { externalId, ...plain } = batch;
  return {
    ...plain,
    ...(externalId === null ? {} : { externalId }),
    ...(assignmentRule === undefined ? {} : { assignmentRule }),
    ...(beside === undefined ? {} : { beside }),
    ...(found === undefined ? {} : { found }),
    ...(history === undefined ? {} : { history }),
    ...(key === undefined ? {} : { key }),
  };
}
