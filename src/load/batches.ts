// Cutting a plan into batch files. In: the plan as Parquet. Out: for each batch its rows and the SELECT that writes it.
// What must hold: the same plan gives the same files, byte for byte; no batch is larger than the target takes; children
// of one parent stand together, so that batches don't contend for the parent's lock.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/asynch_api_planning_guidelines.htm

import type { Action } from "../core/model.ts";
import { identifier, literal } from "../core/sql.ts";

export interface BatchLimits {
  rows: number;
  bytes: number;
}

/** Rows `from` up to but without `to` of one action, in loading order. */
export interface BatchRange {
  action: Action;
  /** Of a tree: parents are of lower ones. */
  level: number;
  from: number;
  to: number;
  bytes: number;
}

const planOrderTable = "plan_order";
/** Levels of the rows of a plan that holds a tree: n, level. */
export const levelsTable = "tree_levels";

/** Quotes, separator and the longest text for an emptied field. */
const cellBytes = 3;
const emptyCellBytes = 4;
/** Id, version and line end. */
const rowBytes = 64;

/**
 * Makes `plan_order`: the plan's rows (n) numbered in loading order (place) with their size, at most, as CSV. That is
 * the order of the source and of the ids, not of the plan's file: a join that spills gives its rows in another.
 */
export function orderPlan(plan: string, fields: readonly string[], parents: readonly string[], isTree = false): string {
  const sizes = fields.map((name) => {
    const cell = `after.${identifier(name)}`;
    return `coalesce(strlen(${cell}) * 2, ${emptyCellBytes}) + ${cellBytes}`;
  });
  const keys = parents.map((name, index) => `coalesce(lower(after.${identifier(name)}), '') AS parent_${index}`);
  const order = [...parents.map((_, index) => `parent_${index}`), "row", "id"].join(", ");
  const narrow = [
    `file_row_number AS n`,
    "action",
    "row",
    "id",
    `${[rowBytes, ...sizes].join(" + ")} AS bytes`,
    ...keys,
  ].join(", ");
  const ofTree = isTree ? `coalesce((SELECT any_value(l.level) FROM ${levelsTable} l WHERE l.n = p.n), 0)` : "0";
  // What comes back may be what new records name.
  const level = `CASE WHEN action = 'undelete' THEN -1 ELSE ${ofTree} END`;
  return `CREATE OR REPLACE TEMP TABLE ${planOrderTable} AS
    SELECT n, action, bytes, level, row_number() OVER (PARTITION BY action, level ORDER BY ${order}) - 1 AS place
    FROM (SELECT *, ${level} AS level FROM (SELECT ${narrow} FROM ${plan}) p)`;
}

/** The largest divisor of the row limit up to 1,000, so that batches of whole groups fill the limit exactly. */
export function groupSize(limits: BatchLimits): number {
  for (let size = Math.min(1000, limits.rows); size > 1; size -= 1) if (limits.rows % size === 0) return size;
  return 1;
}

/** Groups of rows with their sizes, in loading order; smaller ones where the largest rows would not fit a batch. */
export function sizeGroups(limits: BatchLimits): string {
  const size = `greatest(1, least(${groupSize(limits)}, ${limits.bytes} // max(bytes)))`;
  return `SELECT action, level, place // size AS group_number, count(*) AS rows, sum(bytes) AS bytes
    FROM ${planOrderTable}, (SELECT ${size} AS size FROM ${planOrderTable})
    GROUP BY action, level, group_number
    ORDER BY list_position(['undelete', 'create', 'update', 'delete'], action), level, group_number`;
}

export interface RowGroup {
  action: Action;
  level: number;
  rows: number;
  bytes: number;
}

/** Joins groups to batches that stay within the limits. */
export function cutBatches(groups: readonly RowGroup[], limits: BatchLimits): BatchRange[] {
  const batches: BatchRange[] = [];
  let open: BatchRange | undefined;
  for (const { action, level, rows, bytes } of groups) {
    const isNext = open?.action === action && open.level === level;
    const fits =
      open !== undefined && isNext && open.to - open.from + rows <= limits.rows && open.bytes + bytes <= limits.bytes;
    if (open === undefined || !fits) {
      const from = open !== undefined && isNext ? open.to : 0;
      open = { action, level, from, to: from, bytes: 0 };
      batches.push(open);
    }
    open.to += rows;
    open.bytes += bytes;
  }
  return batches;
}

/** The rows of a batch (id, after, changed, and `further` columns of the plan's row `p`), in loading order. */
export function selectBatch(plan: string, range: BatchRange, further: readonly string[] = []): string {
  return `SELECT ${["p.id", "p.after", "p.changed", ...further].join(", ")} FROM ${plan} p JOIN ${planOrderTable} o ON p.file_row_number = o.n
    WHERE o.action = ${literal(range.action)} AND o.level = ${range.level} AND o.place >= ${range.from} AND o.place < ${range.to} ORDER BY o.place`;
}

/** SELECT of which rows of the plan (n) a batch has. */
export function numberBatch({ action, from, to }: BatchRange, number: number): string {
  return `SELECT n, ${number} FROM ${planOrderTable} WHERE action = ${literal(action)} AND place >= ${from} AND place < ${to}`;
}

export interface BatchColumns {
  /** Names the record in updates and deletes. */
  id: string;
  clearCell: string;
  /** Fields that are written under another name, by the id of what their value names. */
  written: ReadonlyMap<string, { field: string; ids: ReadonlyMap<string, string> }>;
  /** Fields of which the record has several values that ours takes the place of: the target is told which. */
  replaced: ReadonlySet<string>;
  /** Rows have `omitted`: fields that a create leaves out. */
  omits: boolean;
}

/** What is sent: for a create its values, for an update the id and only what changes, for a delete the id, for an undelete also the key. */
export function selectCells(rows: string, action: Action, fields: readonly string[], columns: BatchColumns): string {
  const id = `id AS ${identifier(columns.id)}`;
  if (action === "delete") return `SELECT ${id} FROM (${rows})`;
  if (action === "undelete") {
    const key = fields.map((name) => `after.${identifier(name)} AS ${identifier(name)}`);
    return `SELECT ${[id, ...key].join(", ")} FROM (${rows})`;
  }
  const cells = fields.map((name) => {
    const written = columns.written.get(name);
    const after = `after.${identifier(name)}`;
    const value = written === undefined ? after : `${idByValue(written.ids)}[${after}]`;
    const before = `before.${identifier(name)}`;
    const sent = columns.replaced.has(name)
      ? `CASE WHEN ${before} IS NULL THEN ${value} ELSE coalesce(${value}, '') || ${before} END`
      : `coalesce(${value}, ${literal(columns.clearCell)})`;
    const changed = `CASE WHEN list_contains(changed, ${literal(name)}) THEN ${sent} END`;
    const created = columns.omits
      ? `CASE WHEN NOT list_contains(coalesce(omitted, []), ${literal(name)}) THEN ${value} END`
      : value;
    return `${action === "create" ? created : changed} AS ${identifier(written?.field ?? name)}`;
  });
  return `SELECT ${(action === "create" ? cells : [id, ...cells]).join(", ")} FROM (${rows})`;
}

function idByValue(ids: ReadonlyMap<string, string>): string {
  return `MAP {${[...ids].map(([value, id]) => `${literal(value)}: ${literal(id)}`).join(", ")}}`;
}
