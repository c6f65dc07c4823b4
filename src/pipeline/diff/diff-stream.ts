// The diff of a staged stream against the live target, kept as a Parquet plan. In: the staged rows, the target's present
// records, what earlier runs wrote. Out: the plan, and the rows that are left behind with the reason. Must hold: each row
// ends in one named place; the same rows and records give the same plan.

import { join } from "node:path";
import { isKeptPart, type StreamCounts } from "../../core/model.ts";
import { together, type Wholeness } from "../../core/wholeness.ts";
import { nameConflicts, nameStayed, planRows } from "../../diff/compare.ts";
import { type KeysInput, lastTaken, leaveOlder, selectKeys } from "../../diff/keys.ts";
import { type CompareInput, matchKeys, nameMatches } from "../../diff/match.ts";
import { followsSource } from "../../job/mode.ts";
import type { ToldPresent } from "../../report/summary.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { rowState } from "../../stage/stage.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { describeWhere } from "../compile/target-where.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { leaveClashing } from "./clashing-rows.ts";
import { countRows } from "./count-rows.ts";
import { dedupeKeys, mergeDuplicates, mergesRows } from "./dedupe-rows.ts";
import { holdBackCandidates, noneDeletable } from "./delete-candidates.ts";
import { type DiffInput, isKeyHidden, keyField, type TwoWay } from "./diff-input.ts";
import { readFieldTimes } from "./field-times.ts";
import { tellHeldValues } from "./held-values.ts";
import { refuseLikeKeys } from "./like-keys.ts";
import { selectNamed, selectTaken, tellMissing } from "./named-keys.ts";
import { prepareCompare } from "./prepare-compare.ts";
import { proveWrites } from "./prove-writes.ts";
import { adoptRecords, readPresent } from "./read-present.ts";
import { refuseWrites, tellRemarks } from "./refuse-writes.ts";
import { refuseUnreadSnapshot } from "./unread-records.ts";
import { countWarned } from "./warned-rows.ts";
import { wholeAsMatched, wholeAsSelected, wholeAsStaged } from "./whole-source.ts";
import { boundRecords } from "./within.ts";

/** Rows whose keys the engine holds: some 20 MB. */
const smallRows = 100_000;

export interface StreamDiff {
  counts: StreamCounts;
  /** Rows that break a rule of severity warn. */
  warned: number;
  /** These, and rows of which there is something to remark. */
  warnings: number;
  /** What the target takes and a person should know of, a sentence each. */
  remarks: string[];
  /** How the target's present values were read. */
  how: string;
  told?: ToldPresent;
  /** Of the source, as it was asked for, taken and read. */
  wholeness: Wholeness;
}

export async function diffStream(input: DiffInput): Promise<StreamDiff> {
  const { engine, compiled, staged } = input;
  const { missing, sampled } = await selectRows(input);
  await input.refuseRows();
  const read = together([input.taken, wholeAsSelected(input.selection), await wholeAsStaged(engine, compiled, staged)]);
  const present = await proveWrites(input, await readPresent(input), read);
  const reconciles = sampled === undefined ? {} : { reconciles: { sampled } };
  const asked = { ...(await prepareCompare(input, present, read)), ...reconciles };
  const paired = input.twoWay === undefined ? asked : await input.twoWay.pair(input, asTwoWay(asked, input.twoWay));
  const adopted = await adoptRecords(input, paired);
  const prepared = await boundRecords(input, adopted);
  const { matches, alike } = await matchRows(input, prepared);
  const wholeness = together([read, wholeAsMatched(alike)]);
  const matched = alike === 0 || input.reconcile !== undefined ? prepared : { ...prepared, deletable: noneDeletable };
  await engine.runAll(nameMatches(matched, matches));
  const timed = await readFieldTimes(input, matched);
  const compare = (await input.twoWay?.decide(input, timed)) ?? timed;
  await refuseUnreadSnapshot(engine, compiled.stream.name);
  const planned = await writeParquet(engine, planRows(compare), input.planPath, "kept", 2 * compare.fields.length);
  const refused = planned === 0 ? 0 : await refuseWrites(engine, compiled, input.planPath);
  await engine.runAll(nameStayed(compare));
  if (await isAnyAmbiguous(engine)) await engine.run(nameConflicts(compare));
  await input.reconcile?.takeDrift({ compare, readsAll: present?.isNamed !== true, wholeness });
  await input.twoWay?.keep(input.planPath);
  const held = followsSource(compare.mode) ? await holdBackCandidates(input, compare) : undefined;
  const counts = await countRows(input, compare, staged, refused);
  const warned = await countWarned(engine, compiled, staged);
  const mayRemark = planned > 0 && compare.fields.some(({ limits }) => limits.remarks.length > 0);
  const remarks = mayRemark ? await tellRemarks(engine, input.planPath) : { sentences: [], rows: 0 };
  const taken = await tellHeldValues({ ...input, folder: input.snapshotFolder });
  return {
    counts,
    warned,
    warnings: warned + remarks.rows,
    remarks: [missing, ...remarks.sentences, ...taken, held].filter((remark) => remark !== undefined),
    how: tellHow(present?.how, compiled),
    ...(present?.told === undefined ? {} : { told: present.told }),
    wholeness,
  };
}

/** All records are kept that match; nothing is made where what agrees is only taken as agreed on. */
function asTwoWay(compare: CompareInput, { adopts }: TwoWay): CompareInput {
  return { ...compare, decided: new Set(), ...(adopts ? { mode: "update" as const } : {}) };
}

function tellHow(how: string | undefined, { where }: CompiledStream): string {
  return [how ?? "nothing read", ...(where === undefined ? [] : [describeWhere(where)])].join("; ");
}

/**
 * Who matches, as a table function, and how many rows may stand for a record that they don't name. Where rows are left
 * behind by that, it is found out anew without them.
 */
async function matchRows(
  { engine, compiled, snapshotFolder: folder }: DiffInput,
  compare: CompareInput,
): Promise<{ matches: string; alike: number }> {
  const path = join(folder, `${compiled.stream.name}-matches.parquet`);
  const matches = readParquet(path);
  await writeParquet(engine, matchKeys(compare), path, "disposable");
  if (!compare.tellsUnusualKeys) return { matches, alike: 0 };
  const refused = await refuseLikeKeys(engine, compare, { matches, folder, isKeyHidden: isKeyHidden(compiled) });
  if (refused.rows > 0) await writeParquet(engine, matchKeys(compare), path, "disposable");
  return { matches, alike: refused.ofRecords };
}

async function isAnyAmbiguous(engine: Engine): Promise<boolean> {
  return Number((await engine.one("SELECT count(*) AS rows FROM ambiguous"))["rows"]) > 0;
}

interface SelectedRows {
  /** What is to be said of keys that were named and are nowhere. */
  missing?: string | undefined;
  /** BOOLEAN SQL over a key: it is of the part that is looked at. */
  sampled?: (key: string) => string;
}

/** A database gives each part of one snapshot. */
function recordsOf({ stream: { source } }: CompiledStream, seen: string | undefined): Pick<KeysInput, "records"> {
  if (source.kind === "files") return {};
  return { records: { ...(seen === undefined ? {} : { seen }), isSnapshot: source.sql !== undefined } };
}

async function selectRows(input: DiffInput): Promise<SelectedRows> {
  const { engine, target, compiled, staged, selection, seen, timezone } = input;
  const { object } = compiled.stream.target;
  const sampled = await sampleKeys(input);
  const wanted =
    sampled !== undefined
      ? { wanted: sampled("_key_") }
      : selection.keys === undefined
        ? {}
        : { wanted: await selectNamed({ engine, target, object, key: compiled.key, timezone, named: selection.keys }) };
  const key = compiled.key.map(keyField);
  const kept = staged.parts.map(({ part }) => part).filter(isKeptPart);
  const keys: KeysInput = {
    stage: staged.view,
    key,
    isSmall: isSmall(staged) && !mergesRows(compiled),
    ...recordsOf(compiled, seen),
    ...dedupeKeys(compiled),
    ...(kept.length === 0 ? {} : { kept: kept.map(({ ordinal }) => ordinal) }),
    ...(selection.limit === undefined ? {} : { limit: selection.limit }),
    ...wanted,
  };
  await engine.runAll(selectKeys(keys));
  if (input.older !== undefined) await engine.runAll(leaveOlder(staged.view, input.older));
  await mergeDuplicates(engine, compiled, staged.view);
  await leaveClashing(engine, compiled, keys);
  if (selection.limit !== undefined) await leaveBroken(engine, staged, selection.limit);
  if (sampled !== undefined) return { sampled };
  if (selection.keys === undefined) return {};
  const { key: fields } = compiled;
  const named = { engine, key: fields, named: selection.keys, isHidden: isKeyHidden(compiled) };
  return { missing: await tellMissing({ ...named, taken: selectTaken(staged.view, fields) }) };
}

function isSmall({ parts }: StagedStream): boolean {
  return parts.reduce((sum, { rows }) => sum + rows, 0) <= smallRows;
}

async function sampleKeys({ engine, staged, reconcile }: DiffInput): Promise<SelectedRows["sampled"]> {
  if (reconcile?.sample === undefined) return undefined;
  const { rows } = await engine.one(`SELECT count(*) AS rows FROM ${staged.view} WHERE _state_ = ${rowState.good}`);
  return reconcile.sample(Number(rows));
}

/** Records behind the last row that a limit takes are not taken either. */
async function leaveBroken(engine: Engine, staged: StagedStream, limit: number): Promise<void> {
  if (staged.parts.every(({ broken }) => broken.length === 0)) return;
  const [last] = await engine.all(`SELECT _part_ AS part, _line_ AS line FROM ${staged.view}
    WHERE _row_ = (${lastTaken(limit)})`);
  if (last === undefined) return;
  const isTaken = (ordinal: number, line: number) =>
    ordinal < Number(last["part"]) || (ordinal === Number(last["part"]) && line <= Number(last["line"]));
  for (const part of staged.parts) {
    part.notTaken = part.broken.filter(({ line }) => !isTaken(part.part.ordinal, line));
    part.broken = part.broken.filter(({ line }) => isTaken(part.part.ordinal, line));
  }
}
