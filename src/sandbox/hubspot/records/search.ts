// Runs a search over the index.
// In: filter groups, an order, a page. Out: the records of the page and how many there are in all.
// Must hold: `total` is exact on every page, and a keyset walk (id above the last one, in the order of ids) stays cheap.

import { identifier } from "../../../core/sql.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import type { Portal } from "../portal.ts";
import { readRow } from "../record-tables.ts";
import { allOf, anyOf, type Condition, compileFilter, operandOf, readsTimesOnly } from "./filters.ts";
import type { Filter, Search } from "./search-request.ts";
import type { StoredRecord } from "./stored-record.ts";

/** What the last search of a kind counted: the next page of a walk counts only the rows between. */
export interface Counted {
  key: string;
  version: number;
  above: number;
  total: number;
}

export function runSearch(
  portal: Portal,
  search: Search,
  counts: Map<string, Counted>,
): { total: number; records: StoredRecord[] } {
  const { type } = search;
  const table = portal.store.table(type);
  const { sql: source, isLagging } = portal.store.images.source(type, table);
  const { condition, above } = compile(portal, search, isLagging);
  const order = search.sort === undefined ? undefined : operandOf(type, search.sort.property).sql;
  const narrow = !isLagging && readsTimesOnly(condition.sql) && readsTimesOnly(order ?? "");
  const from = narrow ? `${source} INDEXED BY ${identifier(`${table}_times`)}` : source;
  const walk = `FROM ${from} WHERE archived = 0 AND ${condition.sql} AND id > ?`;
  const count = (low: number, high: number): number => {
    const row = portal.store.database.prepare(`SELECT count(*) AS count ${walk} AND id <= ?`);
    return Number(row.get(...condition.parameters, low, high)?.["count"]);
  };
  const direction = search.sort?.descending === true ? "DESC" : "ASC";
  const sorted = order === undefined || order === "id" ? `id ${direction}` : `${order} ${direction}, id`;
  const rows = portal.store.database
    .prepare(`SELECT id ${walk} ORDER BY ${sorted} LIMIT ? OFFSET ?`)
    .all(...condition.parameters, above, search.limit, search.offset);
  const byId = portal.store.database.prepare(`SELECT * FROM ${source} WHERE id = ?`);
  return {
    total: isLagging ? count(above, Number.MAX_SAFE_INTEGER) : countFrom(portal, counts, condition, type, above, count),
    records: rows.flatMap((row) => readRow(byId.get(Number(row["id"]))) ?? []),
  };
}

/** The condition without a single lower bound on the id, and that bound. */
function compile(portal: Portal, search: Search, isLagging: boolean): { condition: Condition; above: number } {
  const { type, groups } = search;
  const [only, ...others] = groups;
  const bounds = only?.filter(isLowerBound) ?? [];
  const splits = others.length === 0 && bounds.length === 1;
  const above = splits ? Number(bounds[0]?.value) : -1;
  const kept = splits ? [only?.filter((filter) => !isLowerBound(filter)) ?? []] : groups;
  const filters = anyOf(
    kept.map((group) =>
      allOf(
        group.flatMap((filter) => [...(isLagging ? [] : lookup(type, filter)), compileFilter(portal, type, filter)]),
      ),
    ),
  );
  const conditions = [...(kept.length === 0 ? [] : [filters]), ...textCondition(search)];
  return { condition: allOf(conditions), above };
}

function isLowerBound(filter: Filter): boolean {
  return filter.propertyName === "hs_object_id" && filter.operator === "GT" && /^\d+$/.test(filter.value ?? "");
}

// Records by a unique value come from its index: nobody has to read all of them.
function lookup(type: ObjectType, filter: Filter): Condition[] {
  if (type.properties.get(filter.propertyName)?.hasUniqueValue !== true) return [];
  const values = filter.operator === "EQ" && filter.value !== undefined ? [filter.value] : filter.values;
  if (!["EQ", "IN"].includes(filter.operator) || values.length === 0) return [];
  return [
    {
      sql: `id IN (SELECT id FROM unique_value WHERE type = '${type.typeId}' AND property = ? AND value IN (${values.map(() => "?").join(", ")}))`,
      parameters: [filter.propertyName, ...values.map((value) => value.toLowerCase())],
    },
  ];
}

// Free text: every word somewhere in the properties that are searched.
function textCondition({ type, query }: Search): Condition[] {
  const words = (query ?? "")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return [];
  const columns = type.searchableProperties.map((name) => `json_extract(properties, '$."${name}"')`);
  const text = `fold(concat_ws(' ', ${["''", ...columns].join(", ")}))`;
  return words.map((word) => ({ sql: `instr(${text}, ?) > 0`, parameters: [word] }));
}

function countFrom(
  portal: Portal,
  counts: Map<string, Counted>,
  condition: Condition,
  type: ObjectType,
  above: number,
  count: (low: number, high: number) => number,
): number {
  const { version } = portal.store;
  const key = JSON.stringify(condition);
  const last = counts.get(type.typeId);
  const goesOn = last !== undefined && last.key === key && last.version === version && above >= last.above;
  const total = goesOn ? last.total - count(last.above, above) : count(above, Number.MAX_SAFE_INTEGER);
  counts.set(type.typeId, { key, version, above, total });
  return total;
}
