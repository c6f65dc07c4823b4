// Lookups in the rows of a scan, in SQL. In: a scan, what is looked up in it, the tables that it is looked up in. Out: the
// scan with the columns of core/columns.ts. What must hold: a row stays one row; keys are equal where the system says so.
// Where a table is not listed (listed-lookups.ts) it is joined, and the order of the rows is lost: each must know its place.

import { askedName, foundName, givenName, lookupFailureName, lookupKeyName, renderedName } from "../../core/columns.ts";
import { namesOf, tryOver } from "../../core/nested-rows.ts";
import { identifier } from "../../core/sql.ts";
import { isAbsent } from "../../transform/mapping.ts";
import { foldSql } from "../../values/fold.ts";
import { type CompiledLookup, type KeyPart, neverAsked } from "../compile/compiled-lookup.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type FoundTable, foundAt, type ListedTable, placeOf } from "./listed-lookups.ts";

export interface KeyedScan {
  /** A table function or subquery; by `withNestedCalls`. */
  scan: string;
  lookups: readonly CompiledLookup[];
  /** What is looked up may fail for some row. */
  careful: boolean;
  /** Lookups of which the part lacks a column: nothing is looked up. */
  absent: ReadonlySet<number>;
}

/** Adds what is looked up, and its key. */
export function keyLookups({ scan, lookups, careful, absent }: KeyedScan): string {
  if (lookups.length === 0) return scan;
  const parts = lookups.flatMap((lookup) => lookup.keys.map((key, part) => ({ lookup, key, part })));
  const given = parts.map(({ lookup, part }) => {
    const name = givenName(lookup.index, part);
    const from = lookup.from[part];
    if (absent.has(lookup.index) || from === undefined) return `CAST(NULL AS ${lookup.types[part]}) AS ${name}`;
    const sql = careful ? tryOver(namesOf(from), from.sql, (value) => `TRY(${value})`) : `(${from.sql}\n)`;
    return `${sql} AS ${name}`;
  });
  const first = `SELECT *, ${given.join(", ")} FROM ${scan}`;
  const untried = careful ? untry(first, lookups, absent) : first;
  const rendered = parts.flatMap(({ lookup, key, part }) => renderPart(lookup, key, part) ?? []);
  const second = rendered.length === 0 ? untried : `SELECT *, ${rendered.join(", ")} FROM (${untried})`;
  const asked = parts.map(
    ({ lookup, key, part }) => `${askPart(lookup, key, part)} AS ${askedName(lookup.index, part)}`,
  );
  const third = `SELECT *, ${asked.join(", ")} FROM (${second})`;
  const keys = lookups.map((lookup) => `${joinKey(lookup)} AS ${lookupKeyName(lookup.index)}`);
  return `(SELECT *, ${keys.join(", ")} FROM (${third}))`;
}

/** Of what was tried, the value, and whether it failed. */
function untry(select: string, lookups: readonly CompiledLookup[], absent: ReadonlySet<number>): string {
  const tried = lookups.filter(({ index }) => !absent.has(index));
  const values = tried.flatMap(({ index, keys }) =>
    keys.map((_, part) => `${givenName(index, part)}.v AS ${givenName(index, part)}`),
  );
  const failed = lookups.map(({ index, keys }) => {
    const tests = keys.map((_, part) => `${givenName(index, part)} IS NULL`);
    return `(${absent.has(index) ? "false" : tests.join(" OR ")}) AS ${lookupFailureName(index)}`;
  });
  const replaced = values.length === 0 ? "" : ` REPLACE (${values.join(", ")})`;
  return `SELECT *${replaced}, ${failed.join(", ")} FROM (${select})`;
}

/** A name that no mapped field has: the target's rendering is written over it. */
function partSchema({ index }: CompiledLookup, { rendered }: KeyPart, part: number) {
  return rendered === undefined
    ? undefined
    : { ...rendered.schema, name: `lookup ${index} ${part}`, isKey: true as const };
}

function renderPart(lookup: CompiledLookup, key: KeyPart, part: number): string | undefined {
  const schema = partSchema(lookup, key, part);
  if (schema === undefined || key.rendered === undefined) return undefined;
  const type = lookup.types[part] ?? "VARCHAR";
  const { value } = key.rendered.render(schema, givenName(lookup.index, part), type, lookup.reading);
  return `${value} AS ${renderedName(schema.name)}`;
}

function askPart(lookup: CompiledLookup, key: KeyPart, part: number): string {
  const given = givenName(lookup.index, part);
  const text = `CAST(${given} AS VARCHAR)`;
  const schema = partSchema(lookup, key, part);
  if (schema === undefined || key.rendered === undefined) return text;
  const type = lookup.types[part] ?? "VARCHAR";
  const { invalid } = key.rendered.render(schema, given, type, lookup.reading);
  const value = renderedName(schema.name);
  return invalid === undefined
    ? value
    : `CASE WHEN ${invalid.condition} THEN ${neverAsked} || ${text} ELSE ${value} END`;
}

function joinKey({ index, keys }: CompiledLookup): string {
  const blank = keys.map((_, part) => `coalesce(${askedName(index, part)}, '') = ''`);
  return `CASE WHEN NOT (${blank.join(" AND ")}) THEN ${foldParts(keys, (part) => askedName(index, part))} END`;
}

/** VARCHAR: equal for equal keys. `column`: what is stored of a part, VARCHAR. */
export function foldParts(keys: readonly KeyPart[], column: (part: number) => string): string {
  const folded = keys.map(({ rendered }, part) => {
    const text = `coalesce(${column(part)}, '')`;
    return rendered === undefined || rendered.schema.caseSensitive ? text : foldSql(text);
  });
  return folded.join(" || chr(31) || ");
}

const foundColumns = ["value", "hits", "candidates"] as const;

/** Adds what is found. `tables`: by index. */
export function joinFound(
  keyed: string,
  lookups: readonly CompiledLookup[],
  tables: ReadonlyMap<number, FoundTable>,
): string {
  const listed = lookups.flatMap(({ index }) => tables.get(index)?.listed ?? []);
  const joined = lookups.filter(({ index }) => tables.get(index)?.listed === undefined);
  return joinTables(lookUpListed(keyed, listed), joined, tables);
}

function lookUpListed(keyed: string, listed: readonly ListedTable[]): string {
  if (listed.length === 0) return keyed;
  const places = listed.map((table) => `${placeOf(table, lookupKeyName(table.lookup))} AS ${placeName(table)}`);
  const found = listed.flatMap((table) =>
    foundColumns.map((what) => `${foundAt(table, what, placeName(table))} AS ${foundName(table.lookup, what)}`),
  );
  return `(SELECT *, ${found.join(", ")} FROM (SELECT *, ${places.join(", ")} FROM ${keyed}))`;
}

function placeName({ lookup }: ListedTable): string {
  return identifier(`n:${lookup}`);
}

function joinTables(
  keyed: string,
  lookups: readonly CompiledLookup[],
  tables: ReadonlyMap<number, FoundTable>,
): string {
  if (lookups.length === 0) return keyed;
  const found = lookups.flatMap(({ index }) =>
    foundColumns.map((what) => `${alias(index)}.${what} AS ${foundName(index, what)}`),
  );
  const joins = lookups.map(
    ({ index }) =>
      `LEFT JOIN (${tables.get(index)?.select}) ${alias(index)} ON ${alias(index)}.key = s.${lookupKeyName(index)}`,
  );
  return `(SELECT s.*, ${found.join(", ")} FROM ${keyed} s ${joins.join(" ")})`;
}

function alias(index: number): string {
  return identifier(`t:${index}`);
}

/** Columns that a pass hands through, for what it says of a row. */
export function lookupColumns(lookups: readonly CompiledLookup[], careful: boolean): string[] {
  return lookups.flatMap(({ index, keys, written }) => [
    lookupKeyName(index),
    ...keys.map((_, part) => givenName(index, part)),
    ...(written.miss === "create" ? keys.map((_, part) => askedName(index, part)) : []),
    ...foundColumns.map((what) => foundName(index, what)),
    ...(careful ? [lookupFailureName(index)] : []),
  ]);
}

/** `absent`: those of which the part lacks a column. */
export function lookupsOf({ lookups }: CompiledStream, absent: ReadonlySet<string>) {
  const ofFields = lookups.filter((lookup) => lookup.of === "field");
  const lacking = ofFields.filter(({ columns }) => isAbsent([...columns.keys()], absent));
  return {
    ofFields,
    ofRules: lookups.filter((lookup) => lookup.of === "rule"),
    absent: new Set(lacking.map(({ index }) => index)),
  };
}
