// Rows of a stream that streams after it look into. In: the rows that its plan goes on with. Out: a file in the run folder,
// and its rows. What must hold: a row that is rejected or left to another one is not there.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { mappedName, renderedName } from "../../core/columns.ts";
import { usageFailure } from "../../core/errors.ts";
import { syncFile } from "../../core/files.ts";
import { type NestedCalls, withNestedCalls } from "../../core/nested-rows.ts";
import { identifier, literal } from "../../core/sql.ts";
import { keysTable } from "../../diff/keys.ts";
import type { Stream } from "../../job/job.ts";
import { lookupsOf } from "../../job/lookup.ts";
import { countOf } from "../../report/numbers.ts";
import { writeParquet } from "../../stage/parquet.ts";
import { storedReading } from "../../values/value.ts";
import type { LookedUpTable } from "../compile/compiled-lookup.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import type { RunContext } from "../run/context.ts";
import { foldParts } from "../stage/join-lookups.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { type FoundRecords, type LookupRequest, lookupFolder } from "./found-records.ts";
import { refuseFailing } from "./read-reference.ts";

/** `folder`: of what a run looks up. */
export function rowsPath(folder: string, stream: string): string {
  return join(folder, `rows-${stream}.parquet`);
}

/** After the diff, which knows the rows that go on; before its plan is in the ledger. */
export async function keepLookedUpRows(
  context: RunContext,
  { stream, fields }: CompiledStream,
  staged: StagedStream,
): Promise<void> {
  const names = namesLookedUp(context.job.streams, stream);
  if (names === undefined) return;
  const columns = fields
    .map(({ field }) => ({ written: field.parent?.field ?? field.target, name: field.target }))
    .filter(({ written }) => names === "all" || names.has(written))
    .map(({ written, name }) => `${identifier(name)} AS ${identifier(written)}`);
  const path = rowsPath(lookupFolder(context), stream.name);
  const select = `SELECT ${["s._row_", "k._shown_", ...columns].join(", ")} FROM ${identifier(staged.view)} s
    JOIN ${keysTable} k USING (_row_)`;
  await writeParquet(context.engine, select, path);
  syncFile(path);
}

/** Undefined where no other stream looks into it. With a filter any field may be used. */
function namesLookedUp(streams: readonly Stream[], { name }: Stream): Set<string> | "all" | undefined {
  const into = streams.flatMap(lookupsOf).filter((lookup) => lookup.in.kind === "stream" && lookup.in.stream === name);
  if (into.length === 0) return undefined;
  if (into.some(({ where }) => where !== undefined)) return "all";
  return new Set(
    into.flatMap(({ key, value }) => [...key, ...(value === undefined ? [] : [value])]).map((one) => one.name),
  );
}

type StreamTable = Extract<LookedUpTable, { kind: "stream" }>;

export async function readStreamRows(
  { context, lookup, wanted, compiled, folder }: LookupRequest,
  { stream, key, value, columns }: StreamTable,
): Promise<FoundRecords> {
  const path = rowsPath(folder, stream.name);
  if (!existsSync(path)) {
    if (context.run.options.streams?.includes(stream.name) === false) {
      throw usageFailure(`stream ${compiled.stream.name} looks into stream ${stream.name}, which this run leaves out`, {
        next: `--streams ${stream.name},${compiled.stream.name}`,
      });
    }
    // It had no file to take.
    const none = ["key", "id", "shown", "value"].map((name) => `CAST(NULL AS VARCHAR) AS ${name}`);
    return { select: `SELECT ${none.join(", ")} LIMIT 0`, from: `stream ${stream.name} (no rows)` };
  }
  const rows = `read_parquet(${literal(path)})`;
  const folded = foldParts(lookup.keys, (part) => identifier(key[part]?.written ?? ""));
  const taken = value === undefined ? "CAST(NULL AS VARCHAR)" : identifier(value.written);
  const { where } = lookup;
  const scan =
    where === undefined ? rows : `(SELECT * FROM ${rows} SEMI JOIN (${typedRows(rows, columns, where)}) USING (_row_))`;
  if (where !== undefined) await refuseFailing(context.engine, `SELECT count(*) FROM ${scan}`, `stream ${stream.name}`);
  const { count } = await context.engine.one(`SELECT count(*) AS count FROM ${rows}`);
  return {
    select: `SELECT key, id, shown, value FROM (SELECT ${folded} AS key, _row_ AS id,
        coalesce(_shown_, 'row ' || (_row_ + 1)) AS shown, ${taken} AS value FROM ${scan})
      WHERE key IN (SELECT key FROM ${wanted})`,
    from: `stream ${stream.name} (${countOf(Number(count), "row")})`,
  };
}

/** The rows that a filter takes, over values as rules see them. */
function typedRows(rows: string, columns: StreamTable["columns"], where: NestedCalls): string {
  const stored = columns.flatMap(({ written, schema }) => [
    `${identifier(written)} AS ${mappedName(schema.name)}`,
    `${identifier(written)} AS ${renderedName(schema.name)}`,
  ]);
  const typed = columns.map(({ written, schema, render }) => {
    const of = render(schema, mappedName(schema.name), "VARCHAR", storedReading);
    return `${of.typed} AS ${identifier(written)}`;
  });
  const values = `(SELECT _row_, ${typed.join(", ")} FROM (SELECT _row_, ${stored.join(", ")} FROM ${rows}))`;
  return `SELECT _row_ FROM ${withNestedCalls(values, [where], false)} WHERE (${where.sql}\n)`;
}
