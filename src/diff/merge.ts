// Values that the row of a record gets from the rows that are left to it. In: the groups that dedupe has made, the stage.
// Out: the stage with these values in it. What must hold: a value is one that a row of the record has, as it is stored;
// the same rows give the same values, however they are read; blanks give nothing.

import { identifier } from "../core/sql.ts";
import type { MergeRule } from "../job/dedupe.ts";
import { groupedTable } from "./keys.ts";

export interface MergedField {
  name: string;
  rule: MergeRule;
  /** SQL of a stored text: the greater value has the greater one. Only of max and min. */
  order(text: string): string;
}

/** Of rows that got values of others: _row_, and the values. */
export const mergedTable = "merged_rows";

/** Statements after `selectKeys`: the view `stage` then has the merged values, and `<stage>_rows` what was staged. */
export function mergeRows(stage: string, fields: readonly MergedField[]): string[] {
  const staged = identifier(`${stage}_rows`);
  const chosen = fields.map((field) => `${choose(field)} AS ${mergedName(field)}`);
  // Without a hash of its own a row is compared field by field.
  const replaced = [
    "CASE WHEN m._row_ IS NULL THEN s._hash_ END AS _hash_",
    ...fields.map(
      (field) => `coalesce(m.${mergedName(field)}, s.${identifier(field.name)}) AS ${identifier(field.name)}`,
    ),
  ];
  return [
    `CREATE OR REPLACE TEMP TABLE ${mergedTable} AS SELECT g._winner_ AS _row_, ${chosen.join(", ")}
      FROM ${groupedTable} g JOIN ${identifier(stage)} s ON s._row_ = g._row_ GROUP BY g._winner_`,
    `DROP VIEW IF EXISTS ${staged}`,
    `ALTER VIEW ${identifier(stage)} RENAME TO ${identifier(`${stage}_rows`)}`,
    `CREATE VIEW ${identifier(stage)} AS SELECT s.* REPLACE (${replaced.join(", ")})
      FROM ${staged} s LEFT JOIN ${mergedTable} m ON m._row_ = s._row_`,
  ];
}

function mergedName({ name }: MergedField): string {
  return identifier(`m:${name}`);
}

function choose({ name, rule, order }: MergedField): string {
  const value = `s.${identifier(name)}`;
  const by = {
    first_filled: "-s._row_",
    last_filled: "s._row_",
    longest: `{long: length(${value}), place: -s._row_}`,
    max: `{value: ${order(value)}, place: s._row_}`,
    min: `{value: ${order(value)}, place: s._row_}`,
  }[rule];
  return `${rule === "min" ? "min_by" : "max_by"}(${value}, ${by}) FILTER (coalesce(${value}, '') <> '')`;
}
