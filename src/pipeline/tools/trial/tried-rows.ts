// The rows of a trial, one by one, with what became of each. In: a stream as it stands in the engine. Out: rows in the order
// of the source. Must hold: every row that a run would take is here, in one state.

import type { Action } from "../../../core/model.ts";
import { type Problem, readProblem } from "../../../core/problem.ts";
import { identifier, literal } from "../../../core/sql.ts";
import { clashesTable, clashReasons } from "../../../diff/clashes.ts";
import { stayedTable } from "../../../diff/compare.ts";
import { keysTable, leftBehindTable, rejectedTable } from "../../../diff/keys.ts";
import { followsSource } from "../../../job/mode.ts";
import type { Engine, Row } from "../../../stage/engine.ts";
import { readParquet } from "../../../stage/parquet.ts";
import { plannedChange } from "../read-plan.ts";
import type { TriedStream } from "./trial.ts";

/** What a plan would do with a record. */
export interface TriedChange {
  action: Action;
  key: string | null;
  id: string | null;
  fields: { field: string; before: string | null; after: string | null }[];
}

/** What becomes of a row; `unchanged`: its record is as it should be. */
type RowState = Action | "unchanged" | "rejected" | "duplicate" | "unmatched" | "conflict";

export interface TriedRow {
  /** Over all parts. */
  row: number;
  part: number;
  /** In its part, from 0. */
  position: number;
  /** Undefined where it is not known yet: `locateLines` finds it. */
  line: number | undefined;
  state: RowState;
  /** Mapped field to its value as the target stores it. */
  values: ReadonlyMap<string, string | null>;
  rejects: Problem[];
  warnings: Problem[];
  /** Why it stayed behind. */
  reason: string | undefined;
  change: TriedChange | undefined;
}

/** `limit`: so many of the rows that are taken, in their order. */
export async function readTriedRows(tried: TriedStream, limit?: number): Promise<TriedRow[]> {
  const { engine, compiled, staged } = tried;
  const fields = compiled.fields.map(({ field }) => field.target);
  const values = fields.map((name) => `s.${identifier(name)}`);
  const taken = [keysTable, leftBehindTable, rejectedTable]
    .map((table) => `SELECT _row_ FROM ${table}`)
    .join(" UNION ");
  const rows = await engine.all(`SELECT s._row_ AS row, s._part_ AS part, s._position_ AS position, s._line_ AS line,
      s._problems_ AS problems, s._warnings_ AS warnings, w.warned, coalesce(c.reasons, l.reasons) AS reasons, y.kind, y.reason, [${values.join(", ")}] AS fields
    FROM ${staged.view} s SEMI JOIN (${taken}) t USING (_row_)
    LEFT JOIN (SELECT _row_, list(DISTINCT _reason_ ORDER BY _reason_) AS reasons FROM ${leftBehindTable}
      WHERE _reason_ <> 'duplicate' GROUP BY 1) l USING (_row_)
    LEFT JOIN (${clashReasons}) c USING (_row_)
    LEFT JOIN (SELECT _row_, list(_reason_ ORDER BY place) AS warned FROM ${clashesTable}
      WHERE severity = 'warn' GROUP BY 1) w USING (_row_)
    LEFT JOIN (SELECT _row_, any_value(kind) AS kind, any_value(reason) AS reason FROM ${stayedTable} GROUP BY 1) y USING (_row_)
    ORDER BY row ${limit === undefined ? "" : `LIMIT ${limit}`}`);
  const changes = await readChanges(
    engine,
    tried,
    rows.map(({ row }) => Number(row)),
  );
  return rows.map((found): TriedRow => {
    const row = Number(found["row"]);
    const change = changes.get(row);
    const read = (name: string) => ((found[name] as string[] | null) ?? []).map(readProblem);
    const rejects = [...read("problems"), ...read("reasons")];
    const kind = found["kind"] === null ? undefined : kinds[String(found["kind"])];
    const given = found["fields"] as (string | null)[];
    return {
      row,
      part: Number(found["part"]),
      position: Number(found["position"]),
      line: found["line"] === null ? undefined : Number(found["line"]),
      state: rejects.length > 0 ? "rejected" : (kind ?? change?.action ?? "unchanged"),
      values: new Map(fields.map((name, index) => [name, given[index] ?? null])),
      rejects,
      warnings: rejects.length > 0 ? [] : [...read("warnings"), ...read("warned")],
      reason: found["reason"] === null ? undefined : String(found["reason"]),
      change,
    };
  });
}

const kinds: Readonly<Record<string, RowState>> = {
  duplicates: "duplicate",
  unmatched: "unmatched",
  conflicts: "conflict",
};

async function readChanges(
  engine: Engine,
  { plan, compiled }: TriedStream,
  rows: readonly number[],
): Promise<Map<number, TriedChange>> {
  if (rows.length === 0) return new Map();
  const { key } = compiled.stream.target;
  const first = Math.min(...rows);
  const last = Math.max(...rows);
  const found = await engine.all(`SELECT action, key, id, before, after, changed, row FROM ${readParquet(plan)}
    WHERE row BETWEEN ${first} AND ${last}`);
  return new Map(found.map((row) => [Number(row["row"]), triedChange(row, key)]));
}

/** Records that mode mirror would delete: they have no row. */
export async function readMirrorDeletes({ engine, plan, compiled }: TriedStream): Promise<TriedChange[]> {
  const { mode, key } = compiled.stream.target;
  if (!followsSource(mode)) return [];
  const found = await engine.all(`SELECT action, key, id, before, after, changed FROM ${readParquet(plan)}
    WHERE action = ${literal("delete")} AND row IS NULL ORDER BY key, id`);
  return found.map((row) => triedChange(row, key));
}

/** Nothing is hidden yet: who shows it does that. */
function triedChange(row: Row, key: readonly string[]): TriedChange {
  const { fields, ...change } = plannedChange(row, key, true);
  const plain = (value: unknown) => (typeof value === "string" ? value : null);
  return {
    ...change,
    key: plain(change.key),
    fields: fields.map(({ field, before, after }) => ({ field, before: plain(before), after: plain(after) })),
  };
}
