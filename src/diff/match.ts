// Who is whom, the source's rows and the target's records, as SQL. In: `keys` (diff/keys.ts), the stage view, the target's
// present values. Out: `matches`, with the present values of records that differ.
// What must hold: both sides are text as the target stores it, so equal text is an equal value.

import { mappedName } from "../core/columns.ts";
import { identifier } from "../core/sql.ts";
import type { Mode, Policy } from "../job/job.ts";
import { followsSource } from "../job/mode.ts";
import type { Equality } from "../values/equality.ts";
import { isPlainSql } from "../values/fold.ts";
import type { Objection } from "../values/limits.ts";
import { foldKey, type KeyField, keysTable } from "./keys.ts";

export interface ComparedField {
  name: string;
  /** The snapshot's column that tells its present value. */
  column: string;
  /** What an empty source value does. A rejected null never comes this far. */
  onNull: "skip" | "clear";
  policy: Policy;
  /** Where it counts whose value is newer: the stage's column with the time that a row's value is from. */
  time?: string;
  /** When two values of it are one. */
  equality: Equality;
  /** SQL of what clearing stores. */
  cleared: string;
  /** The target has several values, of which ours must be one. */
  several: boolean;
  /** Ours takes the place of all of them. */
  replaces: boolean;
  /** The target's text for the snapshot's column, SQL over the column of the mapped name. */
  canonical: string;
  /** The same for values in the target's usual form alone, where reading all of them takes long. */
  usual?: string;
  /** Parts that lack a column of this field: their rows leave it alone. */
  absentParts: readonly number[];
  /** Why the target would refuse what is written to it, and what it takes and a person should know of. */
  limits: WrittenLimits;
}

export interface WrittenLimits {
  /** Of a value, or a blank, that is written; over the columns `writtenValue(name)`, `presentValue(name)` and `isNewName`. */
  objections: readonly Objection[];
  /** Of a new record, whatever is mapped for it. */
  needs: readonly Objection[];
  remarks: readonly Objection[];
}

interface SnapshotScan {
  scan: string;
  idColumn: string;
  versionColumn: string;
}

export interface CompareInput {
  mode: Mode;
  stage: string;
  key: readonly KeyField[];
  fields: readonly ComparedField[];
  /** Fields that no plan holds, by which records are told apart or found. */
  matching: readonly ComparedField[];
  /** A table function over the snapshot, all columns VARCHAR; undefined for mode insert, which reads nothing. */
  snapshot?: SnapshotScan;
  /** Records that agree with a row in another field: those without a key are taken for the row's. */
  adopted?: { scan: string; by: KeyField };
  /** Records that are known to be those of rows which no key finds, by their ids: \`record_pairs\`. */
  paired?: { scan: string };
  /** Parts of records of which not all that is mapped is known: they make no new record. */
  partlyKnown: readonly number[];
  /** Mode insert: SELECT of the rows (_row_) that an earlier run has inserted; they are as they should be. */
  inserted?: string;
  /** When fields under policy newest changed in the target, where it tells that (diff/newest.ts); else a record's version does. */
  times?: string;
  /** Records that no row names are told of too, whatever the mode. */
  reconciles?: { sampled?: (key: string) => string };
  /** Mode mirror: BOOLEAN SQL over the snapshot's `_id_`, true where the record may be deleted. */
  deletable?: string;
  /** Fields that both sides change: whether they are written is decided one by one, in \`write_decisions\`. */
  decided?: ReadonlySet<string>;
  /** Rows were left out that are older than what was loaded since. */
  hasOlder?: true;
  /** Scans have the column `_within_`, true for the records that may be touched. */
  isBounded?: true;
  /** The target may take two keys for one that are not equal: those of its records are told that may be such. */
  tellsUnusualKeys: boolean;
}

export const matchesTable = "matches";

/**
 * Sets of the stage's rows, a bit a row, in blocks: `keyed`, and `unmatched`, those of them that match no record.
 * As hash tables they would take 300 MB each for 5 M rows; as one block each, the engine copies it again and again.
 */
export const rowSetsTable = "row_sets";
export const blockRows = 65_536;

/** Column of the result of `matchKeys`: the key of a record, whether a row has it or not, where it is not plain. */
export const unusualName = "_unusual_";

/** Whether records that no row names are of any interest. */
function keepsUnnamed({ mode, reconciles }: CompareInput): boolean {
  return followsSource(mode) || reconciles !== undefined;
}

/**
 * SELECT of who matches (_row_), with the present values (_present_: id, version, fields) where they differ or would be
 * lost. A list, because a struct or columns that are NULL for the rows that are equal take 25 % longer. Unusual keys are
 * told in the same pass, for a second one over the snapshot would take a third as long again.
 */
export function matchKeys(input: CompareInput): string {
  if (input.snapshot === undefined) {
    const inserted = input.inserted ?? "SELECT CAST(NULL AS BIGINT) AS _row_ LIMIT 0";
    return `SELECT _row_, CAST(NULL AS VARCHAR[]) AS _present_, CAST(NULL AS VARCHAR) AS ${unusualName} FROM (${inserted})`;
  }
  // A record without a key is nobody's.
  const matched = keepsUnnamed(input)
    ? `${isWithin(input, "p.")} AND p._target_key_ IS NOT NULL`
    : "k._row_ IS NOT NULL";
  // What reads as it is stored is equal. The rest, a tenth as a rule, is looked at value by value.
  const keepsAll = input.mode === "delete" || input.decided !== undefined;
  const unlike = keepsAll ? matched : `${matched} AND k._hash_ IS DISTINCT FROM p._read_`;
  const values = ["p._id_", "p._version_", ...input.fields.map(({ canonical }) => canonical)];
  const kept = `${matched} OR p.${unusualName} IS NOT NULL`;
  const join = keepsUnnamed(input) || input.tellsUnusualKeys ? "LEFT JOIN" : "JOIN";
  const found = `SELECT k._row_, k._hash_, p.${unusualName}, CASE WHEN ${unlike} THEN [${values.join(", ")}] END AS _found_
    FROM (${nameRecords(input, input.snapshot)}) p ${join} ${keysTable} k
    ON k._key_ = p._target_key_ AND ${isWithin(input, "p.")} WHERE ${kept}`;
  const hash = `hash(${input.fields.map((_, index) => `_found_[${index + 3}]`).join(", ")})`;
  const differs = keepsAll ? "true" : `_hash_ IS DISTINCT FROM ${hash}`;
  // AND would compute both of its sides for every row.
  const present = `CASE WHEN _found_ IS NOT NULL THEN CASE WHEN ${differs} THEN _found_ END END`;
  return `SELECT _row_, ${present} AS _present_, ${unusualName} FROM (${found})`;
}

/** The target's records as they are read, `_read_` for all their values, with what finds them, `_target_key_`. */
export function nameRecords(input: CompareInput, snapshot: SnapshotScan): string {
  const unusual = `CASE WHEN NOT ${isPlainSql("_target_key_")} THEN _target_key_ END`;
  const keyed = `SELECT *, ${input.tellsUnusualKeys ? unusual : "CAST(NULL AS VARCHAR)"} AS ${unusualName}
    FROM (SELECT *, ${foldKey(input.key)} AS _target_key_ FROM (${readRecords(input, snapshot, snapshot.scan, input.key)}))`;
  const others = [
    ...(input.adopted === undefined ? [] : [adoptRecords(input, snapshot, input.adopted)]),
    ...(input.paired === undefined ? [] : [pairRecords(input, snapshot, input.paired)]),
  ];
  return [keyed, ...others].join(" UNION ALL BY NAME ");
}

/** In scans of records, where a job bounds which of them may be touched. */
export const withinName = "_within_";

/** BOOLEAN over records: they may be touched. */
export function isWithin({ isBounded }: CompareInput, qualifier = ""): string {
  return isBounded === true ? `${qualifier}${withinName}` : "true";
}

/** SELECT of the records of a scan: their values as they are read, and of some fields as the target stores them. */
function readRecords(
  { fields, matching, mode, isBounded }: CompareInput,
  { idColumn, versionColumn }: SnapshotScan,
  scan: string,
  stored: readonly { name: string }[],
): string {
  const bounds = isBounded === true ? [withinName] : [];
  const names = new Set(stored.map(({ name }) => name));
  const all = [...fields, ...matching];
  const read = all.map(({ name, column }) => `${identifier(column)} AS ${mappedName(name)}`);
  const canonical = all
    .filter(({ name }) => names.has(name))
    .map((field) => `${field.canonical} AS ${identifier(field.name)}`);
  // Of records an empty cell is no value; a file keeps the two apart.
  const values = fields.map(
    ({ name, usual }) => usual ?? (mode === "delta" ? mappedName(name) : `nullif(${mappedName(name)}, '')`),
  );
  return `SELECT ${["*", ...canonical].join(", ")}, hash(${values.join(", ")}) AS _read_ FROM (
      SELECT ${identifier(idColumn)} AS _id_, ${identifier(versionColumn)} AS _version_, ${[...bounds, ...read].join(", ")} FROM ${scan})`;
}

/** SELECT of the keys that records of the target have, folded. */
export function recordKeys(input: CompareInput): string {
  if (input.snapshot === undefined) throw new Error("there is nothing to match with");
  const present = selectPresent(input, input.snapshot, input.snapshot.scan);
  return `SELECT key FROM (SELECT ${foldKey(input.key)} AS key FROM (${present})) WHERE key IS NOT NULL`;
}

/** The records of a scan, their values as the target stores them. */
export function selectPresent(
  { fields, matching }: CompareInput,
  { idColumn, versionColumn }: SnapshotScan,
  scan: string,
): string {
  const all = [...fields, ...matching];
  const read = all.map(({ name, column }) => `${identifier(column)} AS ${mappedName(name)}`);
  const canonical = all.map((field) => `${field.canonical} AS ${identifier(field.name)}`);
  return `SELECT _id_, _version_, ${canonical.join(", ")} FROM (
      SELECT ${identifier(idColumn)} AS _id_, ${identifier(versionColumn)} AS _version_, ${read.join(", ")} FROM ${scan})`;
}

/** Table of the rows that no key finds: their keys by the value that may find them instead. */
export const orphansTable = "unmatched_keys";

/** Statement that makes `unmatched_keys` (_by_, _key_). What two rows share names neither. */
export function findUnmatched(input: CompareInput, by: KeyField): string {
  if (input.snapshot === undefined) throw new Error("there is nothing to match with");
  const key = foldKey(input.key);
  const present = `SELECT ${key} AS _key_ FROM (${selectPresent(input, input.snapshot, input.snapshot.scan)})`;
  return `CREATE OR REPLACE TEMP TABLE ${orphansTable} AS SELECT _by_, any_value(_key_) AS _key_
    FROM (SELECT ${foldKey([by])} AS _by_, ${key} AS _key_ FROM ${identifier(input.stage)} SEMI JOIN ${keysTable} USING (_row_))
    ANTI JOIN (${present}) p USING (_key_)${input.paired === undefined ? "" : ` ANTI JOIN ${pairsTable} USING (_key_)`}
    WHERE _by_ IS NOT NULL GROUP BY _by_ HAVING count(*) = 1`;
}

function adoptRecords(
  input: CompareInput,
  snapshot: SnapshotScan,
  { scan, by }: NonNullable<CompareInput["adopted"]>,
): string {
  return `SELECT p.*, u._key_ AS _target_key_, CAST(NULL AS VARCHAR) AS ${unusualName}
    FROM (${readRecords(input, snapshot, scan, [...input.key, by])}) p JOIN ${orphansTable} u ON ${foldKey([by], "p.")} = u._by_
    WHERE ${foldKey(input.key, "p.")} IS NULL QUALIFY count(DISTINCT u._key_) OVER (PARTITION BY p._id_) = 1`;
}

/** Table of rows' keys (_key_) with the ids of the records that they are known to be of (id, as the system writes it). */
export const pairsTable = "record_pairs";

function pairRecords(
  input: CompareInput,
  snapshot: SnapshotScan,
  { scan }: NonNullable<CompareInput["paired"]>,
): string {
  return `SELECT p.*, u._key_ AS _target_key_, CAST(NULL AS VARCHAR) AS ${unusualName}
    FROM (${readRecords(input, snapshot, scan, input.key)}) p JOIN ${pairsTable} u ON p._id_ = u.id`;
}

/** Statements that give the result of `matchKeys` its names, and make `ambiguous`; `planRows` reads both. */
export function nameMatches(input: CompareInput, matches: string): string[] {
  const fields = input.fields.map(({ name }, index) => `_present_[${index + 3}] AS ${identifier(name)}`);
  return [
    `CREATE OR REPLACE TEMP VIEW ${matchesTable} AS SELECT _row_, _present_ IS NOT NULL AS _differs_,
      _present_[1] AS _id_, _present_[2] AS _version_, ${fields.join(", ")} FROM ${matches}
      ${keepsUnnamed(input) ? "" : "WHERE _row_ IS NOT NULL"}`,
    `CREATE OR REPLACE TEMP TABLE ${rowSetsTable} AS
      SELECT block, k.rows AS keyed, coalesce(xor(k.rows, m.rows), k.rows) AS unmatched, m.named > bit_count(m.rows) AS ambiguous
      FROM (${collectRows(keysTable)}) k LEFT JOIN (${collectRows(matchesTable)}) m USING (block)`,
    `CREATE OR REPLACE TEMP TABLE ambiguous AS SELECT _row_ FROM ${matchesTable} WHERE _row_ IS NOT NULL
      AND (SELECT bool_or(ambiguous) FROM ${rowSetsTable}) GROUP BY _row_ HAVING count(*) > 1`,
  ];
}

function collectRows(table: string): string {
  return `SELECT _row_ // ${blockRows} AS block, bitstring_agg(_row_ % ${blockRows}, 0, ${blockRows - 1}) AS rows,
    count(*) AS named FROM ${table} WHERE _row_ IS NOT NULL GROUP BY ALL`;
}
