// What the diff of a stream goes by, and what its parts ask of a compiled stream.

import type { Snapshot, SnapshotRequest, Untold } from "../../contract/present.ts";
import type { Target } from "../../contract/target.ts";
import type { Wholeness } from "../../core/wholeness.ts";
import type { KeyField } from "../../diff/keys.ts";
import type { CompareInput } from "../../diff/match.ts";
import { writesFile } from "../../job/job.ts";
import type { ToldPresent } from "../../report/summary.ts";
import type { Engine } from "../../stage/engine.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import type { KnownInserts } from "./inserted.ts";

/** A person's choice of rows (`--limit`, `--keys`). */
export interface Selection {
  limit?: number;
  keys?: string[];
}

/** What the diff asks of a stream that has a twin. */
export interface TwoWay {
  /** Nothing is written. */
  adopts: boolean;
  /** Finds the records of rows that no key finds, by what the two know of each other. */
  pair(input: DiffInput, compare: CompareInput): Promise<CompareInput>;
  /** Decides the fields, once it is known who matches. */
  decide(input: DiffInput, compare: CompareInput): Promise<CompareInput>;
  /** Writes down what is agreed on once the plan is loaded. */
  keep(plan: string): Promise<void>;
}

/** What is kept of a stream's present values. */
export interface KeptPresent {
  /** With what is kept besides what is asked for. */
  widen(request: SnapshotRequest): Promise<SnapshotRequest>;
  /** `keyBytes`: how long the keys are that could be named, all together. */
  find(request: SnapshotRequest, keyBytes: () => Promise<number>): Promise<FoundKept>;
  /** The target's own clock. */
  readClock(): Promise<string>;
  /**
   * What tells the fields from others of their names, or why nothing is to be kept. Asked before all records are read: a field
   * that is made anew meanwhile is not one with what it held.
   */
  identify(request: SnapshotRequest): Promise<string[] | Untold>;
  /** Keeps what was read of all records, after `asOf` and after its fields were identified. */
  keep(
    request: SnapshotRequest,
    snapshot: Snapshot,
    known: { asOf: string; fields: string[] },
  ): Promise<{ scan: string } | Untold>;
}

export interface FoundKept {
  /** What all records hold now. */
  present?: PresentRecords & { isNamed: boolean };
  /** What is cheaper than that. */
  way?: "named" | "all";
  /** Why what is kept is of no use. */
  why?: string;
  /** Nothing is kept that is of use: whether what is read of all records would be. */
  mayKeep?(): Promise<boolean>;
}

export interface DiffInput {
  engine: Engine;
  target: Target;
  compiled: CompiledStream;
  staged: StagedStream;
  selection: Selection;
  /** Of the job. */
  timezone: string;
  /** Whether what was taken is all of the source. */
  taken: Wholeness;
  /** Of records: those that an earlier run took, a table function. */
  seen?: string;
  /** Of rows that an earlier run has left: a table of those that are older than what was loaded since. */
  older?: string;
  /** Of mode delta: what the target was given before. */
  delivered?: PresentRecords;
  /** Of mode insert: what earlier runs have inserted. */
  inserted?: KnownInserts;
  /** Both sides are compared in full, or in the same part of the keys. */
  reconcile?: Reconciling;
  /** Of a job with a twin. */
  twoWay?: TwoWay;
  /** Where present values may be kept from run to run. */
  kept?: KeptPresent;
  /** Where the snapshot's files go; exists. */
  snapshotFolder: string;
  planPath: string;
  /** Leaves behind rows that can't be loaded for a reason that lies outside the row. */
  refuseRows(): Promise<void>;
  signal: AbortSignal;
  onSnapshot(rows: number): void;
}

export interface Reconciling {
  /** BOOLEAN SQL over a key, folded: it is of the part that is looked at. Given how many rows have one. */
  sample?(rows: number): (key: string) => string;
  /** Told once the plan is there, before its rows are counted: writes down what differs, and leaves in the plan what may be written. */
  takeDrift(compared: ComparedRows): Promise<void>;
}

export interface ComparedRows {
  compare: CompareInput;
  /** Whether records of the target that no row names were read too. */
  readsAll: boolean;
  wholeness: Wholeness;
}

/** What the source is compared with. */
export interface PresentRecords {
  /** A table function: id, version, then the fields, all VARCHAR. */
  scan: string;
  /** How it was read, for the plan. */
  how: string;
  /** Only records that rows name. */
  isNamed?: boolean;
  /** For the summary; absent where the target was not asked. */
  told?: ToldPresent;
  /** What changed just before may not be in it. */
  isLate?: true;
}

export function isKeyHidden({ key, redacted }: CompiledStream): boolean {
  return key.some(({ name }) => redacted.has(name.toLowerCase()));
}

export function keyField(schema: { name: string; caseSensitive: boolean }): KeyField {
  return { name: schema.name, caseSensitive: schema.caseSensitive };
}

export function fieldByName(compiled: CompiledStream, name: string): KeyField {
  return { name, caseSensitive: compiled.fieldSchemas.get(name)?.caseSensitive ?? true };
}

/** Whether the target itself tells records apart by text, so that its own folding counts. */
export function isNamedByText({ key, stream }: CompiledStream): boolean {
  return (
    !writesFile(stream.target.mode) &&
    key.some(({ kind, externalId, unique }) => kind === "text" && (externalId || unique))
  );
}
