// Values that a plan's updates take from a field: those that become blank, and those that give way to one and the same
// value, as SQL. In: a plan's Parquet, `matches`, the stage. Out: counts a field, and the rows that are meant.
// What must hold: only what a record has is lost; what fills a blank, or is written to a new record, is not.

import { identifier, literal } from "../core/sql.ts";
import { matchesTable } from "./match.ts";

const updates = (plan: string) => `${plan} WHERE action = 'update'`;

/** SELECT of one row: `blanks` of all fields together; of each field `written_<n>` values, and about how many `different_<n>`. */
export function surveyWritten(plan: string, fields: readonly string[]): string {
  const after = fields.map((name) => `after.${identifier(name)}`);
  // What is changed and has no value becomes blank.
  const blanks = `coalesce(sum(len(changed)), 0) - (${after.map((value) => `count(${value})`).join(" + ")})`;
  const each = after.map(
    (value, index) => `count(${value}) AS written_${index}, approx_count_distinct(${value}) AS different_${index}`,
  );
  return `SELECT ${[`${blanks} AS blanks`, ...each].join(", ")} FROM ${updates(plan)}`;
}

/** SQL over a plan: the field becomes blank. */
export function becomesBlank(name: string): string {
  return `action = 'update' AND after.${identifier(name)} IS NULL AND list_contains(changed, ${literal(name)})`;
}

/** SQL over a plan: a value of the field gives way to this one. */
export function givesWay(name: string, value: string): string {
  return `action = 'update' AND after.${identifier(name)} = ${literal(value)} AND before.${identifier(name)} IS NOT NULL`;
}

/** SELECT of one row: `blanked_<n>` values of each field. */
export function countBlanked(plan: string, fields: readonly string[]): string {
  const counts = fields.map((name, index) => `count(*) FILTER (${becomesBlank(name)}) AS blanked_${index}`);
  return `SELECT ${counts.join(", ")} FROM ${plan}`;
}

/** SELECT of the value of a field that takes the place of most others: `value`, `lost` values, none if nothing is overwritten. */
export function findCommonest(plan: string, name: string): string {
  const value = `after.${identifier(name)}`;
  return `SELECT ${value} AS value, count(*) AS lost FROM ${updates(plan)} AND ${value} IS NOT NULL
    AND before.${identifier(name)} IS NOT NULL GROUP BY ALL ORDER BY lost DESC, value LIMIT 1`;
}

/** SELECT of `different`: how many values give way to one. */
export function countDifferent(plan: string, name: string, value: string): string {
  return `SELECT count(DISTINCT before.${identifier(name)}) AS different FROM ${plan} WHERE ${givesWay(name, value)}`;
}

/** SELECT of one row: `present_<n>` values that each field has in the records that rows name. */
export function countPresent(stage: string, fields: readonly string[]): string {
  // A row that does not differ has what its record has.
  const counts = fields.map((name, index) => {
    const column = identifier(name);
    return `count(nullif(CASE WHEN m._differs_ THEN m.${column} ELSE s.${column} END, '')) AS present_${index}`;
  });
  return `SELECT ${counts.join(", ")} FROM ${matchesTable} m JOIN ${identifier(stage)} s ON s._row_ = m._row_
    WHERE m._row_ NOT IN (SELECT _row_ FROM ambiguous)`;
}
