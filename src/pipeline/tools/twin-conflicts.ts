// What two-way jobs want decided. In: a job and its twin, what their last runs held back. Out: field by field what was agreed
// on, what both sides hold; a person's decision, as what is agreed on from then on. What must hold: a decision counts for
// the values that it was made of: whoever changes one of them after that is asked anew; nothing is written to a system.

import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { Ledger } from "../../checkpoint/ledger.ts";
import { takeLock } from "../../checkpoint/lock.ts";
import type { TwinRecord } from "../../checkpoint/twin-record.ts";
import { now } from "../../core/clock.ts";
import { Failure, pathInCommand, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { hashFile, makePrivateFolder, syncFile } from "../../core/files.ts";
import { identifier, literal } from "../../core/sql.ts";
import { changedMark } from "../../diff/three-way.ts";
import type { Job } from "../../job/job.ts";
import { foldId } from "../../load/row-key.ts";
import { Engine } from "../../stage/engine.ts";
import { writeParquet } from "../../stage/parquet.ts";
import { goesColumn } from "../run/twin-base.ts";
import { twinsLockName } from "../runs/twin-lock.ts";

export interface TwinConflict {
  stream: string;
  key: string;
  /** Of both sides. */
  source: string;
  target: string;
  /** Empty: the record itself, which was deleted on our side. */
  field: string;
  /** Null: nothing was agreed on yet. */
  base: string | null;
  ours: string;
  theirs: string;
  oursChanged: string | null;
  theirsChanged: string | null;
  run: string;
}

export type Side = "ours" | "theirs";

export interface ConflictsRequest {
  stateFolder: string;
  job: Job;
  /** Decides all that is listed, or what has one of the keys. */
  take?: Side;
  keys?: readonly string[];
  signal: AbortSignal;
}

export interface FoundConflicts {
  /** What is listed, or with `take` what was decided. */
  conflicts: TwinConflict[];
  decided: boolean;
}

/** Throws a Failure (2) for a job without a twin, or keys that name nothing. */
export async function findConflicts(request: ConflictsRequest): Promise<FoundConflicts> {
  const { stateFolder, job, signal } = request;
  const twin = job.twin?.name;
  if (twin === undefined)
    throw usageFailure(`job ${job.name} has no twin`, {
      where: { file: job.file },
      next: "conflicts are of two-way jobs",
    });
  if (!Ledger.exists(stateFolder)) return { conflicts: [], decided: false };
  using _lock = request.take === undefined ? undefined : await lockPair(request, twin);
  using ledger = Ledger.open(stateFolder);
  const [first = "", second = ""] = [job.name, twin].sort();
  const parent = join(stateFolder, "decisions");
  makePrivateFolder(parent);
  const folder = mkdtempSync(join(parent, "open-"));
  try {
    using engine = await Engine.open({ folder, spillFolder: folder, signal });
    const found: TwinConflict[] = [];
    for (const record of ledger.twins.of(first, second).filter(({ conflicts }) => conflicts > 0)) {
      const open = new OpenTwin(engine, record, { folder, stateFolder });
      found.push(...(await open.list(job.name, request.keys)));
      if (request.take !== undefined) ledger.twins.put(await open.take(request.take));
    }
    if (request.keys !== undefined && found.length === 0)
      throw usageFailure("--keys: none of the keys is in conflict", {
        next: `loadline conflicts ${pathInCommand(job.file)} lists what is`,
      });
    return { conflicts: found, decided: request.take !== undefined };
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

function lockPair({ stateFolder, job, signal }: ConflictsRequest, twin: string): Promise<Disposable> {
  const what = `the twins ${[job.name, twin].sort().join(" and ")}`;
  return takeLock({
    stateFolder,
    name: twinsLockName(job.name, twin),
    what,
    waitMs: 0,
    signal,
    onDamage: () => undefined,
  });
}

/** The base of a pair of objects, and what is open of it. */
class OpenTwin {
  readonly #engine: Engine;
  readonly #record: TwinRecord;
  readonly #folder: string;
  readonly #kept: string;

  constructor(engine: Engine, record: TwinRecord, { folder, stateFolder }: { folder: string; stateFolder: string }) {
    this.#engine = engine;
    this.#record = record;
    this.#folder = folder;
    this.#kept = join(stateFolder, "twins");
  }

  /** Those of a job; `chosen_conflicts` is a table of them. */
  async list(job: string, keys: readonly string[] | undefined): Promise<TwinConflict[]> {
    const { conflictsFile, conflictsSha256 } = this.#record;
    const all = `read_parquet(${literal(await this.#copy(conflictsFile, conflictsSha256))})`;
    const named = keys?.map(literal).join(", ");
    const isNamed =
      named === undefined ? "true" : `(key IN (${named}) OR source_id IN (${named}) OR target_id IN (${named}))`;
    const [source, target] = job === this.#record.first ? ["1:", "2:"] : ["2:", "1:"];
    await this.#engine.run(`CREATE OR REPLACE TEMP TABLE open_conflicts AS SELECT * FROM ${all}`);
    await this.#engine.run(`CREATE OR REPLACE TEMP TABLE chosen_conflicts AS SELECT * FROM (
        SELECT *, ${identifier(source ?? "")} AS source_id, ${identifier(target ?? "")} AS target_id FROM open_conflicts)
      WHERE job = ${literal(job)} AND ${isNamed}`);
    const rows = await this.#engine.all("SELECT * FROM chosen_conflicts ORDER BY stream, key, field");
    const text = (value: unknown) => (value === null || value === undefined ? null : String(value));
    return rows.map((row) => ({
      stream: String(row["stream"]),
      key: String(row["key"]),
      source: String(row["source_id"]),
      target: String(row["target_id"]),
      field: String(row["field"]),
      base: row["agreed"] === changedMark ? null : text(row["agreed"]),
      ours: String(row["ours"]),
      theirs: String(row["theirs"]),
      oursChanged: text(row["source_time"]),
      theirsChanged: text(row["target_time"]),
      run: String(row["run"]),
    }));
  }

  /** Moves the base on the side that gives way: to the twin, or to this job, the other side's value is then a plain change. */
  async take(side: Side): Promise<TwinRecord> {
    const { file, sha256 } = this.#record;
    const stamp = now().toISOString().replaceAll(/\D/g, "");
    const base = file === "" ? undefined : `read_parquet(${literal(await this.#copy(file, sha256))})`;
    const before = base ?? `(SELECT '' AS "1:", '' AS "2:" LIMIT 0)`;
    const known = await this.#engine.all(`SELECT column_name AS name FROM (DESCRIBE SELECT * FROM ${before})`);
    const columns = new Set(known.map(({ name }) => String(name)));
    // Of each pair and column: what the base has from now on.
    const given = `SELECT "1:", "2:", unnest(columns) AS name, unnest(now) AS now, unnest(before) AS before, field FROM chosen_conflicts`;
    const mark = literal(changedMark);
    const stays = (held: string, present: string) =>
      `CASE WHEN ${held} IS NULL OR ${held} = ${present} THEN ${mark} ELSE ${held} END`;
    const moved =
      side === "ours"
        ? `SELECT "1:", "2:", name, CASE WHEN field = '' THEN now ELSE ${stays("before", "now")} END AS value FROM (${given})
           UNION ALL SELECT "1:", "2:", field_column, theirs FROM chosen_conflicts WHERE field <> ''
           UNION ALL SELECT "1:", "2:", ${literal(goesColumn)}, '1' FROM chosen_conflicts WHERE field = ''`
        : `SELECT "1:", "2:", name, now AS value FROM (${given}) WHERE field <> ''
           UNION ALL SELECT "1:", "2:", field_column, ${stays("agreed", "theirs")} FROM chosen_conflicts WHERE field <> ''`;
    await this.#engine.run(
      `CREATE OR REPLACE TEMP TABLE moved_cells AS SELECT "1:", "2:", name, any_value(value) AS value FROM (${moved}) GROUP BY ALL`,
    );
    for (const { name } of await this.#engine.all("SELECT DISTINCT name FROM moved_cells")) columns.add(String(name));
    const [isFirst, isSecond] = ["1:", "2:"].map(
      (id) => `${foldId(`c.${identifier(id)}`)} = ${foldId(`b.${identifier(id)}`)}`,
    );
    const isPair = `${isFirst} AND ${isSecond}`;
    const cells = [...columns]
      .filter((name) => name !== "1:" && name !== "2:")
      .map((name) => {
        const held = known.some((one) => one["name"] === name) ? `b.${identifier(name)}` : "CAST(NULL AS VARCHAR)";
        return `coalesce((SELECT c.value FROM moved_cells c WHERE c.name = ${literal(name)} AND ${isPair}), ${held}) AS ${identifier(name)}`;
      });
    // A record that is to stay though its other one is gone is no pair any more, by whatever id: the twin makes the other anew.
    const isOfDeleted = `CASE WHEN c.job = ${literal(this.#record.first)} THEN ${isFirst} ELSE ${isSecond} END`;
    const unpaired =
      side === "theirs"
        ? `WHERE NOT EXISTS (SELECT 1 FROM chosen_conflicts c WHERE c.field = '' AND ${isOfDeleted})`
        : "";
    const pairs = `SELECT b.* FROM ${before} b UNION ALL BY NAME SELECT DISTINCT c."1:", c."2:" FROM moved_cells c
      WHERE NOT EXISTS (SELECT 1 FROM ${before} b WHERE ${isPair})`;
    const rows = `SELECT b."1:", b."2:"${cells.map((cell) => `, ${cell}`).join("")} FROM (${pairs}) b ${unpaired}`;
    const agreed = await this.#write(`decided-${stamp}-${basename(file === "" ? "pairs.parquet" : file)}`, rows);
    const isChosen = `c."1:" = o."1:" AND c."2:" = o."2:" AND (c.job <> o.job OR c.field = o.field)`;
    const left = `SELECT o.* FROM open_conflicts o WHERE NOT EXISTS (SELECT 1 FROM chosen_conflicts c WHERE ${isChosen})`;
    const open = await this.#write(`decided-${stamp}-${this.#record.conflictsFile}`, left);
    const conflicts = { conflictsFile: open.file, conflictsSha256: open.sha256, conflicts: open.rows };
    return { ...this.#record, ...agreed, ...conflicts, run: "" };
  }

  async #write(name: string, rows: string): Promise<{ file: string; sha256: string; rows: number }> {
    const file = name.replace(/(decided-\d+-)+/, "$1").slice(-200);
    const path = join(this.#folder, file);
    const count = await writeParquet(this.#engine, rows, path);
    const sha256 = await hashFile(path);
    makePrivateFolder(this.#kept);
    copyFileSync(path, join(this.#kept, file));
    syncFile(join(this.#kept, file));
    return { file, sha256, rows: count };
  }

  async #copy(file: string, sha256: string): Promise<string> {
    const path = join(this.#folder, file);
    try {
      copyFileSync(join(this.#kept, file), path);
    } catch {
      throw lost(join(this.#kept, file), "lost");
    }
    if ((await hashFile(path)) !== sha256) throw lost(join(this.#kept, file), "damaged");
    return path;
  }
}

function lost(path: string, how: string): Failure {
  return new Failure(exitCode.failed, `${path} is ${how}`, {
    next: "run both jobs again: what is to be decided is listed anew",
  });
}
