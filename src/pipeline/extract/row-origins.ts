// Where rows stood that runs have left and others have taken up. In: the files of the runs. Out: for a row of a run that
// takes up rows of another, the run that took it first and its place there. What must hold: what is not known of two
// places makes neither the later one, unless they are in two files.

import { dirname, join } from "node:path";
import type { RunRecord } from "../../checkpoint/ledger.ts";
import { type Failure, usageFailure } from "../../core/errors.ts";
import { linkFile } from "../../core/files.ts";
import { identifier, literal } from "../../core/sql.ts";
import { readParquetText } from "../../stage/parquet-source.ts";
import { lineColumn } from "../../stage/record-copy.ts";
import { readUnloaded, type UnloadedRow } from "../rows/unloaded-rows.ts";
import type { RunContext } from "../run/context.ts";
import { runFolder } from "../run/run-files.ts";
import { retriedIds, retriedPath } from "./take-retried.ts";

/** A row of a run's parts. What is not known is 0. */
export interface RowSpot {
  /** Of its part. */
  ordinal: number;
  label: string;
  /** From 1. */
  record: number;
  line: number;
}

/** A row that a run has left, by the run that took it first. */
export interface RowOrigin extends RowSpot {
  run: string;
}

/** Whether a row stands further down than another one of the same run. */
export function isAfter(row: RowSpot, other: RowSpot): boolean {
  if (row.ordinal !== other.ordinal) return row.ordinal > other.ordinal;
  if (row.line > 0 && other.line > 0) return row.line > other.line;
  return row.record > 0 && other.record > 0 && row.record > other.record;
}

/** Where parts of another run are brought to, below the run's folder: all that the engine may read. */
export function sinceFolder(folder: string, run: string): string {
  return join(folder, "stage", `since-${run}`);
}

/** Of a run of an earlier version, say, which told its rows' places otherwise. */
function notKnown(run: string, place: string): Failure {
  return usageFailure(`whether rows are older than those of run ${run} can't be told: it has no row ${place}`, {
    why: "a newer row of the same key would be written over",
    next: "a look at what came since, then --retry with --older",
  });
}

export class RowOrigins {
  readonly stateFolder: string;
  readonly #context: RunContext;
  readonly #stream: string;
  readonly #places = new Map<string, Set<string>>();
  readonly #left = new Map<string, Promise<Map<string, UnloadedRow>>>();

  constructor(context: RunContext, stream: string) {
    this.stateFolder = dirname(dirname(context.folder));
    this.#context = context;
    this.#stream = stream;
  }

  /** The run that took the rows first which a run takes up; of any other the run itself. */
  firstRun(id: string): RunRecord {
    const run = this.#context.ledger.run(id);
    if (run === undefined) throw new Error(`no run ${id}`);
    return run.options.retry === undefined ? run : this.firstRun(run.options.retry.run);
  }

  /** Whether a row is among those that its run has left. */
  async isLeft(run: string, { ordinal, record, line }: RowSpot): Promise<boolean> {
    const places = this.#places.get(run) ?? (await this.#readPlaces(run));
    this.#places.set(run, places);
    return places.has(`${ordinal} record ${record}`) || (line > 0 && places.has(`${ordinal} line ${line}`));
  }

  async #readPlaces(run: string): Promise<Set<string>> {
    const spots = [...(await this.#rowsLeft(run)).values()].map((row) => this.#spotOf(run, row));
    return new Set(
      spots.map(({ ordinal, record, line }) => `${ordinal} ${record > 0 ? `record ${record}` : `line ${line}`}`),
    );
  }

  /** Where a row of a run that takes up others' rows stood, by its place in the run's part, from 0. */
  async ofTaken(run: string, position: number): Promise<RowOrigin> {
    const { retry } = this.#context.ledger.run(run)?.options ?? {};
    const id = retriedIds({ folder: this.#folder(run) }, this.#stream)[position];
    const row = retry === undefined || id === undefined ? undefined : (await this.#rowsLeft(retry.run)).get(id);
    if (retry === undefined || row === undefined) throw new Error(`run ${run} takes up no row ${position}`);
    if (this.#context.ledger.run(retry.run)?.options.retry === undefined)
      return { run: retry.run, ...this.#spotOf(retry.run, row) };
    const { record } = this.#spotOf(retry.run, row);
    return this.ofTaken(retry.run, record > 0 ? record - 1 : await this.#findRecord(retry.run, row));
  }

  /** A rejected row of such a run tells its line in the file of mended rows, or its record. */
  async #findRecord(run: string, { place }: UnloadedRow): Promise<number> {
    const { engine, folder } = this.#context;
    const path = retriedPath({ folder: sinceFolder(folder, run) }, this.#stream);
    await linkFile(retriedPath({ folder: this.#folder(run) }, this.#stream), path);
    const { scan } = await readParquetText(engine, { path, label: run });
    const rows = `SELECT row_number() OVER () - 1 AS position, ${identifier(lineColumn)} AS line FROM ${scan}`;
    const [row] = await engine.all(`SELECT position FROM (${rows}) WHERE CAST(line AS VARCHAR) = ${literal(place)}`);
    if (row === undefined) throw notKnown(run, place);
    return Number(row["position"]);
  }

  #folder(run: string): string {
    return runFolder(this.stateFolder, run);
  }

  #rowsLeft(run: string): Promise<Map<string, UnloadedRow>> {
    const known = this.#left.get(run) ?? this.#read(run);
    this.#left.set(run, known);
    return known;
  }

  async #read(run: string): Promise<Map<string, UnloadedRow>> {
    const rows = new Map<string, UnloadedRow>();
    for await (const row of readUnloaded(this.#folder(run), this.#stream)) rows.set(row.id, row);
    return rows;
  }

  /** Rejects tell their line, the others their record. */
  #spotOf(run: string, { kind, file, place }: UnloadedRow): RowSpot {
    const parts = this.#context.ledger.parts(run, this.#stream);
    const part = parts.length === 1 ? parts[0] : parts.find(({ label }) => label === file);
    const number = Number(place) || 0;
    const [line, record] = kind === "rejects" ? [number, 0] : [0, number];
    return { ordinal: part?.ordinal ?? 0, label: part?.label ?? file, record, line };
  }
}
