// The ledger: what runs did, durable. In: facts, each before the step that relies on it. Out: the same after any crash.
// What must hold: one writer (the job's lock), WAL with synchronous=FULL, one transaction a fact, legal transitions only.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { now } from "../core/clock.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { makePrivateFolder } from "../core/files.ts";
import { type DatabaseSync, openSqlite } from "../core/sqlite.ts";
import { assertTransition, type BatchStateName } from "./batch-states.ts";
import type {
  BatchRecord,
  DeliveredKey,
  DeliveredRecord,
  PartRecord,
  RunRecord,
  Settlement,
  StreamRecord,
  TakenRecord,
  TakeRecord,
  Watermark,
  WatermarkKey,
  WindowRecord,
} from "./facts.ts";
import { createTables, ledgerVersion } from "./ledger-schema.ts";
import {
  batchCells,
  batchRecord,
  deliveredCells,
  deliveredRecord,
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

export type * from "./facts.ts";

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
  readonly #delivered: Table;

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
    this.#delivered = new Table(database, "delivered");
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

  delivered({ job, stream, targetOrg, object }: DeliveredKey): DeliveredRecord | undefined {
    const cells = this.#delivered.get({ job, stream, target_org: targetOrg, object });
    return cells === undefined ? undefined : deliveredRecord(cells);
  }

  /** Settles a stream, moves its watermark and remembers what it has taken and delivered, in one transaction. */
  settleStream({ stream, watermark, taken = [], delivered }: Settlement): void {
    this.#transact(() => {
      for (const file of taken) this.#taken.put(takenCells({ ...file, settled: now().toISOString() }));
      if (watermark !== undefined) this.#watermarks.put(watermarkCells(watermark));
      if (delivered !== undefined) this.#delivered.put(deliveredCells(delivered));
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
