// The rows of a compiled query: as SQL to run, as JSON records, as CSV lines.
// In: a compiled query and rows as SQLite gives them. Out: records nested under their parents, or text.

import { identifier } from "../../../core/sql.ts";
import type { DatabaseSync } from "../../../core/sqlite.ts";
import { csvText, jsonValue, quoted } from "../render.ts";
import { prepareRows, type Stored } from "../store.ts";
import type { ChildQuery, CompiledQuery, SelectedColumn, Variant } from "./compiled-query.ts";

export type QueryRow = readonly Stored[];

/** The SELECT list: the record's own id, its parents' ids, then the selected values. */
export function selectList(query: CompiledQuery): string {
  const own = query.grouped ? "NULL" : `${query.root}."Id"`;
  const parents = query.parents.map((parent) => parent.idExpression);
  return [own, ...parents, ...query.columns.flatMap((column) => column.expressions)].join(", ");
}

/** The whole statement, with the row limits of the query. */
export function statementOf(query: CompiledQuery): string {
  return `SELECT ${selectList(query)} ${query.from}${query.where.sql}${query.groupBy}${query.orderBy}${rowLimit(query)}`;
}

/** LIMIT and OFFSET of the query, or nothing. */
export function rowLimit(query: CompiledQuery): string {
  if (query.limit === undefined && query.offset === 0) return "";
  return ` LIMIT ${query.limit ?? -1} OFFSET ${query.offset}`;
}

export interface JsonRecord {
  [name: string]: unknown;
}

/** Rows as the records of a REST answer. `version` is the number in the records' URLs; children are read from `database`. */
export function recordReader(
  query: CompiledQuery,
  version: number,
  database: DatabaseSync,
): (row: QueryRow) => JsonRecord {
  const steps = stepsOf(query, version, database);
  return (row) => {
    const record: JsonRecord = {
      attributes: query.grouped ? { type: "AggregateResult" } : attributes(query.object.name, row[0] ?? null, version),
    };
    for (const step of steps) place(record, step.path, step.read(row));
    return record;
  };
}

interface Step {
  path: string[];
  read(row: QueryRow): unknown;
}

// In SELECT order, each parent just before its first field.
function stepsOf(query: CompiledQuery, version: number, database: DatabaseSync): Step[] {
  const steps: Step[] = [];
  const addChildren = (after: number): void => {
    for (const child of query.children.filter((candidate) => candidate.after === after)) {
      const read = childReader(child, version, database);
      steps.push({ path: [child.name], read: (row) => read(row[0] ?? null) });
    }
  };
  const opened = new Set<number>();
  let at = 1 + query.parents.length;
  for (const [place, column] of query.columns.entries()) {
    addChildren(place);
    query.parents.forEach((parent, index) => {
      const leadsHere = parent.path.every(
        (name, depth) => depth < column.path.length - 1 && column.path[depth] === name,
      );
      if (!leadsHere || opened.has(index)) return;
      opened.add(index);
      steps.push({
        path: parent.path,
        read(row) {
          const id = row[1 + index] ?? null;
          return id === null ? null : { attributes: attributes(parent.type, id, version) };
        },
      });
    });
    const from = at;
    at += column.expressions.length;
    const to = at;
    steps.push({ path: column.path, read: (row) => columnValue(column, row.slice(from, to), version) });
  }
  addChildren(query.columns.length);
  return steps;
}

/** Reads the children of a record by its id: null where there are none. */
function childReader(
  { query, lookup }: ChildQuery,
  version: number,
  database: DatabaseSync,
): (id: Stored) => JsonRecord | null {
  const condition = query.where.sql === "" ? "" : `(${query.where.sql.replace(/^ WHERE /, "")}) AND `;
  const own = `${query.root}.${identifier(lookup.name)} = ?`;
  const statement = prepareRows<QueryRow>(
    database,
    `SELECT ${selectList(query)} ${query.from} WHERE ${condition}${own}${query.orderBy}${rowLimit(query)}`,
  );
  const read = recordReader(query, version, database);
  return (id) => {
    const rows = statement.all(...query.where.parameters, id);
    return rows.length === 0 ? null : { totalSize: rows.length, done: true, records: rows.map(read) };
  };
}

function attributes(type: string, id: Stored, version: number): { type: string; url: string } {
  return { type, url: `/services/data/v${version}.0/sobjects/${type}/${id}` };
}

/** The CSV header of a query: every name quoted, in SELECT order. */
export function csvHeader(query: CompiledQuery, delimiter: string): string {
  return query.columns.map((column) => quoted(column.path.join("."))).join(delimiter);
}

/** Rows as CSV lines: every value quoted. */
export function lineReader(query: CompiledQuery, delimiter: string): (row: QueryRow) => string {
  const firstValue = 1 + query.parents.length;
  const fields = query.columns.map((column) => column.field);
  return (row) => {
    let line = "";
    for (let index = 0; index < fields.length; index += 1) {
      const field = fields[index];
      if (index > 0) line += delimiter;
      if (field !== undefined) line += quoted(csvText(field, row[firstValue + index] ?? null));
    }
    return line;
  };
}

function columnValue(column: SelectedColumn, values: QueryRow, version: number): unknown {
  if (column.variants !== undefined) return variantValue(column.variants, values, version);
  const parts = column.field.components;
  if (parts === undefined) return jsonValue(column.field, values[0] ?? null);
  if (values.every((value) => value === null)) return null;
  return Object.fromEntries(Object.keys(parts).map((name, index) => [name, values[index] ?? null]));
}

function variantValue(variants: readonly Variant[], values: QueryRow, version: number): unknown {
  let at = 0;
  for (const { type, fields } of variants) {
    const [id = null, ...rest] = values.slice(at, at + 1 + fields.length);
    at += 1 + fields.length;
    if (id === null) continue;
    const shown = fields.map((field, index) => [field.name, jsonValue(field, rest[index] ?? null)]);
    return { attributes: attributes(type, id, version), ...Object.fromEntries(shown) };
  }
  return null;
}

// A parent that is not there is null, and so is everything below it.
function place(record: JsonRecord, path: readonly string[], value: unknown): void {
  let holder: unknown = record;
  for (const name of path.slice(0, -1)) {
    if (holder === null || holder === undefined) return;
    holder = (holder as JsonRecord)[name];
  }
  const last = path.at(-1);
  if (holder !== null && holder !== undefined && last !== undefined) (holder as JsonRecord)[last] = value;
}
