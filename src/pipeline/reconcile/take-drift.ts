// What differs, from a compared stream to its files. In: the plan with all that a row or record would need. Out:
// drift/<stream>.csv, its counts; the plan with what the job's mode may do about it. Must hold: memory does not grow with
// the drift; nothing is planned that a run in this mode would not do.

import { renameSync, rmSync } from "node:fs";
import type { DriftKind, DriftLine } from "../../core/drift.ts";
import { syncFile } from "../../core/files.ts";
import type { Action } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { onlyTargetRows } from "../../diff/compare.ts";
import { countDrift, type DriftInput, prepareDrift, selectDrift } from "../../diff/drift.ts";
import { newRecordMark } from "../../job/lookup.ts";
import { followsSource, type Mode } from "../../job/mode.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import type { ComparedRows, Reconciling } from "../diff/diff-input.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { driftPath, type FoundDrift, keepFoundDrift } from "./drift-files.ts";
import { type DailyPart, isOfPart, partOfDay } from "./sample.ts";

const kinds: readonly DriftKind[] = ["onlySource", "onlyTarget", "different", "duplicate", "orphan"];

/** Lines of each kind that are kept to be shown. */
const firstMax = 5;

/** How a stream of a truth pass is compared; undefined where the run is none. */
export function reconcileStream(
  context: RunContext,
  compiled: CompiledStream,
  planPath: string,
): Reconciling | undefined {
  const { reconcile } = context.run.options;
  // What is made for the rows of another stream is not asked of the target but by name.
  if (reconcile === undefined || compiled.stream.madeFor !== undefined) return undefined;
  const { sample } = reconcile;
  let sampled: (DailyPart & { rows: number }) | undefined;
  const takePart = (rows: number) => {
    if (sample === undefined) throw new Error("there is no sample");
    sampled = { ...partOfDay(sample, rows, context.run.started), rows };
    return isOfPart(sampled);
  };
  return {
    ...(sample === undefined ? {} : { sample: takePart }),
    takeDrift: (compared) => takeDrift(context, compiled, { planPath, compared, sampled }),
  };
}

interface Taking {
  planPath: string;
  compared: ComparedRows;
  sampled: (DailyPart & { rows: number }) | undefined;
}

async function takeDrift(context: RunContext, compiled: CompiledStream, { planPath, compared, sampled }: Taking) {
  const { engine, folder } = context;
  const { stream } = compiled;
  const { mode } = stream.target;
  // Apart from what is written: taking them out of the plan again would be writing all of it a second time.
  const onlyTarget = `${planPath}.only-target`;
  const isApart = !followsSource(mode);
  if (isApart) await writeParquet(engine, onlyTargetRows(compared.compare), onlyTarget, "disposable");
  const input: DriftInput = {
    compare: compared.compare,
    plan: isApart ? `read_parquet([${literal(planPath)}, ${literal(onlyTarget)}])` : readParquet(planPath),
    idColumn: targetOf(context, stream.target.connection).capabilities.idColumn,
    isHidden: (field) => compiled.redacted.has(field.toLowerCase()),
    parentMarks: marksOf(compiled),
  };
  await engine.runAll(prepareDrift(input));
  const path = driftPath(folder, stream.name);
  const lines = kinds.map((kind) => `(${selectDrift(input, kind)})`).join(" UNION ALL ");
  await engine.run(`COPY (${lines}) TO ${literal(path)} (FORMAT csv, HEADER)`);
  syncFile(path);
  keepFoundDrift(folder, stream.name, await countFound(engine, input, compared, sampled));
  rmSync(onlyTarget, { force: true });
  await keepAllowed(engine, planPath, mayDo(mode, compared));
}

/** Of parents that are named by several fields (diff/lost-parents.ts). */
function marksOf({ lookups }: CompiledStream): Map<string, string> {
  const parents = lookups.filter(({ written }) => written.miss === "parent");
  return new Map(parents.map(({ field, written }) => [field, newRecordMark(written)]));
}

async function countFound(
  engine: Engine,
  input: DriftInput,
  { readsAll }: ComparedRows,
  sampled: Taking["sampled"],
): Promise<FoundDrift> {
  const counted = await engine.one(countDrift(input));
  const count = (name: string) => Number(counted[name]);
  const first: DriftLine[] = [];
  for (const kind of kinds)
    first.push(...((await engine.all(`${selectDrift(input, kind)} LIMIT ${firstMax}`)) as unknown as DriftLine[]));
  const keyed =
    sampled === undefined ? 0 : Number((await engine.one("SELECT count(*) AS rows FROM candidates"))["rows"]);
  return {
    onlySource: count("only_source"),
    onlyTarget: readsAll ? count("only_target") : null,
    different: count("different"),
    duplicates: count("duplicates"),
    orphans: count("orphans"),
    ...(sampled === undefined
      ? {}
      : { sample: { keys: keyed, of: sampled.rows, part: sampled.part + 1, parts: sampled.parts } }),
    goneDuplicates: count("gone_duplicates"),
    first,
  };
}

/** What a run in this mode would do about it. */
function mayDo(mode: Mode, { wholeness }: ComparedRows): Set<Action> {
  const makes: Action[] = mode === "update" ? [] : ["create"];
  const changes: Action[] = mode === "insert" ? [] : ["update"];
  const deletes: Action[] = (mode === "mirror" || mode === "history") && wholeness.kind === "whole" ? ["delete"] : [];
  return new Set([...makes, ...changes, ...deletes]);
}

async function keepAllowed(engine: Engine, planPath: string, allowed: ReadonlySet<Action>): Promise<void> {
  const isAllowed = `action IN (${[...allowed].map(literal).join(", ")})`;
  const plan = readParquet(planPath);
  const { others } = await engine.one(`SELECT count(*) AS others FROM ${plan} WHERE NOT (${isAllowed})`);
  if (Number(others) === 0) return;
  await writeParquet(engine, `SELECT * EXCLUDE (file_row_number) FROM ${plan} WHERE ${isAllowed}`, `${planPath}.kept`);
  renameSync(`${planPath}.kept`, planPath);
}
