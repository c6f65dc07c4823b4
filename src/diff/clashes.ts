// Rows of a run that are to differ and don't: they share a key, or a value that a rule wants to be unique. In: the rows that
// go on (`keys`), after dedupe. Out: a table of clashes, several of a row where it has several; the rows whose clash is
// no mere warning stay behind. What must hold: all rows of a clash are in it, whichever comes first.

import { problemStart, problemWith } from "../core/problem.ts";
import { identifier, literal } from "../core/sql.ts";
import type { Severity } from "../job/rule.ts";
import { quoted } from "../values/value.ts";
import { foldKey, type KeyField, keysTable, leftBehindTable } from "./keys.ts";

/** A rule that no two rows have the same values. */
export interface UniqueRule {
  /** Of its entry of `validate`. */
  index: number;
  fields: readonly KeyField[];
  severity: Severity;
  /** Its values are never shown. */
  isHidden: boolean;
  message?: string;
}

/** Rows and what they clash by: _row_, place (the order of what is told), severity, _reason_, _other_ (a row that has it too). */
export const clashesTable = "clashes";

export const makeClashes = `CREATE OR REPLACE TEMP TABLE ${clashesTable}
  (_row_ BIGINT, place INTEGER, severity VARCHAR, _reason_ VARCHAR, _other_ BIGINT)`;

/** Rows that share a key without a `dedupe` rule: which of them counts is not for us to say. */
export function findSharedKeys(names: string, isHidden: boolean): string {
  const shown = isHidden ? "" : `${quoted("k._shown_")} || ' ' || `;
  const message = `'shares its key ' || ${shown}'with ' || ${otherRows} || ' of this run; a dedupe rule would say which one counts'`;
  return `INSERT INTO ${clashesTable} SELECT k._row_, -1, 'reject', ${problemWith(other, names, "unique_key")} || ${message}, ${other}
    FROM ${keysTable} k JOIN (${sharedKeys}) r ON k._key_ = r.shared`;
}

/** SELECT of the keys that several rows have. */
export const sharedKeys = groupShared(keysTable, "_key_");

/** A blank is no value that another row could have too. */
export function findSharedValues(stage: string, rule: UniqueRule): string {
  const names = rule.fields.map(({ name }) => name);
  const blank = names.map((name) => `nullif(${identifier(name)}, '') IS NULL`).join(" OR ");
  const values = `SELECT _row_, CASE WHEN ${blank} THEN NULL ELSE ${foldKey(rule.fields)} END AS _value_,
    ${rule.isHidden ? "'(hidden)'" : names.map((name) => quoted(identifier(name))).join(" || ', ' || ")} AS _shown_
    FROM ${identifier(stage)} SEMI JOIN ${keysTable} USING (_row_)`;
  const has = `CASE WHEN r.rows > 2 THEN ' of this run have it' ELSE ' of this run has it' END`;
  const message =
    rule.message === undefined
      ? `k._shown_ || ' is not unique: ' || ${otherRows} || ${has}`
      : `${literal(`${rule.message} (`)} || k._shown_ || ')'`;
  return `INSERT INTO ${clashesTable}
    SELECT k._row_, ${rule.index}, ${literal(rule.severity)}, ${problemWith(other, names.join(", "), "unique", rule.index)} || ${message}, ${other}
    FROM (${values}) k JOIN (${groupShared(`(${values})`, "_value_")}) r ON k._value_ = r.shared`;
}

/** A rule that a row breaks by values that `dedupe` has put together. */
export interface MismatchedRule {
  index: number;
  field: string;
  rule: string;
  /** SQL, BOOLEAN and VARCHAR. */
  condition: string;
  message: string;
  severity: Severity;
}

/** `rows`: SELECT of them, with `_row_` and `_warnings_`. */
export function findMismatched(
  rows: string,
  { index, field, rule, condition, message, severity }: MismatchedRule,
): string {
  const start = literal(problemStart(field, rule, index));
  const isNew = `NOT list_contains([starts_with(w_, ${start}) FOR w_ IN coalesce(_warnings_, [])], true)`;
  return `INSERT INTO ${clashesTable} SELECT _row_, ${index}, ${literal(severity)},
      ${start} || ${message} || '; its values are of several rows (dedupe.merge)', NULL
    FROM (${rows}) WHERE (${condition}) AND ${isNew}`;
}

const other = "CASE WHEN k._row_ = r.first[1] THEN r.first[2] ELSE r.first[1] END";
const otherRows = "(r.rows - 1) || CASE WHEN r.rows > 2 THEN ' other rows' ELSE ' other row' END";

function groupShared(rows: string, value: string): string {
  return `SELECT ${value} AS shared, count(*) AS rows, min(_row_, 2) AS first FROM ${rows} WHERE ${value} IS NOT NULL GROUP BY ALL HAVING count(*) > 1`;
}

/** A row once, with what is first to be said of it; `reasonsOf` has all. */
export const leaveClashes = `INSERT INTO ${leftBehindTable} SELECT _row_, min_by(_reason_, place) FROM ${clashesTable}
  WHERE severity <> 'warn' GROUP BY _row_`;

/** VARCHAR[] of a row that was left behind with `reason`: all that is to be said of it. */
export const clashReasons = `SELECT _row_, list(_reason_ ORDER BY place) AS reasons FROM ${clashesTable}
  WHERE severity <> 'warn' GROUP BY _row_`;
