// The counts of a plan: each row is in one of them.

import type { StreamCounts } from "../../core/model.ts";
import { noCounts } from "../../core/model.ts";
import { countPlan } from "../../diff/compare.ts";
import { keysTable, rejectedTable } from "../../diff/keys.ts";
import type { CompareInput } from "../../diff/match.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet } from "../../stage/parquet.ts";
import { countBroken } from "../../stage/record-copy.ts";
import { rowState } from "../../stage/stage.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import type { DiffInput } from "./diff-input.ts";

async function countRounded(engine: Engine, { view }: StagedStream): Promise<number> {
  const rows = `SELECT _rounded_ FROM ${view} SEMI JOIN ${keysTable} USING (_row_)`;
  return Number((await engine.one(`SELECT coalesce(sum(_rounded_), 0) AS rounded FROM (${rows})`))["rounded"]);
}

/** Of the rows that validation rejected, those that the run takes. */
async function countTaken(engine: Engine): Promise<number> {
  return Number((await engine.one(`SELECT count(*) AS rows FROM ${rejectedTable}`))["rows"]);
}

export async function countRows(
  input: DiffInput,
  compare: CompareInput,
  staged: StagedStream,
  refused: number,
): Promise<StreamCounts> {
  const { engine, compiled } = input;
  const planned = await engine.one(countPlan(compare, readParquet(input.planPath)));
  const states = await engine.one(`SELECT count(*) AS rows, count(*) FILTER (_state_ = ${rowState.rejected}) AS invalid,
    count(*) FILTER (_state_ = ${rowState.filtered}) AS filtered FROM ${staged.view}`);
  const count = (name: string) => Number(planned[name]);
  const taken = Number(states["invalid"]) === 0 ? 0 : await countTaken(engine);
  const broken = staged.parts.reduce((sum, part) => sum + countBroken(part.broken), 0);
  const notTaken = staged.parts.reduce((sum, part) => sum + countBroken(part.notTaken), 0);
  const rejected = taken + broken + count("shared_keys");
  const keyed = count("keyed") - refused;
  const notSelected =
    Number(states["rows"]) -
    taken -
    Number(states["filtered"]) -
    count("duplicates") -
    count("shared_keys") -
    count("waiting") -
    count("outside") -
    count("older") -
    count("lost") -
    count("contested") -
    keyed;
  const changed = count("creates") + count("updates") + count("deletes");
  return {
    ...noCounts(),
    extracted: Number(states["rows"]) + broken + notTaken,
    filtered: Number(states["filtered"]) + notSelected + notTaken,
    duplicates: count("duplicates"),
    rejected,
    unmatched: count("unmatched") + count("waiting") + count("outside") + count("lost"),
    waiting: count("waiting"),
    creates: count("creates"),
    updates: count("updates"),
    deletes: count("deletes"),
    unchanged: keyed - changed - count("conflicts") - count("unmatched"),
    conflicts: count("conflicts") + count("older") + count("contested"),
    mirrorDeletes: count("mirror_deletes"),
    rounded: compiled.rounds ? await countRounded(engine, staged) : 0,
  };
}
