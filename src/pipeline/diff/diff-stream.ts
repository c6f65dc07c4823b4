// The diff of a staged stream against the live target, kept as a Parquet plan. In: the staged rows, the target's present
// records, what earlier runs wrote. Out: the plan, and the rows that are left behind with the reason. Must hold: each row
// ends in one named place; the same rows and records give the same plan.

import { join } from "node:path";
import type { Snapshot } from "../../contract/present.ts";
import type { Target } from "../../contract/target.ts";
import { mappedName } from "../../core/columns.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { sizeOf } from "../../core/files.ts";
import type { StreamCounts } from "../../core/model.ts";
import { noCounts } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import { together, type Wholeness } from "../../core/wholeness.ts";
import { countPlan, nameConflicts, nameStayed, planRows } from "../../diff/compare.ts";
import { type KeyField, keysTable, lastTaken, rejectedTable, selectKeys } from "../../diff/keys.ts";
import {
  type ComparedField,
  type CompareInput,
  findUnmatched,
  matchKeys,
  nameMatches,
  orphansTable,
} from "../../diff/match.ts";
import { writesFile } from "../../job/job.ts";
import { scanCsvFiles } from "../../stage/csv-scan.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { countBroken } from "../../stage/record-copy.ts";
import { countRefusedRecords, rowState } from "../../stage/stage.ts";
import { isAbsent } from "../../transform/mapping.ts";
import { equalityOf } from "../../values/equality.ts";
import { storedReading } from "../../values/value.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { absentColumns } from "../stage/stage-part.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { nameByAliases } from "./aliases.ts";
import { holdBackCandidates, noneDeletable, selectDeletable } from "./delete-candidates.ts";
import { tellHeldValues } from "./held-values.ts";
import { type KnownInserts, selectKnown } from "./inserted.ts";
import { refuseLikeKeys } from "./like-keys.ts";
import { keyOfLookup } from "./lookups.ts";
import { selectNamed, tellMissing } from "./named-keys.ts";
import { findNaming } from "./naming-field.ts";
import { limitsOf, refuseWrites, tellRemarks } from "./refuse-writes.ts";
import { wholeAsMatched, wholeAsSelected, wholeAsStaged } from "./whole-source.ts";

/** A person's choice of rows (`--limit`, `--keys`). */
export interface Selection {
  limit?: number;
  keys?: string[];
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
  /** Of mode delta: what the target was given before. */
  delivered?: PresentRecords;
  /** Of mode insert: what earlier runs have inserted. */
  inserted?: KnownInserts;
  /** Where the snapshot's files go; exists. */
  snapshotFolder: string;
  planPath: string;
  /** Leaves behind rows that can't be loaded for a reason that lies outside the row. */
  refuseRows(): Promise<void>;
  signal: AbortSignal;
  onSnapshot(rows: number): void;
}

/** What the source is compared with. */
export interface PresentRecords {
  /** A table function: id, version, then the fields, all VARCHAR. */
  scan: string;
  /** How it was read, for the plan. */
  how: string;
}

export interface StreamDiff {
  counts: StreamCounts;
  warnings: number;
  /** What the target takes and a person should know of, a sentence each. */
  remarks: string[];
  /** How the target's present values were read. */
  how: string;
  /** Of the source, as it was asked for, taken and read. */
  wholeness: Wholeness;
}

export async function diffStream(input: DiffInput): Promise<StreamDiff> {
  const { engine, compiled, staged } = input;
  const missing = await selectRows(input);
  await input.refuseRows();
  const read = together([input.taken, wholeAsSelected(input.selection), await wholeAsStaged(engine, compiled, staged)]);
  const present = await readPresent(input);
  const prepared = await adoptRecords(input, await prepareCompare(input, present, read));
  const { matches, alike } = await matchRows(input, prepared);
  const wholeness = together([read, wholeAsMatched(alike)]);
  const compare = alike === 0 ? prepared : { ...prepared, deletable: noneDeletable };
  for (const sql of nameMatches(compare, matches)) await engine.run(sql);
  await refuseUnreadSnapshot(engine, compiled.stream.name);
  await writeParquet(engine, planRows(compare), input.planPath);
  const refused = await refuseWrites(engine, compiled, input.planPath);
  const held = compare.mode === "mirror" ? await holdBackCandidates(input, compare) : undefined;
  const counts = await countRows(input, compare, staged, refused);
  for (const sql of nameStayed(compare)) await engine.run(sql);
  if (counts.conflicts > 0) await engine.run(nameConflicts(compare));
  const { warnings } = await engine.one(`SELECT count(_warning_) AS warnings FROM ${staged.view}`);
  const remarks = await tellRemarks(engine, input.planPath);
  const taken = await tellHeldValues({ ...input, folder: input.snapshotFolder });
  return {
    counts,
    warnings: Number(warnings) + remarks.rows,
    remarks: [missing, ...remarks.sentences, ...taken, held].filter((remark) => remark !== undefined),
    how: present?.how ?? "nothing read",
    wholeness,
  };
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

/** Gives what is to be said of keys that were named and are nowhere. */
async function selectRows(input: DiffInput): Promise<string | undefined> {
  const { engine, target, compiled, staged, selection, seen, timezone } = input;
  const { dedupe } = compiled.stream;
  const { object } = compiled.stream.target;
  const wanted =
    selection.keys === undefined
      ? {}
      : { wanted: await selectNamed({ engine, target, object, key: compiled.key, timezone, named: selection.keys }) };
  const key = compiled.key.map(keyField);
  const statements = selectKeys({
    stage: staged.view,
    key,
    ...(compiled.stream.source.kind === "files" ? {} : { records: seen === undefined ? {} : { seen } }),
    ...(dedupe === undefined
      ? {}
      : { dedupe: { by: dedupe.by.map((name) => fieldByName(compiled, name)), keep: dedupe.keep } }),
    isKeyHidden: isKeyHidden(compiled),
    ...(selection.limit === undefined ? {} : { limit: selection.limit }),
    ...wanted,
  });
  for (const sql of statements) await engine.run(sql);
  if (selection.limit !== undefined) await leaveBroken(engine, staged, selection.limit);
  if (selection.keys === undefined) return undefined;
  const named = { engine, stage: staged.view, named: selection.keys, isHidden: isKeyHidden(compiled) };
  return tellMissing({ ...named, key: compiled.key });
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

function isKeyHidden({ key, redacted }: CompiledStream): boolean {
  return key.some(({ name }) => redacted.has(name.toLowerCase()));
}

function keyField(schema: { name: string; caseSensitive: boolean }): KeyField {
  return { name: schema.name, caseSensitive: schema.caseSensitive };
}

function fieldByName(compiled: CompiledStream, name: string): KeyField {
  return { name, caseSensitive: compiled.fieldSchemas.get(name)?.caseSensitive ?? true };
}

/** Whether the target itself tells records apart by text, so that its own folding counts. */
function isNamedByText({ key, stream }: CompiledStream): boolean {
  return (
    !writesFile(stream.target.mode) &&
    key.some(({ kind, externalId, unique }) => kind === "text" && (externalId || unique))
  );
}

async function readPresent(input: DiffInput): Promise<PresentRecords | undefined> {
  const { mode } = input.compiled.stream.target;
  if (mode === "insert" || mode === "replace" || mode === "delta") return input.delivered;
  const { idColumn, versionColumn } = input.target.capabilities;
  const { files, how, aliases } = await readSnapshot(input);
  const columns = [idColumn, versionColumn, ...snapshotFields(input)];
  await input.engine.prepareFor(sizeOf(files));
  const scan = scanCsvFiles(files, columns);
  if (aliases === undefined) return { scan, how };
  const { engine, staged, compiled } = input;
  const key = compiled.key.map(keyField);
  const named = { engine, stage: staged.view, key, idColumn, scan, isKeyHidden: isKeyHidden(compiled) };
  return { scan: await nameByAliases({ ...named, aliases: scanCsvFiles(aliases, columns) }), how };
}

async function readSnapshot(input: DiffInput): Promise<Snapshot> {
  const { engine, target, compiled, staged } = input;
  const { mode, object } = compiled.stream.target;
  const { namedKeysMax } = target.capabilities;
  const by = findNaming(target, compiled.key);
  const values =
    by === undefined
      ? undefined
      : `SELECT DISTINCT ${identifier(by.name)} AS key FROM ${staged.view} SEMI JOIN ${keysTable} USING (_row_)`;
  // Of one field every row has a value of its own, which needs no counting.
  const { count } = await engine.one(
    `SELECT count(*) AS count FROM ${values === undefined || compiled.key.length === 1 ? keysTable : `(${values})`}`,
  );
  const named = values !== undefined && mode !== "mirror" && Number(count) <= namedKeysMax;
  const others = compiled.key.filter((field) => field !== by).map(({ name }) => readField(compiled, name));
  return target.snapshot({
    object,
    fields: snapshotFields(input),
    key: by === undefined ? others : [by.name, ...others],
    ...(named ? { keys: { count: Number(count), read: () => engine.texts(`${values} ORDER BY 1`, "key") } } : {}),
    folder: input.snapshotFolder,
    name: compiled.stream.name,
    signal: input.signal,
    onProgress: input.onSnapshot,
  });
}

/** Looks for records that have no key yet under another field that names them, where the job says so. */
async function adoptRecords(input: DiffInput, compare: CompareInput): Promise<CompareInput> {
  const { engine, target, compiled } = input;
  const { adoptBy, object } = compiled.stream.target;
  if (adoptBy === undefined) return compare;
  const by = fieldByName(compiled, adoptBy);
  await engine.run(findUnmatched(compare, by));
  const { count } = await engine.one(`SELECT count(*) AS count FROM ${orphansTable}`);
  if (Number(count) === 0) return compare;
  const named = Number(count) <= target.capabilities.namedKeysMax;
  const wanted = `SELECT _by_ FROM ${orphansTable} ORDER BY 1`;
  const found = await target.snapshot({
    object,
    fields: snapshotFields(input),
    key: [adoptBy],
    ...(named ? { keys: { count: Number(count), read: () => engine.texts(wanted, "_by_") } } : {}),
    folder: input.snapshotFolder,
    name: `${compiled.stream.name}-adopted`,
    signal: input.signal,
    onProgress: input.onSnapshot,
  });
  const { idColumn, versionColumn } = target.capabilities;
  const columns = [idColumn, versionColumn, ...snapshotFields(input)];
  // Under another name that finds it, a record is the same.
  const files = [...found.files, ...(found.aliases ?? [])];
  return { ...compare, adopted: { scan: scanCsvFiles(files, columns), by } };
}

/** What is read of the target's records: the mapped fields, less the id, which every snapshot has. */
function snapshotFields({ compiled, target }: DiffInput): string[] {
  const names = compiled.fields.map(({ field }) => readField(compiled, field.target));
  return [...new Set(names)].filter((name) => name !== target.capabilities.idColumn);
}

function readField({ fieldSchemas }: CompiledStream, name: string): string {
  return fieldSchemas.get(name)?.comparedBy ?? name;
}

async function refuseUnreadSnapshot(engine: Engine, stream: string): Promise<void> {
  const refused = await countRefusedRecords(engine);
  if (refused === 0) return;
  throw new Failure(exitCode.failed, `${refused} records of the target's answer for stream ${stream} can't be read`, {
    next: "run again; nothing was written",
  });
}

async function prepareCompare(
  input: DiffInput,
  present: PresentRecords | undefined,
  wholeness: Wholeness,
): Promise<CompareInput> {
  const { compiled, staged, target } = input;
  const { mode } = compiled.stream.target;
  const { idColumn, versionColumn } = target.capabilities;
  const deletable = mode === "mirror" ? await selectDeletable(input, wholeness) : undefined;
  return {
    mode,
    stage: staged.view,
    key: compiled.key.map(keyField),
    fields: compiled.fields.map((field) => comparedField(input, field.field.target)),
    ...(present === undefined ? {} : { snapshot: { scan: present.scan, idColumn, versionColumn } }),
    ...(input.inserted === undefined ? {} : { inserted: selectKnown(input.inserted, staged.view, keysTable) }),
    ...(deletable === undefined ? {} : { deletable }),
    partlyKnown: listPartlyKnown(compiled, staged),
    tellsUnusualKeys: isNamedByText(compiled),
  };
}

function listPartlyKnown(compiled: CompiledStream, { parts }: StagedStream): number[] {
  if (compiled.stream.source.kind !== "object") return [];
  return parts.filter(({ part }) => absentColumns(compiled, part).size > 0).map(({ part }) => part.ordinal);
}

function comparedField({ compiled, target, staged }: DiffInput, name: string): ComparedField {
  const compiledField = compiled.fields.find(({ field }) => field.target === name);
  const schema = compiled.fieldSchemas.get(name);
  if (compiledField === undefined || schema === undefined) throw new Error(`field ${name} is not compiled`);
  const { field, columns } = compiledField;
  const mapped = mappedName(name);
  const present = target.render(schema, mapped, "VARCHAR", storedReading);
  const canonical = schema.comparedBy === undefined ? (present.stored ?? present.value) : keyOfLookup(schema, mapped);
  return {
    name,
    column: readField(compiled, name),
    // What a record has several of is only added to.
    onNull: field.onNull === "clear" && schema.several !== true ? "clear" : "skip",
    policy: field.policy,
    // Names of records, our own and parents', differ only as far as the target tells them apart.
    equality: equalityOf(schema, name.includes(".") || compiled.key.includes(schema) ? schema.caseSensitive : true),
    cleared: target.clearedValue(schema),
    several: schema.several === true,
    canonical,
    absentParts: staged.parts
      .filter(({ part }) => isAbsent(columns, absentColumns(compiled, part)))
      .map(({ part }) => part.ordinal),
    limits: limitsOf(schema, compiled.redacted.has(name.toLowerCase())),
  };
}

async function countRounded(engine: Engine, { view }: StagedStream): Promise<number> {
  const rows = `SELECT _rounded_ FROM ${view} SEMI JOIN ${keysTable} USING (_row_)`;
  return Number((await engine.one(`SELECT coalesce(sum(_rounded_), 0) AS rounded FROM (${rows})`))["rounded"]);
}

async function countRows(
  input: DiffInput,
  compare: CompareInput,
  staged: StagedStream,
  refused: number,
): Promise<StreamCounts> {
  const { engine, compiled } = input;
  const planned = await engine.one(countPlan(compare, readParquet(input.planPath)));
  const states = await engine.one(`SELECT count(*) AS rows, (SELECT count(*) FROM ${rejectedTable}) AS rejected,
    count(*) FILTER (_state_ = ${rowState.filtered}) AS filtered FROM ${staged.view}`);
  const count = (name: string) => Number(planned[name]);
  const broken = staged.parts.reduce((sum, part) => sum + countBroken(part.broken), 0);
  const notTaken = staged.parts.reduce((sum, part) => sum + countBroken(part.notTaken), 0);
  const rejected = Number(states["rejected"]) + broken + count("shared_keys");
  const keyed = count("keyed") - refused;
  const notSelected =
    Number(states["rows"]) -
    Number(states["rejected"]) -
    Number(states["filtered"]) -
    count("duplicates") -
    count("shared_keys") -
    keyed;
  const changed = count("creates") + count("updates") + count("deletes");
  return {
    ...noCounts(),
    extracted: Number(states["rows"]) + broken + notTaken,
    filtered: Number(states["filtered"]) + notSelected + notTaken,
    duplicates: count("duplicates"),
    rejected,
    unmatched: count("unmatched"),
    creates: count("creates"),
    updates: count("updates"),
    deletes: count("deletes"),
    unchanged: keyed - changed - count("conflicts") - count("unmatched"),
    conflicts: count("conflicts"),
    mirrorDeletes: count("mirror_deletes"),
    rounded: compiled.rounds ? await countRounded(engine, staged) : 0,
  };
}
