// Matching what a target says of a batch to the rows that were sent: by id or by key, never by position.
// In: the batch file and the target's three result sets. Out: one outcome for each sent row, as SQL.
// What must hold: every sent row gets exactly one outcome; a row that no set names, or two sets name, is told apart.

import type { ResultColumns } from "../contract/write.ts";
import type { Action } from "../core/model.ts";
import { identifier, literal } from "../core/sql.ts";
import type { RenderedKey } from "./row-key.ts";

export const outcomesTable = "outcomes";

export interface MatchInput {
  /** Table functions over the files, all columns VARCHAR. */
  sent: string;
  succeeded: string;
  /** Undefined: it holds no row. */
  failed: string | undefined;
  unprocessed: string | undefined;
  results: ResultColumns;
  key: RenderedKey;
  /** Whether an answer tells of a create that the record was there already. */
  creates: boolean;
  /** Why rows stayed unprocessed. */
  unprocessedBecause: string;
}

/**
 * Makes `outcomes`: key, id, outcome, error of each sent row, in the order of the batch; and `explained`, without a row yet.
 * outcome: loaded | failed | conflict | unprocessed | deferred | resent | unlinked | missing | contradictory; met: it was to be created and was there by
 * then, so that the row was written into a record that nobody had compared it with
 */
export function matchResults(input: MatchInput): string {
  const { results, key } = input;
  const created = `lower(coalesce(${identifier(results.created)}, ''))`;
  const met = input.creates ? `${created} = 'false'` : "false";
  // The key is computed over all three together: a key of text is a long expression, of which each copy costs a batch more
  // than its rows do. No field's name has a blank.
  const columns = key.columns.map(identifier).join(", ");
  const told = [
    `SELECT ${columns}, ${identifier(results.id)} AS "told id", 'loaded' AS "told outcome", CAST(NULL AS VARCHAR) AS "told error",
       ${met} AS "told met" FROM ${input.succeeded}`,
  ];
  const { failed, unprocessed } = input;
  if (failed !== undefined)
    told.push(
      `SELECT ${columns}, nullif(${identifier(results.id)}, ''), 'failed', ${identifier(results.error)}, false FROM ${failed}`,
    );
  if (unprocessed !== undefined)
    told.push(
      `SELECT ${columns}, NULL, 'unprocessed', ${literal(input.unprocessedBecause)}, false FROM ${unprocessed}`,
    );
  return `CREATE OR REPLACE TEMP TABLE explained (error VARCHAR, field VARCHAR, message VARCHAR, again VARCHAR);
    CREATE OR REPLACE TEMP TABLE ${outcomesTable} AS
    WITH told AS (SELECT ${key.of()} AS key, any_value("told id") AS id, min("told outcome") AS outcome,
        max("told outcome") AS other, any_value("told error") AS error, bool_or("told met") AS met
        FROM (${told.join(" UNION ALL ")}) GROUP BY 1),
      sent AS (SELECT row_number() OVER () AS n, ${key.of()} AS key, ${key.shown} AS shown FROM ${input.sent})
    SELECT s.n, s.shown AS key, s.key AS match_key, t.id,
      CASE WHEN t.key IS NULL THEN 'missing' WHEN t.outcome <> t.other THEN 'contradictory' ELSE t.outcome END AS outcome, t.error,
      coalesce(t.met, false) AS met
    FROM sent s LEFT JOIN told t ON s.key = t.key ORDER BY s.n`;
}

/**
 * Marks the rows that the target did not write for a reason that passes (table `explained`: error, again) as resent:
 * their outcome is that of the batch they go into.
 */
export function markResent(unprocessedToo: boolean): string {
  return `UPDATE ${outcomesTable} SET outcome = 'resent' WHERE ${isForATime(unprocessedToo)}`;
}

/** Marks such rows as deferred, where they were sent as often as rows are: certainly not written, by now at least. */
export function markDeferred(unprocessedToo: boolean): string {
  return `UPDATE ${outcomesTable} SET outcome = 'deferred' WHERE ${isForATime(unprocessedToo)}`;
}

function isForATime(unprocessedToo: boolean): string {
  const failed = "outcome = 'failed' AND error IN (SELECT error FROM explained WHERE again IS NOT NULL)";
  return unprocessedToo ? `(${failed}) OR outcome = 'unprocessed'` : failed;
}

/** Rows that the target did not write, whatever the reason. */
export const refusedOutcomes = ["failed", "unprocessed", "deferred"] as const;

/** Of a column of results: the row was not written. */
export const isRefused = `outcome IN (${refusedOutcomes.map(literal).join(", ")})`;

/** The rows to be sent again (n) with their place among them, in the order of the batch. */
export const resentRows = `(SELECT n, row_number() OVER (ORDER BY n) - 1 AS place FROM ${outcomesTable} WHERE outcome = 'resent')`;

/** How many rows are sent again for which reason. */
export const countResent = `SELECT coalesce(e.again, 'unprocessed') AS reason, count(*) AS rows
  FROM ${outcomesTable} o LEFT JOIN explained e ON e.error = o.error WHERE o.outcome = 'resent' GROUP BY 1 ORDER BY 2 DESC, 1`;

/** Columns of a batch's results as they are kept. */
export const outcomeColumns = ["key", "match_key", "action", "id", "outcome", "field", "message"];

/** The outcomes with their errors explained (table `explained`: error, field, message), in the order of the batch. */
export function selectOutcomes(action: Action, hasErrors: boolean): string {
  const [field, said] = hasErrors ? ["e.field", "e.message"] : ["CAST(NULL AS VARCHAR)", "NULL"];
  const message = `CASE WHEN o.outcome = 'loaded' AND o.met THEN 'met a record that was made since the plan' ELSE ${said} END`;
  return `SELECT o.key, o.match_key, ${literal(action)} AS action, o.id, o.outcome, ${field} AS field, ${message} AS message
    FROM ${outcomesTable} o ${hasErrors ? "LEFT JOIN explained e ON e.error = o.error" : ""} ORDER BY o.n`;
}

export function countOutcomes(): string {
  return `SELECT count(*) AS rows, count(*) FILTER (outcome = 'loaded') AS loaded,
    count(*) FILTER (outcome = 'loaded' AND met) AS met,
    count(*) FILTER (${isRefused}) AS failed, count(*) FILTER (outcome = 'conflict') AS conflicts,
    count(*) FILTER (outcome IN ('missing', 'contradictory')) AS unclear FROM ${outcomesTable}`;
}
