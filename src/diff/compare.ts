// Source against target, field by field, as SQL. In: `matches` (diff/match.ts), the stage view. Out: a plan table with one
// row for each record that would change, and counts of the rest.
// What must hold: both sides are text as the target stores it, so equal text is an equal value and unchanged rows are
// never in the plan; the plan of the same inputs is the same; diff, apply, diff again gives an empty plan.

import { mappedName } from "../core/columns.ts";
import { severalSeparator } from "../core/model.ts";
import { problemStart } from "../core/problem.ts";
import { identifier, literal } from "../core/sql.ts";
import { followsSource, makesAndChanges } from "../job/mode.ts";
import { differs, foldCase } from "../values/equality.ts";
import type { Objection } from "../values/limits.ts";
import {
  duplicatesTable,
  foldKey,
  isRejected,
  keysTable,
  leftBehindTable,
  lostTable,
  olderTable,
  outsideTable,
  waitingTable,
} from "./keys.ts";
import {
  blockRows,
  type ComparedField,
  type CompareInput,
  isWithin,
  matchesTable,
  nameRecords,
  rowSetsTable,
  type WrittenLimits,
} from "./match.ts";
import { isNewer, withTimes } from "./newest.ts";

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

/**
 * SELECT of the plan: action, key, id, version, before, after, changed, row, part, position, and `_refused_` and
 * `_remarked_` (core/problem.ts), NULL for most.
 */
export function planRows(input: CompareInput): string {
  switch (input.mode) {
    case "insert":
    case "replace":
    case "update":
    case "upsert":
    case "delta":
      return input.decided === undefined ? planChanges(input) : `${planChanges(input)} UNION ALL ${planGone(input)}`;
    case "delete":
      return planDeletes(input, "_row_ IS NOT NULL AND _row_ NOT IN (SELECT _row_ FROM ambiguous)");
    case "mirror":
    case "history":
      return `${planChanges(input)} UNION ALL ${planDeletes(input, isGone(input))}`;
  }
}

/** SELECT of the same columns: records of which the source has no row, as deletes, in modes whose plans leave them. */
export function onlyTargetRows(input: CompareInput): string {
  return planDeletes(input, isGone(input));
}

/** BOOLEAN over `matches`: a record of which the source has no row. */
function isGone(input: CompareInput): string {
  const key = foldKey(input.key);
  const sampled = input.reconciles?.sampled === undefined ? "" : ` AND ${input.reconciles.sampled(key)}`;
  return `_row_ IS NULL AND ${key} IS NOT NULL${sampled} AND ${key} NOT IN (${presentKeys(input)}) AND (${input.deletable ?? "true"})`;
}

/** Keys of all rows that the source has, rejected ones too: a reject is no reason to delete its record. */
function presentKeys(input: CompareInput): string {
  const key = foldKey(input.key);
  return `SELECT ${key} FROM ${identifier(input.stage)} WHERE ${key} IS NOT NULL`;
}

/** Creates and updates in one pass over the stage: as two they took half as much memory again (measured). */
function planChanges(input: CompareInput): string {
  const columns = input.fields.flatMap((field) => {
    const { changed: isOther, value } = compareField(input, field);
    const changed = input.decided?.has(field.name) === true ? `${isOther} AND m.${mayWriteName(field.name)}` : isOther;
    const name = identifier(field.name);
    const differs = `CASE WHEN s._new_ THEN s.${name} IS NOT NULL ELSE ${changed} END`;
    return [
      // What is only added to is told by its mark, and what is replaced by two.
      `${field.several ? `${literal(severalSeparator.repeat(field.replaces ? 2 : 1))} || m.${name}` : `m.${name}`} AS ${presentName(field)}`,
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
  const decided =
    input.decided === undefined
      ? differingMatches
      : `SELECT * FROM (${differingMatches}) JOIN ${decisionsTable} USING (_row_)`;
  const differing = withTimes(input, decided);
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
    const say = ({ rule, message }: Objection) => `${literal(problemStart(field.name, rule))} || ${message}`;
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
  return partlyKnown.length > 0 && (mode === "insert" || makesAndChanges(mode));
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

/** Rows that are held back until a person has decided: _row_, reason, ids. */
export const heldTable = "undecided_rows";

/** Rows whose records are to be deleted, for their other ones were: _row_. */
export const deletedTable = "deleted_rows";

/** Where fields are decided one by one: which of them may be written, of each match. */
export const decisionsTable = "write_decisions";

/** BOOLEAN column of it. */
export function mayWriteName(field: string): string {
  return identifier(`may write:${field}`);
}

const differingMatches = `SELECT * FROM ${matchesTable} WHERE _differs_ AND _row_ NOT IN (SELECT _row_ FROM ambiguous)`;

/** SELECT of the ids of records in which a field under policy newest has another value than its row; or of these rows' own. */
export function selectContested(input: CompareInput, side: "row" | "record" = "record"): string {
  const fields = input.fields.filter(({ time }) => time !== undefined);
  const differ = fields.map((field) => compareField(input, { ...field, policy: "overwrite" }).changed);
  return `SELECT DISTINCT ${side === "row" ? "s" : "m"}._id_ AS id FROM ${identifier(input.stage)} s JOIN (${differingMatches}) m ON s._row_ = m._row_
    WHERE ${differ.map((sql) => `(${sql})`).join(" OR ")}`;
}

/** SQL: whether a field changes in an update, and to what. */
export function compareField(input: CompareInput, field: ComparedField): { changed: string; value: string } {
  const name = identifier(field.name);
  const source = `s.${name}`;
  const target = `m.${name}`;
  const value = field.onNull === "clear" ? `coalesce(${source}, ${field.cleared})` : source;
  const conditions = [`(${differsFrom(field, value, target)})`];
  if (field.onNull === "skip") conditions.push(`${source} IS NOT NULL`);
  if (field.policy === "fill_empty") conditions.push(`${target} IS NULL`);
  if (field.policy === "create_only") conditions.push("false");
  if (field.policy === "newest") conditions.push(isNewer(input, field));
  if (field.absentParts.length > 0) conditions.push(`s._part_ NOT IN (${field.absentParts.join(", ")})`);
  return { changed: conditions.join(" AND "), value };
}

/** BOOLEAN, never NULL: a record does not hold what is mapped, or to be added. */
export function differsFrom(field: ComparedField, value: string, target: string): string {
  if (!field.several) return differs(field.equality, value, target);
  const fold = (sql: string) => foldCase(field.equality, sql);
  const present = `string_split(${fold(target)}, ${literal(severalSeparator)})`;
  return field.replaces
    ? `coalesce(list_distinct(${present}), []) <> CASE WHEN ${value} IS NULL THEN [] ELSE [${fold(value)}] END`
    : `NOT coalesce(list_contains(${present}, ${fold(value)}), false)`;
}

/** Records whose other ones were deleted. */
function planGone(input: CompareInput): string {
  return planDeletes(input, `_row_ IN (SELECT _row_ FROM ${deletedTable})`);
}

function planDeletes(input: CompareInput, condition: string): string {
  // By mirror none has a row of the source, nor what a truth pass finds in the target alone.
  const haveRows = !followsSource(input.mode) && input.reconciles === undefined;
  const [place, rows] = haveRows
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

/** Of a row in mode update or delete. */
export const noRecordReason = "no record has this key";

/** How the reason of a row begins that is kept until a run finds its parent. */
export const waitsForParent = "waits for its parent: ";

/** Statements that make `stayed`, after `nameMatches`. */
export function nameStayed(input: CompareInput): string[] {
  const insert = `INSERT INTO ${stayedTable} SELECT`;
  const statements = [
    `CREATE OR REPLACE TEMP TABLE ${stayedTable} (kind VARCHAR, _row_ BIGINT, reason VARCHAR, ids VARCHAR)`,
    `${insert} 'duplicates', _row_, _why_, '' FROM ${duplicatesTable}`,
    `${insert} 'unmatched', _row_, ${literal(waitsForParent)} || _field_ || ': ' || _why_, '' FROM ${waitingTable}`,
  ];
  const isLeft = whichUnmatched(input);
  if (isLeft !== undefined) {
    statements.push(`${insert} 'unmatched', s._row_, ${literal(noRecordReason)}, ''
      FROM ${identifier(input.stage)} s JOIN ${rowSetsTable} r ON r.block = s._row_ // ${blockRows} WHERE ${isLeft}`);
  }
  if (input.hasOlder === true) statements.push(`${insert} 'conflicts', _row_, _why_, '' FROM ${olderTable}`);
  if (input.decided !== undefined)
    statements.push(
      `${insert} 'conflicts', _row_, reason, ids FROM ${heldTable}`,
      `${insert} kind, _row_, reason, ids FROM ${lostTable}`,
    );
  if (input.isBounded === true)
    statements.push(`${insert} 'unmatched', _row_, 'its record is not in target.where', ids FROM ${outsideTable}`);
  return statements;
}

/** Statement that adds the rows of which the key finds several records to `stayed`. They are few, and seldom any. */
export function nameConflicts(input: CompareInput): string {
  if (input.snapshot === undefined) throw new Error("nothing was compared");
  return `INSERT INTO ${stayedTable} SELECT 'conflicts', k._row_, 'the key finds ' || count(*) || ' records',
      string_agg(p._id_, ' ' ORDER BY p._id_)
    FROM (${nameRecords(input, input.snapshot)}) p
    JOIN (SELECT * FROM ${keysTable} SEMI JOIN ambiguous USING (_row_)${input.decided === undefined ? "" : ` ANTI JOIN ${heldTable} USING (_row_)`}) k
    ON k._key_ = p._target_key_ AND ${isWithin(input, "p.")} GROUP BY k._row_`;
}

/** A row of counts over the finished plan; rejects of the stage are counted elsewhere. */
export function countPlan(input: CompareInput, plan: string): string {
  // Joined: each subquery in the list of columns takes the engine as long to plan as all of these.
  return `SELECT *, ${input.hasOlder === true ? `(SELECT count(*) FROM ${olderTable})` : "0"} AS older,
    ${countUnmatched(input)} AS unmatched,
    ${input.isBounded === true ? `(SELECT count(*) FROM ${outsideTable})` : "0"} AS outside
    FROM (SELECT count(*) FILTER (_reason_ = 'duplicate') AS duplicates, count(*) FILTER (${isRejected}) AS shared_keys,
        count(*) FILTER (_reason_ = 'lost') AS lost, count(*) FILTER (_reason_ = 'contested') AS contested FROM ${leftBehindTable}),
      (SELECT count(*) AS waiting FROM ${waitingTable}),
      (SELECT coalesce(sum(bit_count(keyed)), 0) AS keyed FROM ${rowSetsTable}),
      (SELECT count(*) AS conflicts FROM ambiguous),
      (SELECT count(*) FILTER (action = 'create') AS creates, count(*) FILTER (action = 'update') AS updates,
        count(*) FILTER (action = 'delete' AND row IS NOT NULL) AS deletes,
        count(*) FILTER (action = 'delete' AND row IS NULL) AS mirror_deletes FROM ${plan})`;
}
