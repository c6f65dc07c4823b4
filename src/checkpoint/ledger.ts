// The ledger: what runs did, durable. In: facts, each before the step that relies on it. Out: the same after any crash.
// What must hold: one writer (the job's lock), WAL with synchronous=FULL, one transaction a fact, legal transitions only.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { now } from "../core/clock.ts";
import { Failure } from "../core/errors.ts";
import { type ExitCode, exitCode } from "../core/exit-code.ts";
import { makePrivateFolder } from "../core/files.ts";
import type { Action, Operation, Part, StreamCounts, Way } from "../core/model.ts";
import { type DatabaseSync, openSqlite } from "../core/sqlite.ts";
import { assertTransition, type BatchStateName } from "./batch-states.ts";
import { createTables, ledgerVersion } from "./ledger-schema.ts";
import {
  batchCells,
  batchRecord,
  partCells,
  partRecord,
  runCells,
  runRecord,
  streamCells,
  streamRecord,
  takeCells,
  takenCells,
  takenRecord,
  takeRecord,
  text,
  watermarkCells,
  watermarkRecord,
  windowCells,
  windowRecord,
} from "./records.ts";
import { Table } from "./table.ts";
import { upgrade } from "./upgrade.ts";

export type RunStatus = "running" | "planned" | "loaded" | "partial" | "failed" | "in-doubt" | "stopped" | "superseded";

export interface RunRecord {
  id: string;
  job: string;
  jobHash: string;
  jobFile: string;
  command: "plan" | "run";
  /** What the command line asked for. */
  options: RunOptions;
  started: string;
  finished: string | null;
  status: RunStatus;
  exitCode: ExitCode | null;
  next: string | null;
  /** The JSON summary as printed, once the run has ended. */
  summary: string | null;
}

export interface RunOptions {
  streams?: string[];
  limit?: number;
  keys?: string[];
  /** A window of one's own for incremental streams, ISO 8601; such a run moves no watermark. */
  from?: string;
  to?: string;
  /** Insert a file that an earlier run has inserted. */
  again?: boolean;
  /** Every connection is pointed at the local sandbox. */
  sandbox?: boolean;
}

export type StreamState = "extracting" | "planned" | "loading" | "settled";

export interface StreamRecord {
  run: string;
  name: string;
  connection: string;
  org: string;
  object: string;
  mode: string;
  state: StreamState;
  planSha256: string | null;
  /** The plan's file, absolute. */
  plan: string | null;
  counts: StreamCounts | null;
  how: string | null;
  /** How its changes are written; null before it is planned, and where there are none. */
  writes: string | null;
  /** Length of the rejects file before the load adds to it. */
  rejectsBytes: number;
}

export interface BatchRecord {
  run: string;
  stream: string;
  number: number;
  operation: Operation;
  object: string;
  externalId: string | null;
  action: Action;
  path: string;
  bytes: number;
  rows: number;
  sha256: string;
  state: BatchStateName;
  handle: string | null;
  attempts: number;
  succeeded: number;
  failed: number;
  conflicts: number;
  inDoubt: number;
  resultsSha256: string | null;
  message: string | null;
  /** How it is written (load/target.ts). */
  via: Way;
  /** How often its rows were sent before: they were not written, for a reason that passes. */
  round: number;
  /** An earlier attempt, of which nothing can be asked, may have written its rows. */
  again: boolean;
}

/** What an incremental or remote stream of a run takes. */
export interface WindowRecord {
  run: string;
  stream: string;
  sourceOrg: string;
  /** ISO 8601; null: from the beginning, or to the end. */
  from: string | null;
  to: string | null;
  /** Whether the watermark moves to `to` once the stream is settled. */
  moves: boolean;
  /** What the source takes it by, a query job say. */
  handle: string | null;
}

/** Up to where a stream has taken its source. */
export interface Watermark {
  job: string;
  stream: string;
  sourceOrg: string;
  targetOrg: string;
  object: string;
  to: string;
  /** The run that set it. */
  run: string;
  /** Records of the last overlap that were taken, beside the ledger; null for none. */
  seenFile: string | null;
  /** Ids of records that were rejected: the next run takes them again. */
  pending: string[];
}

export type WatermarkKey = Pick<Watermark, "job" | "stream" | "sourceOrg" | "targetOrg" | "object">;

/** A file that a run takes, or that lies beside such a file for it: a done file, a manifest. */
export interface TakeRecord {
  run: string;
  stream: string;
  /** 1-based place among the files of the run; 0 and below: it lies beside one. */
  ordinal: number;
  label: string;
  bytes: number;
  modifiedMs: number;
  /** What its sender says is in it. */
  rows: number | null;
  sha256: string | null;
  /** The run that has taken the same bytes, so that this one leaves them out. */
  takenBy: string | null;
  /** It was moved or deleted, as the job wants it, or needs not be. */
  acknowledged: boolean;
}

/** Bytes that a settled stream has taken. */
export interface TakenRecord {
  job: string;
  stream: string;
  targetOrg: string;
  object: string;
  sha256: string;
  run: string;
  label: string;
  bytes: number;
  modifiedMs: number;
  settled: string;
}

/** A part, and whether it had to be read record by record. */
export type PartRecord = Part & { careful: boolean };

export class Ledger implements Disposable {
  readonly #database: DatabaseSync;
  readonly #runs: Table;
  readonly #streams: Table;
  readonly #parts: Table;
  readonly #batches: Table;
  readonly #inserts: Table;
  readonly #windows: Table;
  readonly #watermarks: Table;
  readonly #takes: Table;
  readonly #taken: Table;

  private constructor(database: DatabaseSync) {
    this.#database = database;
    this.#runs = new Table(database, "runs");
    this.#streams = new Table(database, "streams");
    this.#parts = new Table(database, "parts");
    this.#batches = new Table(database, "batches");
    this.#inserts = new Table(database, "inserts");
    this.#windows = new Table(database, "windows");
    this.#watermarks = new Table(database, "watermarks");
    this.#takes = new Table(database, "takes");
    this.#taken = new Table(database, "taken");
  }

  /** Opens or makes the ledger of a state folder. Throws a Failure where it is of a newer loadline or damaged. */
  static open(stateFolder: string): Ledger {
    makePrivateFolder(stateFolder);
    const path = ledgerPath(stateFolder);
    const database = openSqlite(path, { synchronous: "FULL" });
    const { user_version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
    if (user_version > ledgerVersion) {
      throw new Failure(exitCode.failed, `${path} was written by a newer loadline`, { next: "update loadline" });
    }
    if (user_version > 0 && user_version < ledgerVersion) upgrade(database, user_version);
    if (user_version < ledgerVersion) database.exec(createTables());
    return new Ledger(database);
  }

  static exists(stateFolder: string): boolean {
    return existsSync(ledgerPath(stateFolder));
  }

  startRun(run: Omit<RunRecord, "started" | "finished" | "status" | "exitCode" | "next" | "summary">): RunRecord {
    const record: RunRecord = {
      ...run,
      started: now().toISOString(),
      finished: null,
      status: "running",
      exitCode: null,
      next: null,
      summary: null,
    };
    this.#runs.put(runCells(record));
    return record;
  }

  saveRun(run: RunRecord): void {
    this.#runs.put(runCells(run));
  }

  run(id: string): RunRecord | undefined {
    const cells = this.#runs.get({ id });
    return cells === undefined ? undefined : runRecord(cells);
  }

  /** All runs, newest first. */
  runs(where: { job?: string } = {}): RunRecord[] {
    return this.#runs.find(where, "started DESC, id DESC").map(runRecord);
  }

  saveStream(stream: StreamRecord): void {
    this.#streams.put(streamCells(stream));
  }

  streams(run: string): StreamRecord[] {
    return this.#streams.find({ run }).map(streamRecord);
  }

  /** All that came in one file, in one transaction: after a crash either all of it is known or nothing. */
  addParts(run: string, stream: string, parts: readonly PartRecord[]): void {
    this.#transact(() => {
      for (const part of parts) this.#parts.put(partCells(run, stream, part));
    });
  }

  parts(run: string, stream: string): PartRecord[] {
    return this.#parts.find({ run, stream }).map(partRecord);
  }

  /** A stream's plan and all its batches, in one transaction: after a crash either all of them count or none. */
  savePlan(stream: StreamRecord, batches: readonly BatchRecord[]): void {
    this.#transact(() => {
      for (const batch of batches) this.#batches.put(batchCells(batch));
      this.#streams.put(streamCells(stream));
    });
  }

  batches(run: string, stream?: string): BatchRecord[] {
    return this.#batches.find(stream === undefined ? { run } : { run, stream }).map(batchRecord);
  }

  /** Moves a batch on. The change is on disk when this returns. */
  advance(batch: BatchRecord, state: BatchStateName, change: Partial<BatchRecord> = {}): BatchRecord {
    assertTransition(batch.state, state);
    const moved = { ...batch, ...change, state };
    this.#batches.put(batchCells(moved));
    return moved;
  }

  /** Moves a batch on without the rows that go into other ones, in one transaction. `change` is of those that stay. */
  split(
    batch: BatchRecord,
    state: BatchStateName,
    change: Partial<BatchRecord>,
    others: readonly BatchRecord[],
  ): BatchRecord {
    const rows = batch.rows - others.reduce((sum, other) => sum + other.rows, 0);
    return this.#transact(() => {
      for (const other of others) this.#batches.put(batchCells(other));
      return this.advance(batch, state, { ...change, rows });
    });
  }

  /** The earlier run that inserted these bytes into this object, if one settled. */
  findInsert(org: string, object: string, sha256: string): { run: string; label: string; settled: string } | undefined {
    const cells = this.#inserts.get({ org, object, sha256 });
    if (cells === undefined) return undefined;
    return { run: text(cells["run"]), label: text(cells["label"]), settled: text(cells["settled"]) };
  }

  addInsert(insert: { org: string; object: string; sha256: string; run: string; stream: string; label: string }): void {
    this.#inserts.put({ ...insert, settled: now().toISOString() });
  }

  saveWindow(window: WindowRecord): void {
    this.#windows.put(windowCells(window));
  }

  window(run: string, stream: string): WindowRecord | undefined {
    const cells = this.#windows.get({ run, stream });
    return cells === undefined ? undefined : windowRecord(cells);
  }

  watermark({ job, stream, sourceOrg, targetOrg, object }: WatermarkKey): Watermark | undefined {
    const cells = this.#watermarks.get({ job, stream, source_org: sourceOrg, target_org: targetOrg, object });
    return cells === undefined ? undefined : watermarkRecord(cells);
  }

  /** All that a run takes of a stream's files, in one transaction. */
  saveTakes(takes: readonly TakeRecord[]): void {
    this.#transact(() => {
      for (const take of takes) this.#takes.put(takeCells(take));
    });
  }

  takes(run: string, stream: string): TakeRecord[] {
    return this.#takes.find({ run, stream }).map(takeRecord);
  }

  /** What a stream has taken in settled runs, into one org. */
  taken({ job, stream, targetOrg, object }: Omit<WatermarkKey, "sourceOrg">): TakenRecord[] {
    return this.#taken.find({ job, stream, target_org: targetOrg, object }).map(takenRecord);
  }

  /** Settles a stream, moves its watermark and remembers what it has taken, in one transaction. */
  settleStream(
    stream: StreamRecord,
    watermark: Watermark | undefined,
    taken: readonly Omit<TakenRecord, "settled">[] = [],
  ): void {
    this.#transact(() => {
      for (const file of taken) this.#taken.put(takenCells({ ...file, settled: now().toISOString() }));
      if (watermark !== undefined) this.#watermarks.put(watermarkCells(watermark));
      this.#streams.put(streamCells(stream));
    });
  }

  /** Forgets parts, plans and batches of a run whose folder is deleted. The run itself stays in the history. */
  forgetRunDetails(run: string): void {
    this.#transact(() => {
      for (const table of ["parts", "batches", "takes"])
        this.#database.prepare(`DELETE FROM ${table} WHERE run = ?`).run(run);
    });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #transact<T>(act: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = act();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

function ledgerPath(stateFolder: string): string {
  return join(stateFolder, "ledger.db");
}
