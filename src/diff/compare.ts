// Source against target, field by field, as SQL. In: `keys` (diff/keys.ts), the stage view, the target's present values.
// Out: a plan table with one row for each record that would change, and counts of the rest.
// What must hold: both sides are text as the target stores it, so equal text is an equal value and unchanged rows are
// never in the plan; the plan of the same inputs is the same; diff, apply, diff again gives an empty plan.

import { mappedName } from "../core/columns.ts";
import { severalSeparator } from "../core/model.ts";
import { identifier, literal } from "../core/sql.ts";
import type { Mode } from "../job/job.ts";
import { differs, type Equality, foldCase } from "../values/equality.ts";
import type { Objection } from "../values/limits.ts";
import { duplicatesTable, foldKey, type KeyField, keysTable, leftBehindTable } from "./keys.ts";

export interface ComparedField {
  name: string;
  /** The snapshot's column that tells its present value. */
  column: string;
  /** What an empty source value does. A rejected null never comes this far. */
  onNull: "skip" | "clear";
  policy: "overwrite" | "fill_empty" | "create_only";
  /** When two values of it are one. */
  equality: Equality;
  /** SQL of what clearing stores. */
  cleared: string;
  /** The target has several values, of which ours must be one. */
  several: boolean;
  /** The target's text for the snapshot's column, SQL over the column of the mapped name. */
  canonical: string;
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
  /** A table function over the snapshot, all columns VARCHAR; undefined for mode insert, which reads nothing. */
  snapshot?: SnapshotScan;
  /** Records that agree with a row in another field: those without a key are taken for the row's. */
  adopted?: { scan: string; by: KeyField };
  /** Parts of records of which not all that is mapped is known: they make no new record. */
  partlyKnown: readonly number[];
  /** Mode insert: SELECT of the rows (_row_) that an earlier run has inserted; they are as they should be. */
  inserted?: string;
  /** Mode mirror: BOOLEAN SQL over the snapshot's `_id_`, true where the record may be deleted. */
  deletable?: string;
}

const matchesTable = "matches";

/**
 * Sets of the stage's rows, a bit a row, in blocks: `keyed`, and `unmatched`, those of them that match no record.
 * As hash tables they would take 300 MB each for 5 M rows; as one block each, the engine copies it again and again.
 */
const rowSetsTable = "row_sets";
const blockRows = 65_536;

/**
 * SELECT of who matches (_row_), with the present values (_present_: id, version, fields) where they differ or would be
 * lost. A list, because a struct or columns that are NULL for the rows that are equal take 25 % longer.
 */
export function matchKeys(input: CompareInput): string {
  if (input.snapshot === undefined) {
    const inserted = input.inserted ?? "SELECT CAST(NULL AS BIGINT) AS _row_ LIMIT 0";
    return `SELECT _row_, CAST(NULL AS VARCHAR[]) AS _present_ FROM (${inserted})`;
  }
  const names = input.fields.map(({ name }) => identifier(name));
  const needed = input.mode === "delete" ? "true" : "k._hash_ IS DISTINCT FROM p._hash_";
  const values = ["p._id_", "p._version_", ...names.map((name) => `p.${name}`)];
  return `SELECT k._row_, CASE WHEN ${needed} THEN [${values.join(", ")}] END AS _present_
    FROM (${nameRecords(input, input.snapshot)}) p ${input.mode === "mirror" ? "LEFT JOIN" : "JOIN"} ${keysTable} k ON k._key_ = p._target_key_`;
}

/** The target's records with what finds them, `_target_key_`. */
function nameRecords(input: CompareInput, snapshot: SnapshotScan): string {
  const names = input.fields.map(({ name }) => identifier(name));
  const keyed = `SELECT *, ${foldKey(input.key)} AS _target_key_, hash(${names.join(", ")}) AS _hash_
    FROM (${selectPresent(input, snapshot, snapshot.scan)})`;
  return input.adopted === undefined ? keyed : `${keyed} UNION ALL ${adoptRecords(input, snapshot, input.adopted)}`;
}

/** SELECT of the keys that records of the target have, folded. */
export function recordKeys(input: CompareInput): string {
  if (input.snapshot === undefined) throw new Error("there is nothing to match with");
  const present = selectPresent(input, input.snapshot, input.snapshot.scan);
  return `SELECT key FROM (SELECT ${foldKey(input.key)} AS key FROM (${present})) WHERE key IS NOT NULL`;
}

/** The records of a scan, their values as the target stores them. */
export function selectPresent(
  { fields }: CompareInput,
  { idColumn, versionColumn }: SnapshotScan,
  scan: string,
): string {
  const read = fields.map(({ name, column }) => `${identifier(column)} AS ${mappedName(name)}`);
  const canonical = fields.map((field) => `${field.canonical} AS ${identifier(field.name)}`);
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
    ANTI JOIN (${present}) p USING (_key_) WHERE _by_ IS NOT NULL GROUP BY _by_ HAVING count(*) = 1`;
}

function adoptRecords(
  input: CompareInput,
  snapshot: SnapshotScan,
  { scan, by }: NonNullable<CompareInput["adopted"]>,
): string {
  const names = input.fields.map(({ name }) => `p.${identifier(name)}`);
  return `SELECT p.*, u._key_ AS _target_key_, hash(${names.join(", ")}) AS _hash_
    FROM (${selectPresent(input, snapshot, scan)}) p JOIN ${orphansTable} u ON ${foldKey([by], "p.")} = u._by_
    WHERE ${foldKey(input.key, "p.")} IS NULL QUALIFY count(DISTINCT u._key_) OVER (PARTITION BY p._id_) = 1`;
}

/** Statements that give the result of `matchKeys` its names, and make `ambiguous`; `planRows` reads both. */
export function nameMatches(input: CompareInput, matches: string): string[] {
  const fields = input.fields.map(({ name }, index) => `_present_[${index + 3}] AS ${identifier(name)}`);
  return [
    `CREATE OR REPLACE TEMP VIEW ${matchesTable} AS SELECT _row_, _present_ IS NOT NULL AS _differs_,
      _present_[1] AS _id_, _present_[2] AS _version_, ${fields.join(", ")} FROM ${matches}`,
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

/** BOOLEAN, in conditions of `limits`: the record is new. */
export const isNewName = "_new_";

/** In conditions of `limits`: what is written to the field. */
export function writtenValue(name: string): string {
  return mappedName(name);
}

/** In conditions of `limits`: what the record holds. */
export function presentValue(name: string): string {
  return identifier(`p:${name}`);
}

/** Columns of a plan beside those that are read again: why a row is refused, and what is remarkable of it. */
export const refusedName = "_refused_";
export const remarkedName = "_remarked_";

/** Between a field and what is said of it. */
const unitSeparator = "\u001f";

/**
 * SELECT of the plan: action, key, id, version, before, after, changed, row, part, position, and `_refused_` and
 * `_remarked_`: `field <US> message`, NULL for most.
 */
export function planRows(input: CompareInput): string {
  switch (input.mode) {
    case "insert":
    case "replace":
    case "update":
    case "upsert":
    case "delta":
      return planChanges(input);
    case "delete":
      return planDeletes(input, "_row_ IS NOT NULL AND _row_ NOT IN (SELECT _row_ FROM ambiguous)");
    case "mirror": {
      const key = foldKey(input.key);
      const gone = `_row_ IS NULL AND ${key} IS NOT NULL AND ${key} NOT IN (${presentKeys(input)}) AND (${input.deletable ?? "true"})`;
      return `${planChanges(input)} UNION ALL ${planDeletes(input, gone)}`;
    }
  }
}

/** Keys of all rows that the source has, rejected ones too: a reject is no reason to delete its record. */
function presentKeys(input: CompareInput): string {
  const key = foldKey(input.key);
  return `SELECT ${key} FROM ${identifier(input.stage)} WHERE ${key} IS NOT NULL`;
}

/** Creates and updates in one pass over the stage: as two they took half as much memory again (measured). */
function planChanges(input: CompareInput): string {
  const columns = input.fields.flatMap((field) => {
    const { changed, value } = compareField(field);
    const name = identifier(field.name);
    const differs = `CASE WHEN s._new_ THEN s.${name} IS NOT NULL ELSE ${changed} END`;
    return [
      // What is only added to is told by its mark.
      `${field.several ? `${literal(severalSeparator)} || m.${name}` : `m.${name}`} AS ${presentName(field)}`,
      `${value} AS ${mappedName(field.name)}`,
      `${differs} AS ${changedName(field)}`,
    ];
  });
  const after = input.fields.map(
    (field) => `${identifier(field.name)} := CASE WHEN ${changedName(field)} THEN ${mappedName(field.name)} END`,
  );
  const known = makesNew(input) ? `NOT (${isPartlyKnown(input)}) AND ` : "";
  const creates = input.mode === "update" ? "false" : `${known}${isUnmatched}`;
  const stage = `SELECT s.*, ${creates} AS _new_
    FROM ${identifier(input.stage)} s JOIN ${rowSetsTable} r ON r.block = s._row_ // ${blockRows}`;
  const differing = `SELECT * FROM ${matchesTable} WHERE _differs_ AND _row_ NOT IN (SELECT _row_ FROM ambiguous)`;
  const compared = `SELECT s._new_ AS _new_, m._id_ AS id, m._version_ AS version, s._row_ AS row, s._part_ AS part,
      s._position_ AS position, ${foldKey(input.key, "s.")} AS key, ${columns.join(", ")}
    FROM (${stage}) s LEFT JOIN (${differing}) m ON s._row_ = m._row_ WHERE s._new_ OR m._row_ IS NOT NULL`;
  return `SELECT CASE WHEN _new_ THEN 'create' ELSE 'update' END AS action,
      key, id, version,
      ${packPresent(input.fields, presentName)} AS before, struct_pack(${after.join(", ")}) AS after,
      ${nameFields(input.fields, changedName)} AS changed, row, part, position,
      ${tellFirst(
        input.fields,
        ({ objections }) => objections,
        ({ needs }) => needs,
      )} AS ${refusedName},
      ${tellFirst(input.fields, ({ remarks }) => remarks)} AS ${remarkedName}
    FROM (${compared}) WHERE _new_ OR ${input.fields.map(changedName).join(" OR ")}`;
}

/** VARCHAR: what is first to be said of a row's fields: of what is written, and of what a new record has. */
function tellFirst(
  fields: readonly ComparedField[],
  ofWritten: (limits: WrittenLimits) => readonly Objection[],
  ofNew: (limits: WrittenLimits) => readonly Objection[] = () => [],
): string {
  const told = fields.flatMap((field) => {
    const say = ({ message }: Objection) => `${literal(field.name + unitSeparator)} || ${message}`;
    return [
      ...ofWritten(field.limits).map(
        (objection) => `WHEN ${changedName(field)} AND ${objection.condition} THEN ${say(objection)}`,
      ),
      ...ofNew(field.limits).map((objection) => `WHEN ${isNewName} AND ${objection.condition} THEN ${say(objection)}`),
    ];
  });
  return told.length === 0 ? "CAST(NULL AS VARCHAR)" : `CASE ${told.join("\n ")} END`;
}

const isUnmatched = `get_bit(r.unmatched, CAST(s._row_ % ${blockRows} AS INTEGER)) = 1`;

/** A file is given every row. */
function makesNew({ mode, partlyKnown }: CompareInput): boolean {
  return partlyKnown.length > 0 && (mode === "insert" || mode === "upsert" || mode === "mirror");
}

function isPartlyKnown({ partlyKnown }: CompareInput): string {
  return partlyKnown.length === 0 ? "false" : `s._part_ IN (${partlyKnown.join(", ")})`;
}

/** BOOLEAN over stage rows and their row sets: which find no record, and make none. Undefined where each makes one. */
function whichUnmatched(input: CompareInput): string | undefined {
  if (input.mode === "update" || input.mode === "delete") return isUnmatched;
  return makesNew(input) ? `${isPartlyKnown(input)} AND ${isUnmatched}` : undefined;
}

/** SQL: how many rows find no record, and make none. */
function countUnmatched(input: CompareInput): string {
  const isLeft = whichUnmatched(input);
  if (isLeft === undefined) return "0";
  if (isLeft === isUnmatched) return `(SELECT coalesce(sum(bit_count(unmatched)), 0) FROM ${rowSetsTable})`;
  return `(SELECT count(*) FROM ${identifier(input.stage)} s JOIN ${rowSetsTable} r ON r.block = s._row_ // ${blockRows}
    WHERE ${isLeft})`;
}

/** The present value; a name of its own, because a field may be called `id` or `row` as other columns are. */
function presentName(field: ComparedField): string {
  return presentValue(field.name);
}

/** BOOLEAN: the field is written. */
function changedName(field: ComparedField): string {
  return identifier(`c:${field.name}`);
}

/** SQL: whether a field changes in an update, and to what. */
function compareField(field: ComparedField): { changed: string; value: string } {
  const name = identifier(field.name);
  const source = `s.${name}`;
  const target = `m.${name}`;
  const value = field.onNull === "clear" ? `coalesce(${source}, ${field.cleared})` : source;
  const fold = (sql: string) => foldCase(field.equality, sql);
  const present = `string_split(${fold(target)}, ${literal(severalSeparator)})`;
  const conditions = [
    field.several
      ? `NOT coalesce(list_contains(${present}, ${fold(value)}), false)`
      : `(${differs(field.equality, value, target)})`,
  ];
  if (field.onNull === "skip") conditions.push(`${source} IS NOT NULL`);
  if (field.policy === "fill_empty") conditions.push(`${target} IS NULL`);
  if (field.policy === "create_only") conditions.push("false");
  if (field.absentParts.length > 0) conditions.push(`s._part_ NOT IN (${field.absentParts.join(", ")})`);
  return { changed: conditions.join(" AND "), value };
}

function planDeletes(input: CompareInput, condition: string): string {
  // By mode delete each has a row of the source; by mirror none.
  const [place, rows] =
    input.mode === "delete"
      ? [
          "_part_ AS part, _position_ AS position",
          `${matchesTable} JOIN (SELECT _row_, _part_, _position_ FROM ${identifier(input.stage)}) USING (_row_)`,
        ]
      : ["CAST(NULL AS USMALLINT) AS part, CAST(NULL AS BIGINT) AS position", matchesTable];
  return `SELECT 'delete' AS action, ${foldKey(input.key)} AS key, _id_ AS id, _version_ AS version,
      ${packPresent(input.fields, ({ name }) => identifier(name))} AS before,
      ${packNulls(input.fields)} AS after, CAST([] AS VARCHAR[]) AS changed, _row_ AS row,
      ${place}, CAST(NULL AS VARCHAR) AS ${refusedName}, CAST(NULL AS VARCHAR) AS ${remarkedName}
    FROM ${rows} WHERE ${condition}`;
}

function packPresent(fields: readonly ComparedField[], column: (field: ComparedField) => string): string {
  return `struct_pack(${fields.map((field) => `${identifier(field.name)} := ${column(field)}`).join(", ")})`;
}

function packNulls(fields: readonly ComparedField[]): string {
  return `struct_pack(${fields.map(({ name }) => `${identifier(name)} := CAST(NULL AS VARCHAR)`).join(", ")})`;
}

/** VARCHAR[]: the fields for which a condition is true. As one text, split: a filtered list takes four times as long. */
function nameFields(fields: readonly ComparedField[], condition: (field: ComparedField) => string): string {
  const names = fields.map((field) => `CASE WHEN ${condition(field)} THEN ${literal(field.name)} END`);
  return `coalesce(string_split(nullif(concat_ws(chr(31), ${names.join(", ")}), ''), chr(31)), [])`;
}

/** Rows that are neither written nor rejected (kind, _row_, reason, ids), to be named to a person. */
export const stayedTable = "stayed";

/** What keeps a row from being written, without that anything is wrong with it. */
export type StayedKind = "conflicts" | "unmatched" | "duplicates";

/** Statements that make `stayed`, after `nameMatches`. */
export function nameStayed(input: CompareInput): string[] {
  const insert = `INSERT INTO ${stayedTable} SELECT`;
  const statements = [
    `CREATE OR REPLACE TEMP TABLE ${stayedTable} (kind VARCHAR, _row_ BIGINT, reason VARCHAR, ids VARCHAR)`,
    `${insert} 'duplicates', _row_, _why_, '' FROM ${duplicatesTable}`,
  ];
  const isLeft = whichUnmatched(input);
  if (isLeft !== undefined) {
    statements.push(`${insert} 'unmatched', s._row_, 'no record has this key', ''
      FROM ${identifier(input.stage)} s JOIN ${rowSetsTable} r ON r.block = s._row_ // ${blockRows} WHERE ${isLeft}`);
  }
  return statements;
}

/** Statement that adds the rows of which the key finds several records to `stayed`. They are few, and seldom any. */
export function nameConflicts(input: CompareInput): string {
  if (input.snapshot === undefined) throw new Error("nothing was compared");
  return `INSERT INTO ${stayedTable} SELECT 'conflicts', k._row_, 'the key finds ' || count(*) || ' records',
      string_agg(p._id_, ' ' ORDER BY p._id_)
    FROM (${nameRecords(input, input.snapshot)}) p
    JOIN (SELECT * FROM ${keysTable} SEMI JOIN ambiguous USING (_row_)) k ON k._key_ = p._target_key_ GROUP BY k._row_`;
}

/** A row of counts over the finished plan; rejects of the stage are counted elsewhere. */
export function countPlan(input: CompareInput, plan: string): string {
  return `SELECT
    (SELECT count(*) FROM ${leftBehindTable} WHERE _reason_ = 'duplicate') AS duplicates,
    (SELECT count(*) FROM ${leftBehindTable} WHERE _reason_ <> 'duplicate') AS shared_keys,
    (SELECT coalesce(sum(bit_count(keyed)), 0) FROM ${rowSetsTable}) AS keyed,
    (SELECT count(*) FROM ambiguous) AS conflicts,
    ${countUnmatched(input)} AS unmatched,
    count(*) FILTER (action = 'create') AS creates, count(*) FILTER (action = 'update') AS updates,
    count(*) FILTER (action = 'delete' AND row IS NOT NULL) AS deletes,
    count(*) FILTER (action = 'delete' AND row IS NULL) AS mirror_deletes
    FROM ${plan}`;
}
