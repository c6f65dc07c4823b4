// What rows look up, found once a run. In: a lookup, and a table of the keys that rows have. Out: a table of what is found,
// kept in the run folder, and a sentence for the plan. Must hold: a run that is resumed has the very same values and asks
// nobody again; what is found several times is a value only where all agree in it.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { now } from "../../core/clock.ts";
import { hashFile, syncFile, writeDurably } from "../../core/files.ts";
import { literal } from "../../core/sql.ts";
import { countOf, showCount } from "../../report/numbers.ts";
import { writeParquet } from "../../stage/parquet.ts";
import type { CompiledLookup } from "../compile/compiled-lookup.ts";
import { verifyRunFile } from "../run/run-files.ts";
import type { FoundRecords, LookupRequest } from "./found-records.ts";
import { readObject } from "./read-object.ts";
import { readReference } from "./read-reference.ts";
import { readStreamRows } from "./stream-rows.ts";

/** What the plan says of a lookup; kept beside what was found. */
interface KeptLookup {
  sha256: string;
  /** When it was read. */
  asOf: string;
  from: string;
  /** Different keys: that rows have, that are found, that are found several times. */
  wanted: number;
  found: number;
  several: number;
  /** Whose key is not found. */
  rowsMissed: number;
}

export interface ToldLookup {
  /** "lookup OwnerId: 41 of 43 values of Email found in User (1 call)". */
  found: string;
  /** What becomes of rows that is no reject. */
  missed?: string;
}

/** SELECT of what is found, a row a key, and what is told of it. `again`: for other rows than those it was first asked for. */
export async function resolveLookup(
  request: LookupRequest & { again: boolean },
): Promise<{ table: string; told: ToldLookup }> {
  const { context, compiled, lookup } = request;
  const name = join(request.folder, `${compiled.stream.name}-${lookup.index}${request.again ? "-again" : ""}`);
  const path = `${name}.parquet`;
  const kept = await findKept(request, name, path);
  const table = `SELECT key, value, hits, candidates FROM read_parquet(${literal(path)})`;
  if (kept !== undefined) return { table, told: tellLookup(lookup, kept) };
  const records = await readRecords(request);
  await writeParquet(context.engine, mergeRecords(lookup, records.select), path);
  syncFile(path);
  const counts = await context.engine.one(`SELECT count(*) AS wanted, count(f.key) AS found,
      count(*) FILTER (f.hits > 1) AS several, coalesce(sum(w.rows) FILTER (f.key IS NULL), 0) AS missed
    FROM ${request.wanted} w LEFT JOIN (${table}) f ON f.key = w.key`);
  const found: KeptLookup = {
    sha256: await hashFile(path),
    asOf: now().toISOString(),
    from: records.from,
    wanted: Number(counts["wanted"]),
    found: Number(counts["found"]),
    several: Number(counts["several"]),
    rowsMissed: Number(counts["missed"]),
  };
  writeDurably(`${name}.json`, JSON.stringify(found));
  return { table, told: tellLookup(lookup, found) };
}

/** What an earlier process of the run has found. */
async function findKept({ context, lookup, compiled }: LookupRequest, name: string, path: string) {
  if (!existsSync(`${name}.json`)) return undefined;
  const kept = JSON.parse(readFileSync(`${name}.json`, "utf8")) as KeptLookup;
  const what = `what stream ${compiled.stream.name} looked up for ${lookup.field}`;
  await verifyRunFile({ run: context.run.id, what, path, sha256: kept.sha256 });
  return kept;
}

async function readRecords(request: LookupRequest): Promise<FoundRecords> {
  const { table } = request.lookup;
  switch (table.kind) {
    case "file":
      return readReference(request, table.reference);
    case "object":
      return readObject(request, table);
    case "stream":
      return readStreamRows(request, table);
  }
}

const candidatesMax = 5;

/** A row a key: records that agree in the value are one answer. Candidates are listed of the few that don't. */
function mergeRecords({ hidesValues }: CompiledLookup, select: string): string {
  const agrees = "filled = 0 OR (filled = rows AND low = high)";
  const list = `array_to_string(list(shown ORDER BY id)[:${candidatesMax}], ', ') || CASE WHEN count(*) > ${candidatesMax} THEN ', …' ELSE '' END`;
  return `WITH records AS MATERIALIZED (${select}),
      merged AS MATERIALIZED (SELECT key, count(*) AS rows, count(value) AS filled, min(value) AS low, max(value) AS high
        FROM records GROUP BY key),
      listed AS (SELECT key, ${hidesValues ? "'(hidden)'" : list} AS candidates
        FROM records SEMI JOIN (SELECT key FROM merged WHERE NOT (${agrees})) USING (key) GROUP BY key)
    SELECT key, CASE WHEN ${agrees} THEN low END AS value, CASE WHEN ${agrees} THEN 1 ELSE rows END AS hits, candidates
    FROM merged LEFT JOIN listed USING (key)`;
}

function tellLookup({ field, keys, written, of }: CompiledLookup, kept: KeptLookup): ToldLookup {
  const { wanted, found, several, rowsMissed, from } = kept;
  const by = keys.map(({ name }) => name).join(", ");
  const ambiguous = several === 0 ? "" : `, ${showCount(several)} of them several times`;
  const told = `lookup ${field}: ${showCount(found)} of ${countOf(wanted, "value")} of ${by} found in ${from}${ambiguous}`;
  const isRejected = written.miss === "reject" || written.miss === "parent";
  if (of === "rule" || isRejected || rowsMissed === 0) return { found: told };
  const became =
    written.miss === "skip"
      ? "the field is left alone"
      : written.miss === "create"
        ? `stream ${written.maker} makes what those of them name that are written`
        : `the field gets its default "${written.default?.text ?? ""}"`;
  return { found: told, missed: `lookup ${field}: not found for ${countOf(rowsMissed, "row")}: ${became}` };
}
