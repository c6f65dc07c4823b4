// What both sides made of a record since they last agreed, field by field, as SQL. In: rows and the records that they match;
// the base, what the two held when they agreed. Out: a table `two_way`, a row a pair, with what is to be done with each
// field. What must hold: a field that only the other side changed is not written; of one that both changed nobody's value
// is written over unless the job says whose counts; what is not known to be agreed on counts as changed by both.

import { identifier, literal } from "../core/sql.ts";
import type { Ownership } from "../job/job.ts";
import { differs } from "../values/equality.ts";
import { compareField, decisionsTable, deletedTable, differsFrom, heldTable, mayWriteName } from "./compare.ts";
import type { ComparedField, CompareInput } from "./match.ts";
import { isNewer, timeColumn, withTimes } from "./newest.ts";

const twoWayTable = "two_way";

/** Deleted rows whose record lives on as another: _row_. */
export const outlivedTable = "outlived_rows";

/** In the base, of a value that the other side certainly changed: equal to none. */
export const changedMark = "\u0001";

export interface TwoWayField {
  field: ComparedField;
  /** Columns of the source that it is mapped from, and the field itself, as the base names them. */
  columns: readonly string[];
  agreedAs: string;
  ownership: Ownership;
  /** Where the source tells when those columns changed: SQL over a row `c` of `changedAt`. */
  changed?: string;
}

export interface TwoWayInput {
  compare: CompareInput;
  fields: readonly TwoWayField[];
  /** Of the source: the name in the base, and SQL of what a row `s` holds now: '' is no value, NULL is not known. */
  columns: readonly { name: string; now: string }[];
  /**
   * SELECT of the pairs: source_id, target_id, then the columns as `o:` and the fields as `q:`, likewise; `goes`, '1' where
   * a person wants it deleted.
   */
  base: string;
  /** The same of pairs whose place others have taken since, by the ids of these; `was_source` or `was_target` is the id before. */
  inherited: string;
  /** BOOLEAN over a row `s`: its record was deleted. Undefined where that is not told. */
  deleted?: string;
  onDeletes: "carry" | "ignore" | "ask";
  /** A scan of when columns of the source changed, by the id of the row under `timeColumn("")`; undefined where none is asked. */
  changedAt?: string;
  /** SQL of an id that is one whatever it is written like. */
  fold(id: string): string;
  /** Nothing is written: what differs is for a person to decide. */
  adopts: boolean;
}

const quoted = (prefix: string) => (name: string) => identifier(`${prefix}:${name}`);
/** Columns of `two_way`: of a source column what it holds and held. */
const nowName = quoted("n");
export const heldName = quoted("o");
/** Of a target field: what the record holds and held, what is mapped, and what becomes of it. */
const presentName = quoted("p");
export const agreedName = quoted("q");
const mappedNow = quoted("w");
/** BOOLEAN: it is not what is mapped; it may be written; it is older than ours; it is not what was agreed on. */
const unlikeName = quoted("u");
const changesName = quoted("c");
const newerName = quoted("v");
const theirsName = quoted("t");
/** `same` on both sides; `write` ours; `leave` theirs, which the twin carries; `yield` to theirs though ours changed too; `ask` a person. */
const becomesName = quoted("d");

/** Statements that make `two_way`, `undecided_rows` and `write_decisions`, after `nameMatches`. */
export function decideRows(input: TwoWayInput): string[] {
  const { fields, onDeletes } = input;
  const changed = fields.map(({ field: { name, equality } }) => {
    const isOther = differs(equality, orNone(agreedName(name)), orNone(presentName(name)));
    return `${isOther} AS ${theirsName(name)}`;
  });
  const decided = fields.map((one) => `${decide(input, one)} AS ${becomesName(one.field.name)}`);
  const may = fields.map(
    ({ field }) => `${becomesName(field.name)} IN ('same', 'write') AS ${mayWriteName(field.name)}`,
  );
  const asked = fields.map(({ field }) => `${becomesName(field.name)} = 'ask'`);
  // What nobody agreed on, or somebody has changed since, is no copy of what was deleted.
  const isCopy = `is_known AND NOT (${["false", ...fields.map(({ field }) => theirsName(field.name))].join(" OR ")})`;
  const isDecided = onDeletes === "carry" ? "true" : "is_decided";
  const mayGo =
    onDeletes === "ignore" || input.adopts ? "false" : `is_deleted AND NOT is_merged AND ${isDecided} AND ${isCopy}`;
  const isAsked = onDeletes === "ignore" || input.adopts ? "false" : `is_deleted AND NOT is_merged AND NOT (${mayGo})`;
  return [
    `CREATE OR REPLACE TEMP TABLE ${twoWayTable} AS SELECT ${["*", ...decided].join(",\n ")}
      FROM (SELECT ${["*", ...changed].join(",\n ")} FROM (${selectSides(input)}))`,
    `CREATE OR REPLACE TEMP TABLE ${deletedTable} AS SELECT _row_ FROM ${twoWayTable} WHERE ${mayGo}`,
    `CREATE OR REPLACE TEMP TABLE ${heldTable} AS SELECT _row_, target_id AS ids,
        CASE WHEN is_deleted AND ${isCopy} THEN 'deleted on this side' WHEN is_deleted THEN 'deleted on this side, changed on the other'
          ELSE 'changed on both sides: ' || concat_ws(', ', ${fields.map(({ field }, place) => `CASE WHEN ${asked[place]} THEN ${literal(field.name)} END`).join(", ")}) END AS reason
      FROM ${twoWayTable} WHERE ${[isAsked, ...asked].join(" OR ")}`,
    `CREATE OR REPLACE TEMP VIEW ${decisionsTable} AS SELECT ${["_row_", ...may].join(", ")} FROM ${twoWayTable} WHERE ${input.adopts ? "false" : "NOT is_deleted"}`,
    `INSERT INTO ambiguous SELECT _row_ FROM ${heldTable}`,
  ];
}

/** SELECT of the rows with their records: what each side holds in each field, and what was agreed on. */
function selectSides(input: TwoWayInput): string {
  const { compare, fields, columns, base, inherited, changedAt, fold, deleted = "false" } = input;
  const matches = withTimes(compare, "SELECT * FROM matches WHERE _row_ IS NOT NULL");
  const isPair = (pair: string) =>
    `${fold(`${pair}.source_id`)} = ${fold("s._id_")} AND ${fold(`${pair}.target_id`)} = ${fold("m._id_")}`;
  const cells = [
    ...columns.flatMap((column) => [
      `${column.now} AS ${nowName(column.name)}`,
      `${heldOf(column)} AS ${heldName(column.name)}`,
    ]),
    ...fields.flatMap(({ field, ownership, changed: told }) => {
      const { changed, value } = compareField(compare, field);
      const present = `m.${identifier(field.name)}`;
      return [
        `coalesce(${present}, '') AS ${presentName(field.name)}`,
        `${agreedOf(field.name)} AS ${agreedName(field.name)}`,
        `coalesce(${value}, '') AS ${mappedNow(field.name)}`,
        `${differsFrom(field, value, present)} AS ${unlikeName(field.name)}`,
        `${changed} AS ${changesName(field.name)}`,
        ...(ownership === "newest" ? [`${isNewer(compare, field, told)} AS ${newerName(field.name)}`] : []),
      ];
    }),
  ];
  return `SELECT s._row_, s._id_ AS source_id, m._id_ AS target_id, s._version_ AS source_time, m._version_ AS target_time,
      coalesce(b.source_id, i.source_id) IS NOT NULL AS is_known, ${deleted} AS is_deleted,
      coalesce(CASE WHEN b.source_id IS NOT NULL THEN b.goes ELSE i.goes END = '1', false) AS is_decided,
      s._row_ IN (SELECT _row_ FROM ${outlivedTable}) AS is_merged,
      ${cells.join(",\n ")}
    FROM ${identifier(compare.stage)} s JOIN (${matches}) m ON s._row_ = m._row_
    ${changedAt === undefined ? "" : `LEFT JOIN ${changedAt} c ON ${fold("s._id_")} = ${fold(`c.${identifier(timeColumn(""))}`)}`}
    LEFT JOIN (${base}) b ON ${isPair("b")} LEFT JOIN (${inherited}) i ON ${isPair("i")}
    WHERE s._row_ NOT IN (SELECT _row_ FROM ambiguous)`;
}

/** What the pair has agreed on itself, or the one whose place it took: what the new record says nothing of nobody took away. */
function agreedOf(name: string): string {
  const column = agreedName(name);
  return `coalesce(b.${column}, CASE WHEN i.was_target IS NULL OR m.${identifier(name)} IS NOT NULL THEN i.${column} END)`;
}

function heldOf({ name, now }: { name: string; now: string }): string {
  const column = heldName(name);
  return `coalesce(b.${column}, CASE WHEN i.was_source IS NULL OR ${now} <> '' THEN i.${column} END)`;
}

/** NULL for none, as the engine compares it. */
const orNone = (column: string) => `nullif(${column}, '')`;

/** Over the columns of `selectSides`. */
function decide({ adopts }: TwoWayInput, { field, columns, ownership }: TwoWayField): string {
  const name = field.name;
  const held = columns.map((column) => [nowName(column), heldName(column)] as const);
  const ownKnown = ["true", ...held.flat().map((column) => `${column} IS NOT NULL`)].join(" AND ");
  const ours = ["false", ...held.map(([now, before]) => `${now} <> ${before}`)].join(" OR ");
  const isSame = `WHEN is_deleted THEN 'leave' WHEN NOT ${unlikeName(name)} THEN 'same'`;
  // Nothing is lost where a value is only added to others.
  if (field.several && !field.replaces) {
    return `CASE ${isSame} ${adopts ? "WHEN true THEN 'leave'" : ""}
      WHEN NOT ${changesName(name)} OR (${ownKnown} AND NOT (${ours})) THEN 'leave' ELSE 'write' END`;
  }
  const both = { source: "write", target: "yield", ask: "ask", newest: "" }[ownership];
  const conflict =
    ownership === "newest" ? `CASE WHEN ${newerName(name)} THEN 'write' ELSE 'yield' END` : literal(both);
  return `CASE ${isSame} ${adopts ? "WHEN true THEN 'ask'" : ""}
    WHEN NOT ${changesName(name)} THEN 'leave'
    WHEN ${ownKnown} AND ${agreedName(name)} IS NOT NULL
      THEN CASE WHEN (${ours}) AND ${theirsName(name)} THEN ${conflict} WHEN ${ours} THEN 'write' ELSE 'leave' END
    WHEN ${presentName(name)} = '' THEN 'write' WHEN ${mappedNow(name)} = '' THEN 'leave' ELSE ${conflict} END`;
}

/**
 * SELECT of what the two agree on once the rows are written: _row_, source_id, target_id, the columns as `o:` and the fields
 * as `q:`. Of the pairs that no row is held back of. What is left to the other side stays as it was agreed on, with what
 * it is mapped from, so that the twin sees whose change it is.
 */
export function agreeOn({ fields, columns }: Pick<TwoWayInput, "fields" | "columns">): string {
  const moved = columns.map(({ name }) => {
    const users = fields.filter((one) => one.columns.includes(name)).map(({ field }) => becomesName(field.name));
    const isLeft = users.map((user) => `${user} = 'leave'`).join(" AND ");
    return `CASE WHEN ${isLeft} THEN ${heldName(name)} ELSE ${nowName(name)} END AS ${heldName(name)}`;
  });
  const agreed = fields.map(({ field }) => {
    const [becomes, before, present] = [becomesName, agreedName, presentName].map((name) => name(field.name));
    return `CASE ${becomes} WHEN 'same' THEN ${present} WHEN 'write' THEN ${mappedNow(field.name)}
      WHEN 'yield' THEN CASE WHEN ${before} IS NULL OR ${before} = ${present} THEN ${literal(changedMark)} ELSE ${before} END
      ELSE ${before} END AS ${agreedName(field.name)}`;
  });
  const isGone = `is_merged OR _row_ IN (SELECT _row_ FROM ${deletedTable}) AS is_gone`;
  return `SELECT ${["_row_", "source_id", "target_id", isGone, "is_merged", ...moved, ...agreed].join(", ")} FROM ${twoWayTable}
    WHERE _row_ NOT IN (SELECT _row_ FROM ${heldTable})`;
}

/** SELECT of the same of new records: all of a row is agreed on once its record is made. `creates`: SELECT of their _row_. */
export function agreeOnNew({ compare, fields, columns }: TwoWayInput, creates: string): string {
  const moved = columns.map(({ name, now }) => `${now} AS ${heldName(name)}`);
  const agreed = fields.map(({ field }) => `coalesce(s.${identifier(field.name)}, '') AS ${agreedName(field.name)}`);
  return `SELECT ${["s._row_", "s._id_ AS source_id", "CAST(NULL AS VARCHAR) AS target_id", "false AS is_gone", "false AS is_merged", ...moved, ...agreed].join(", ")}
    FROM ${identifier(compare.stage)} s WHERE s._row_ IN (${creates})`;
}

/**
 * SELECT of what a person is to decide, a row a field; of a deletion a row without one. `columns` with what is there `now`
 * are those that the base takes where ours counts not (of a deletion: where it counts), `field_column` is the field's.
 */
export function listAsked({ fields, columns }: Pick<TwoWayInput, "fields" | "columns">): string {
  const known = new Set(columns.map(({ name }) => name));
  const list = (cells: readonly string[]) => `CAST([${cells.join(", ")}] AS VARCHAR[])`;
  const asked = fields.map(({ field: { name: field }, columns: from, agreedAs }) => {
    const names = from.filter((name) => known.has(name));
    return `SELECT _row_, source_id, target_id, ${literal(field)} AS field, ${literal(agreedAs)} AS field_column,
      ${list(names.map(literal))} AS columns, ${list(names.map(nowName))} AS now, ${list(names.map(heldName))} AS before,
      ${mappedNow(field)} AS ours, ${presentName(field)} AS theirs, ${agreedName(field)} AS agreed, source_time, target_time
      FROM ${twoWayTable} WHERE ${becomesName(field)} = 'ask'`;
  });
  const present = fields.map(({ field }) => presentName(field.name));
  const gone = `SELECT _row_, source_id, target_id, '' AS field, '' AS field_column, ${list(fields.map(({ agreedAs }) => literal(agreedAs)))} AS columns,
    ${list(present)} AS now, ${list(fields.map(({ field }) => agreedName(field.name)))} AS before, 'deleted' AS ours, 'there' AS theirs,
    CAST(NULL AS VARCHAR) AS agreed, source_time, target_time
    FROM ${twoWayTable} WHERE is_deleted AND _row_ IN (SELECT _row_ FROM ${heldTable})`;
  return [...asked, gone].join(" UNION ALL ");
}
