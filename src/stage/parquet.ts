// Wide results go to Parquet in the run folder: measured faster and smaller in memory than tables of a database file.

import { literal } from "../core/sql.ts";
import type { Engine } from "./engine.ts";

/**
 * Version 1 of the format: DuckDB 1.5 fails on columns of nothing but NULL with PARQUET_VERSION V2 ("Failed to serialize").
 * Measured: with DuckDB's 122,880 rows a group a 5 M row pass needs 500 MB more.
 */
export const rowGroupRows = 60_000;

/** Each thread holds the values of a group in memory, so a group of many columns has fewer rows. */
const rowGroupValues = 40 * rowGroupRows;

/** Measured: columns of few values are read in half the time so, and one of many costs nothing: looking for more takes 10 % of a pass. */
const repeatedValuesMax = 2000;

/**
 * Writes a SELECT to a Parquet file, in its order. What is soon thrown away is not compressed. `values`: how many a row has,
 * where they are too many for groups of the usual size. Gives the number of rows.
 */
export async function writeParquet(
  engine: Engine,
  select: string,
  path: string,
  lifetime: "kept" | "disposable" = "kept",
  values = 1,
): Promise<number> {
  const rows = Math.min(rowGroupRows, Math.ceil(rowGroupValues / values));
  const form =
    lifetime === "kept" ? "COMPRESSION snappy" : `COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT ${repeatedValuesMax}`;
  const { Count } = await engine.one(
    `COPY (${select}) TO ${literal(path)} (FORMAT parquet, ${form}, ROW_GROUP_SIZE ${rows})`,
  );
  return Number(Count);
}

/** A table function over a Parquet file; `file_row_number` counts its rows from 0. */
export function readParquet(path: string): string {
  return `read_parquet(${literal(path)}, file_row_number = true)`;
}
