// What differs between two sides, line by line, as SQL. In: the plan of a truth pass, the rows that were left behind and why.
// Out: SELECTs of (key, kind, field, source, target). What must hold: a record or row is told once of each kind, and
// no value of a hidden field is in any line.

import type { DriftKind } from "../core/drift.ts";
import { severalSeparator, unnamedMark } from "../core/model.ts";
import { problemPart } from "../core/problem.ts";
import { identifier, literal } from "../core/sql.ts";
import { clashesTable } from "./clashes.ts";
import { noRecordReason, stayedTable } from "./compare.ts";
import { foldKey, leftBehindTable, showKey, waitingTable } from "./keys.ts";
import type { CompareInput } from "./match.ts";

export interface DriftInput {
  compare: CompareInput;
  /** A table function. */
  plan: string;
  idColumn: string;
  isHidden(field: string): boolean;
  /** What a staged value starts with that names a parent by several fields, by field: the key follows. */
  parentMarks: ReadonlyMap<string, string>;
}

/** What stands for a value that is hidden; that it is blank is not hidden. */
const hiddenText = "(hidden)";

const duplicatesTable = "drift_duplicates";
const orphansTable = "drift_orphans";

/** Statements that make the tables of which `selectDrift` and `countDrift` read. They are as long as the drift. */
export function prepareDrift({ compare, plan, isHidden, parentMarks }: DriftInput): string[] {
  const stage = identifier(compare.stage);
  const key = foldKey(compare.key, "s.");
  const shown = showKey(compare.key, "s.");
  const shared = `SELECT ${key} AS key, any_value(${shown}) AS shown, count(*) AS rows, CAST(NULL AS VARCHAR) AS ids, false AS is_gone
    FROM ${stage} s SEMI JOIN (SELECT _row_ FROM ${clashesTable} WHERE place = -1) USING (_row_) GROUP BY 1`;
  const ambiguous = `SELECT ${key}, ${shown}, 1, k.ids, false FROM ${stage} s
    JOIN (SELECT _row_, ids FROM ${stayedTable} WHERE kind = 'conflicts' AND ids <> '') k USING (_row_)`;
  const gone = `SELECT key, replace(key, chr(31), ', '), 0, string_agg(id, ' ' ORDER BY id), true FROM ${plan}
    WHERE action = 'delete' AND row IS NULL GROUP BY key HAVING count(*) > 1`;
  const staged = (field: string) => {
    const value = `s.${identifier(field)}`;
    const mark = parentMarks.get(field);
    if (mark === undefined) return value;
    const named = `replace(substr(${value}, ${mark.length + 1}), chr(31), ', ')`;
    return `CASE WHEN starts_with(${value}, ${literal(mark)}) THEN ${named} ELSE ${value} END`;
  };
  const lost = `SELECT _row_, _field_ AS field FROM ${waitingTable} UNION SELECT _row_, ${problemPart("_reason_", "field")}
    FROM ${leftBehindTable} WHERE ${problemPart("_reason_", "rule")} = 'lookup'`;
  return [
    `CREATE OR REPLACE TEMP TABLE ${duplicatesTable} AS SELECT any_value(shown) AS shown, max(rows) AS rows, string_agg(ids, ' ') AS ids,
      bool_and(is_gone) AS is_gone FROM (${shared} UNION ALL ${ambiguous} UNION ALL ${gone}) GROUP BY key`,
    `CREATE OR REPLACE TEMP TABLE ${orphansTable} AS SELECT _row_, ${shown} AS shown, o.field,
      ${caseOf(compare, "o.field", (field) => hide(staged(field), isHidden(field)))} AS source
      FROM ${stage} s JOIN (${lost}) o USING (_row_)`,
  ];
}

/** SELECT of the lines of a kind. */
export function selectDrift(input: DriftInput, kind: DriftKind): string {
  const { compare, plan, idColumn, isHidden } = input;
  const { key, stage, mode } = compare;
  const keyIsHidden = key.some(({ name }) => isHidden(name));
  const keyNames = key.map(({ name }) => name).join(", ");
  const line = (shown: string, field: string, source: string, target: string, from: string) =>
    `SELECT ${hide(shown, keyIsHidden)} AS key, ${literal(kind)} AS kind, ${field} AS field, ${source} AS source, ${target} AS target ${from}`;
  const none = "CAST(NULL AS VARCHAR)";
  switch (kind) {
    case "onlySource": {
      const shown = mode === "update" ? showKey(key) : shownKey(compare);
      const rows =
        mode === "update"
          ? `FROM ${identifier(stage)} SEMI JOIN (SELECT _row_ FROM ${stayedTable} WHERE reason = ${literal(noRecordReason)}) USING (_row_)`
          : `FROM ${plan} WHERE action = 'create'`;
      return line(shown, literal(keyNames), hide(shown, keyIsHidden), none, rows);
    }
    case "onlyTarget": {
      const rows = `FROM ${plan} WHERE action = 'delete' AND row IS NULL`;
      return line(shownKey(compare), literal(idColumn), none, "id", rows);
    }
    case "different": {
      const value = (side: "before" | "after") =>
        caseOf(compare, "field", (field) =>
          hide(showSeveral(compare, field, `${side}.${identifier(field)}`), isHidden(field)),
        );
      const rows = `FROM (SELECT key, before, after, unnest(changed) AS field FROM ${plan} WHERE action = 'update')`;
      return line(shownKey(compare), "field", value("after"), value("before"), rows);
    }
    case "duplicate": {
      const source = "CASE WHEN rows > 1 THEN rows || ' rows' END";
      return line("shown", literal(keyNames), source, "ids", `FROM ${duplicatesTable} ORDER BY shown`);
    }
    case "orphan":
      return line("shown", "field", "source", none, `FROM ${orphansTable} ORDER BY _row_, field`);
  }
}

/** SELECT of how many there are of each kind, and of the keys that only records share of which the source has none. */
export function countDrift({ compare, plan }: DriftInput): string {
  const missing =
    compare.mode === "update"
      ? `(SELECT count(*) FROM ${stayedTable} WHERE reason = ${literal(noRecordReason)})`
      : "count(*) FILTER (action = 'create')";
  return `SELECT ${missing} AS only_source, count(*) FILTER (action = 'update') AS different,
    count(*) FILTER (action = 'delete') AS only_target,
    (SELECT count(*) FROM ${duplicatesTable}) AS duplicates,
    (SELECT count(*) FROM ${duplicatesTable} WHERE is_gone) AS gone_duplicates,
    (SELECT count(DISTINCT _row_) FROM ${orphansTable}) AS orphans FROM ${plan}`;
}

/** VARCHAR over rows of the plan: the key as it is written, where the plan has it. */
function shownKey({ key, fields }: CompareInput): string {
  const folded = "replace(key, chr(31), ', ')";
  if (!key.every(({ name }) => fields.some((field) => field.name === name))) return folded;
  const parts = key.map(({ name }) => `coalesce(after.${identifier(name)}, before.${identifier(name)})`);
  return `coalesce(${parts.join(" || ', ' || ")}, ${folded})`;
}

function caseOf({ fields, matching }: CompareInput, field: string, value: (name: string) => string): string {
  const cases = [...fields, ...matching].map(({ name }) => `WHEN ${literal(name)} THEN ${value(name)}`);
  return `CASE ${field} ${cases.join(" ")} END`;
}

/** What a record has several of stands there as people read it. */
function showSeveral({ fields }: CompareInput, name: string, value: string): string {
  if (fields.find((field) => field.name === name)?.several !== true) return value;
  const values = `list_filter(string_split(${value}, ${literal(severalSeparator)}), lambda one_: one_ <> '')`;
  return `nullif(replace(array_to_string(${values}, ', '), ${literal(unnamedMark)}, 'id '), '')`;
}

function hide(value: string, isHidden: boolean): string {
  return isHidden ? `CASE WHEN ${value} IS NOT NULL THEN '${hiddenText}' END` : value;
}
