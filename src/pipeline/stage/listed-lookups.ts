// What few keys find, as an expression: a join would lose the order of the rows, so that wide rows would have to be copied
// with their places first. In: a table of what is found. Out: the engine's list of its keys, and lists of what each finds.
// What must hold: a row gets what a join would give it.

import { identifier } from "../../core/sql.ts";
import type { Engine } from "../../stage/engine.ts";

/** What is found in a lookup. */
export interface FoundTable {
  /** SELECT of `key`, `value`, `hits` and `candidates`, one row a key. */
  select: string;
  /** Where its keys are few. */
  listed?: ListedTable;
}

export interface ListedTable {
  lookup: number;
  /** Some keys are found several times. */
  hasSeveral: boolean;
}

/** Measured: a row takes 0.1 µs for one of 500 keys and 1.2 µs for one of 10,000; to copy a row of 60 columns takes 11 µs. */
const listedMax = 10_000;

export async function listFound(engine: Engine, lookup: number, select: string): Promise<FoundTable> {
  const { keys, several } = await engine.one(`SELECT count(*) AS keys, count(*) FILTER (hits > 1) AS several
    FROM (${select})`);
  if (Number(keys) > listedMax) return { select };
  const type = typeName(lookup);
  await engine.run(`CREATE OR REPLACE TYPE ${type} AS ENUM (SELECT key FROM (${select}) ORDER BY key)`);
  const lists = ["value", "hits", "candidates"].map((what) => `${what}: list(${what} ORDER BY key)`);
  await engine.run(`SET VARIABLE ${variableName(lookup)} = (SELECT {${lists.join(", ")}} FROM (${select}))`);
  return { select, listed: { lookup, hasSeveral: Number(several) > 0 } };
}

/** BIGINT: the place of a key among those that are found, from 1; NULL where it is none of them. */
export function placeOf({ lookup }: ListedTable, key: string): string {
  return `CAST(enum_code(TRY_CAST(${key} AS ${typeName(lookup)})) AS BIGINT) + 1`;
}

/** SQL of what stands at a place. */
export function foundAt(
  { lookup, hasSeveral }: ListedTable,
  what: "value" | "hits" | "candidates",
  place: string,
): string {
  const stored = `getvariable('${variableName(lookup)}').${what}[${place}]`;
  // Of a list of nothing the engine knows no type, and takes the values for numbers.
  if (what === "value") return `CAST(${stored} AS VARCHAR)`;
  if (hasSeveral) return stored;
  return what === "hits" ? `CASE WHEN ${place} IS NOT NULL THEN CAST(1 AS BIGINT) END` : "CAST(NULL AS VARCHAR)";
}

function typeName(lookup: number): string {
  return identifier(`found:${lookup}`);
}

function variableName(lookup: number): string {
  return `found_${lookup}`;
}
