// The ledger: what runs did, durable. In: facts, each before the step that relies on it. Out: the same after any crash.
// What must hold: one writer (the job's lock), WAL with synchronous=FULL, one transaction a fact, legal transitions only;
// a ledger that is not all that was written is refused (open-ledger.ts).

import { closeSync, constants, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { now } from "../core/clock.ts";
import { isThere } from "../core/files.ts";
import type { DatabaseSync } from "../core/sqlite.ts";
import { countCommit, readAbout } from "./about.ts";
import { assertBatchAddsUp } from "./accounts.ts";
import { assertTransition, type BatchStateName } from "./batch-states.ts";
import { isImporting } from "./carry/finish-import.ts";
import { moveOrgs } from "./carry/moved-project.ts";
import { approvalCells, approvalRecord, closedCells, closedRow } from "./decisions.ts";
import type {
  ApprovalRecord,
  BatchRecord,
  CarriedPlan,
  ClosedRow,
  DeliveredKey,
  DeliveredRecord,
  InsertedRecord,
  PartRecord,
  PlannedStream,
  RunRecord,
  Settlement,
  ShapeOwner,
  StreamRecord,
  TakenRecord,
  TakeRecord,
  WaitingRecord,
  Watermark,
  WatermarkOwner,
  WindowRecord,
} from "./facts.ts";
import { type InsertedFiles, insertedFiles } from "./inserted-files.ts";
import { type About, guardLedger, ledgerPath, markPath, renderMark } from "./integrity.ts";
import { countedTables, type TableName } from "./ledger-schema.ts";
import { type OpenDatabase, openDatabase, transact } from "./open-ledger.ts";
import { Places } from "./places.ts";
import { PresentValues } from "./present-values.ts";
import {
  batchCells,
  batchRecord,
  deliveredCells,
  deliveredRecord,
  insertedCells,
  insertedRecord,
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
  waitingCells,
  waitingRecord,
  watermarkCells,
  watermarkRecord,
  windowCells,
  windowRecord,
} from "./records.ts";
import { shapeCells, shapeKey, shapeRecord } from "./shape-cells.ts";
import type { Sums } from "./sums.ts";
import { type Cells, Table } from "./table.ts";
import { Twins } from "./twins.ts";

export type * from "./facts.ts";

export class Ledger implements Disposable {
  /** What its first opening in this process has to tell. */
  readonly warnings: readonly string[];
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #sums: Sums;
  readonly #places: Places;
  readonly #tables = new Map<TableName, Table>();
  #mark: number | undefined;

  private constructor({ path, database, sums, warnings }: OpenDatabase) {
    this.#path = path;
    this.#database = database;
    this.#sums = sums;
    this.#places = new Places(dirname(path));
    this.warnings = warnings;
  }

  /** Opens or makes the ledger of a state folder; throws as `openDatabase` does. */
  static open(stateFolder: string): Ledger {
    return new Ledger(openDatabase(stateFolder));
  }

  static exists(stateFolder: string): boolean {
    const path = ledgerPath(stateFolder);
    return isImporting(stateFolder) || isThere(path) || isThere(markPath(path));
  }

  /** Which ledger it is, and how many transactions it has seen. */
  get about(): About {
    return readAbout(this.#database);
  }

  /** Throws a Failure unless every row is there as it was written. */
  check(): void {
    for (const name of countedTables) this.#table(name).find({});
  }

  /** All of it as a new file, as it is at this moment. */
  copyTo(path: string): void {
    guardLedger(() => this.#database.prepare("VACUUM INTO ?").run(path));
  }

  /** The project lies elsewhere than where this ledger was written. */
  moveProject(from: string, to: string): void {
    this.#transact(() => moveOrgs((name) => this.#table(name), from, to));
  }

  startRun(run: Omit<RunRecord, "started" | "finished" | "status" | "exitCode" | "next" | "summary">): RunRecord {
    const open = { finished: null, status: "running", exitCode: null, next: null, summary: null } as const;
    const record: RunRecord = { ...run, ...open, started: now().toISOString() };
    this.saveRun(record);
    return record;
  }

  saveRun(run: RunRecord): void {
    this.#put("runs", runCells(this.#places.toRun(run)));
  }

  run(id: string): RunRecord | undefined {
    const cells = this.#table("runs").get({ id });
    return cells === undefined ? undefined : this.#places.fromRun(runRecord(cells));
  }

  /** Throws a Failure unless all is there that was written of a run: it is gone on with by that. */
  checkRun(run: string): void {
    for (const name of ["streams", "windows", "takes", "parts", "batches"] as const) this.#table(name).find({ run });
  }

  /** All runs, newest first. */
  runs(where: { job?: string } = {}): RunRecord[] {
    return this.#table("runs").find(where, "started DESC, id DESC").map(runRecord).map(this.#places.fromRun);
  }

  saveStream(stream: StreamRecord): void {
    this.#put("streams", streamCells(this.#places.toStream(stream)));
  }

  streams(run: string): StreamRecord[] {
    return this.#table("streams").find({ run }).map(streamRecord).map(this.#places.fromStream);
  }

  /** What an object of an org was given by streams of a name, in runs of a job that settled them; the newest first. */
  settledStreams(job: string, { name, org, object }: Pick<StreamRecord, "name" | "org" | "object">): StreamRecord[] {
    const places = new Map(this.runs({ job }).map(({ id }, place) => [id, place]));
    return this.#table("streams")
      .find({ name, org, object, state: "settled" })
      .map(streamRecord)
      .filter(({ run }) => places.has(run))
      .map(this.#places.fromStream)
      .toSorted((left, right) => (places.get(left.run) ?? 0) - (places.get(right.run) ?? 0));
  }

  /** What settled runs that are compared with each other took into an object, the newest first, at most so many. */
  measured(of: string, { name, org, object }: Pick<StreamRecord, "name" | "org" | "object">, max: number) {
    const where = { name, org, object, state: "settled", measured_of: of };
    return this.#table("streams").newest(where, max).map(streamRecord);
  }

  /** All that came in one file, in one transaction: after a crash either all of it is known or nothing. */
  addParts(run: string, stream: string, parts: readonly PartRecord[]): void {
    this.#transact(() => {
      this.#table("parts").putAll(parts.map((part) => partCells(run, stream, this.#places.to(part))));
    });
  }

  parts(run: string, stream: string): PartRecord[] {
    return this.#table("parts").find({ run, stream }).map(partRecord).map(this.#places.from);
  }

  /** A stream's plan, and those of records that are `made` for it, in one transaction: after a crash all counts or nothing. */
  savePlan({ stream, batches, inserted }: PlannedStream, made: readonly PlannedStream[] = []): void {
    this.#transact(() => {
      for (const one of made) this.savePlan(one);
      this.#table("batches").putAll(batches.map(this.#places.to).map(batchCells));
      if (inserted !== undefined) this.#put("inserted", insertedCells(inserted));
      this.#put("streams", streamCells(this.#places.toStream(stream)));
    });
  }

  batches(run: string, stream?: string): BatchRecord[] {
    return this.#table("batches")
      .find(stream === undefined ? { run } : { run, stream })
      .map(batchRecord)
      .map(this.#places.from);
  }

  /** Moves a batch on. The change is on disk when this returns. */
  advance(batch: BatchRecord, state: BatchStateName, change: Partial<BatchRecord> = {}): BatchRecord {
    assertTransition(batch.state, state);
    const moved = { ...batch, ...change, state };
    if (state === "settled") assertBatchAddsUp(moved);
    this.#put("batches", batchCells(this.#places.to(moved)));
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
      for (const other of others) this.#put("batches", batchCells(this.#places.to(other)));
      return this.advance(batch, state, { ...change, rows });
    });
  }

  /** Bytes that settled runs have inserted into an object, by their SHA-256. */
  insertedFiles(org: string, object: string): InsertedFiles {
    return insertedFiles(this.#table("inserts").find({ org, object }));
  }

  get twins(): Twins {
    return new Twins(this.#table("twins"), (act) => this.#transact(act));
  }

  get present(): PresentValues {
    return new PresentValues(this.#table("present"), (act) => this.#transact(act));
  }

  /** All that outlives runs, whosever it is. */
  memory() {
    return {
      watermarks: this.#table("watermarks").find({}).map(watermarkRecord),
      inserted: this.#table("inserted").find({}).map(insertedRecord),
      insertedFiles: this.#table("inserts").find({}),
      taken: this.#table("taken").find({}).map(takenRecord),
      delivered: this.#table("delivered").find({}).map(deliveredRecord),
      waiting: this.#table("waiting").find({}).map(waitingRecord),
    };
  }

  /** A watermark that a person has moved. */
  saveWatermark(watermark: Watermark): void {
    this.#put("watermarks", watermarkCells(watermark));
  }

  /** What runs have inserted into an object, or may have. */
  inserted(org: string, object: string): InsertedRecord[] {
    return this.#table("inserted").find({ org, object }).map(insertedRecord);
  }

  insertedBy(run: string): InsertedRecord[] {
    return this.#table("inserted").find({ run }).map(insertedRecord);
  }

  saveInserted(inserted: InsertedRecord): void {
    this.#put("inserted", insertedCells(inserted));
  }

  saveWindow(window: WindowRecord): void {
    this.#put("windows", windowCells(window));
  }

  window(run: string, stream: string): WindowRecord | undefined {
    const cells = this.#table("windows").get({ run, stream });
    return cells === undefined ? undefined : windowRecord(cells);
  }

  /** All that a stream has, of whatever file and definition of its source. */
  watermarks({ job, stream, sourceOrg, targetOrg, object }: WatermarkOwner): Watermark[] {
    const owner = { job, stream, source_org: sourceOrg, target_org: targetOrg, object };
    return this.#table("watermarks").find(owner).map(watermarkRecord);
  }

  /** All that a run takes of a stream's files, in one transaction. */
  saveTakes(takes: readonly TakeRecord[]): void {
    this.#transact(() => this.#table("takes").putAll(takes.map(takeCells)));
  }

  takes(run: string, stream: string): TakeRecord[] {
    return this.#table("takes").find({ run, stream }).map(takeRecord);
  }

  /** What a stream has taken in settled runs, into one org, by whatever file of a job of this name. */
  taken({ job, stream, targetOrg, object }: Omit<DeliveredKey, "jobFile">): TakenRecord[] {
    return this.#table("taken").find({ job, stream, target_org: targetOrg, object }).map(takenRecord);
  }

  /** Likewise. */
  delivered({ job, stream, targetOrg, object }: Omit<DeliveredKey, "jobFile">): DeliveredRecord[] {
    return this.#table("delivered").find({ job, stream, target_org: targetOrg, object }).map(deliveredRecord);
  }

  /** The rows of a stream that wait for a parent; its file is empty where a run has taken all of them up. */
  waiting({ job, stream, targetOrg, object, jobFile }: DeliveredKey): WaitingRecord | undefined {
    const cells = this.#table("waiting").get({ job, stream, target_org: targetOrg, object, job_file: jobFile });
    return cells === undefined ? undefined : waitingRecord(cells);
  }

  /** What source and target of a stream looked like; undefined where no run has settled it. */
  shape(owner: ShapeOwner) {
    return this.#table("shapes").find(shapeKey(owner)).map(shapeRecord).at(0);
  }

  /** Rows of a run that are open no more. */
  closedRows(run: string): ClosedRow[] {
    return this.#table("closed").find({ run }).map(closedRow);
  }

  closeRows(rows: readonly ClosedRow[]): void {
    this.#transact(() => this.#table("closed").putAll(rows.map((row) => closedCells(row, now().toISOString()))));
  }

  approvals(plan: string): ApprovalRecord[] {
    return this.#table("approvals").find({ plan }).map(approvalRecord);
  }

  addApproval(approval: Omit<ApprovalRecord, "number">): void {
    const next = () => ({ ...approval, number: this.approvals(approval.plan).length + 1 });
    this.#transact(() => this.#put("approvals", approvalCells(next())));
  }

  /** A plan that another ledger has made, in one transaction; its files are there already. */
  adoptPlan({ run, streams }: CarriedPlan): void {
    this.#transact(() => {
      for (const { stream, parts, takes, window } of streams) {
        this.#table("parts").putAll(parts.map((part) => partCells(run.id, stream.name, this.#places.to(part))));
        this.#table("takes").putAll(takes.map(takeCells));
        if (window !== null) this.#put("windows", windowCells(window));
        this.#put("streams", streamCells(this.#places.toStream(stream)));
      }
      this.#put("runs", runCells(this.#places.toRun(run)));
    });
  }

  /** Settles a stream, moves its watermark and remembers what it has taken, inserted and delivered, in one transaction. */
  settleStream(settlement: Settlement): void {
    const { stream, watermark, taken = [], delivered, waiting, insertedFiles = [], inserted, closed = [] } = settlement;
    this.#transact(() => {
      for (const file of settlement.forgottenFiles ?? []) this.#table("inserts").delete({ ...file });
      const settled = now().toISOString();
      for (const file of insertedFiles) this.#put("inserts", { ...file, settled });
      if (inserted !== undefined) this.#put("inserted", insertedCells(inserted));
      this.#table("taken").putAll(taken.map((file) => takenCells({ ...file, settled })));
      if (watermark !== undefined) this.#put("watermarks", watermarkCells(watermark));
      if (delivered !== undefined) this.#put("delivered", deliveredCells(delivered));
      if (waiting !== undefined) this.#put("waiting", waitingCells(waiting));
      if (settlement.twin !== undefined) this.twins.put(settlement.twin);
      if (settlement.shape !== undefined) this.#put("shapes", shapeCells({ ...settlement.shape, kept: settled }));
      this.#table("closed").putAll(closed.map((row) => closedCells(row, settled)));
      this.#put("streams", streamCells(this.#places.toStream(stream)));
    });
  }

  /** Forgets parts, plans and batches of a run whose folder is deleted. The run itself stays in the history. */
  forgetRunDetails(run: string): void {
    this.#transact(() => {
      for (const table of ["parts", "batches", "takes"] as const) this.#table(table).deleteOf(run);
    });
  }

  [Symbol.dispose](): void {
    if (this.#mark !== undefined) closeSync(this.#mark);
    this.#database.close();
  }

  #table(name: TableName): Table {
    const table = this.#tables.get(name) ?? new Table(this.#database, name, this.#sums);
    this.#tables.set(name, table);
    return table;
  }

  #put(name: TableName, cells: Cells): void {
    this.#transact(() => this.#table(name).put(cells));
  }

  #transact<T>(act: () => T): T {
    if (this.#database.isTransaction) return act();
    const { result, about } = guardLedger(() =>
      transact(
        this.#database,
        () => {
          const done = act();
          return { result: done, about: countCommit(this.#database) };
        },
        () => this.#sums.discard(),
      ),
    );
    this.#mark ??= openSync(markPath(this.#path), constants.O_WRONLY | constants.O_CREAT, 0o600);
    writeSync(this.#mark, renderMark(about), 0);
    return result;
  }
}
