// Rows of other streams that a case gives, for a stream that looks into them. In: `given_target` of a case, by the name of the
// stream. Out: the file that such a lookup reads. What must hold: the rows are as that stream's target would store them; a
// field that it does not map is told at its place.

import { join } from "node:path";
import { makePrivateFolder } from "../../../core/files.ts";
import { identifier, literal } from "../../../core/sql.ts";
import { suggest } from "../../../core/suggest.ts";
import { type Diagnostic, diagnosticsFailure } from "../../../job/diagnostics.ts";
import type { Stream } from "../../../job/job.ts";
import { lookupsOf } from "../../../job/lookup.ts";
import type { GivenRecords, GivenRow, TestCase } from "../../../job/test-case.ts";
import type { Engine } from "../../../stage/engine.ts";
import { writeParquet } from "../../../stage/parquet.ts";
import { storedReading } from "../../../values/value.ts";
import type { StreamColumn } from "../../compile/compiled-lookup.ts";
import type { CompiledStream } from "../../compile/compiled-stream.ts";
import { rowsPath } from "../../lookups/stream-rows.ts";

/** Whether what is given is rows of a stream that this one looks into, and no records. */
export function isOfStream(stream: Stream, { object }: GivenRecords): boolean {
  return lookupsOf(stream).some(({ in: table }) => table.kind === "stream" && table.stream === object);
}

/** Writes the rows that the cases give, none where they give none. `folder`: of the run. */
export async function giveStreamRows(
  engine: Engine,
  { stream, lookups }: CompiledStream,
  cases: readonly TestCase[],
  folder: string,
): Promise<void> {
  const tables = new Map<string, StreamColumn[]>();
  for (const { table } of lookups) if (table.kind === "stream") tables.set(table.stream.name, table.columns);
  if (tables.size > 0) makePrivateFolder(join(folder, "lookups"));
  for (const [name, columns] of tables) {
    const given = cases.flatMap(({ givenTarget }) =>
      givenTarget.filter((one) => one.object === name && isOfStream(stream, one)).flatMap(({ records }) => records),
    );
    refuseUnmapped(name, columns, given);
    await writeParquet(engine, selectRows(columns, given), rowsPath(join(folder, "lookups"), name));
  }
}

function refuseUnmapped(stream: string, columns: readonly StreamColumn[], given: readonly GivenRow[]): void {
  const names = columns.map(({ written }) => written);
  const problems = given.flatMap(({ places }) =>
    [...places].flatMap(([name, place]): Diagnostic[] => {
      if (names.includes(name)) return [];
      const suggestion = suggest(name, names);
      const message = `stream ${stream} maps no field "${name}"`;
      return [{ place, length: name.length, message, ...(suggestion === undefined ? {} : { suggestion }) }];
    }),
  );
  if (problems.length > 0) throw diagnosticsFailure(problems);
}

function selectRows(columns: readonly StreamColumn[], given: readonly GivenRow[]): string {
  const stored = columns.map(({ written, schema, render }) => {
    const { value, stored: held } = render(schema, identifier(schema.name), "VARCHAR", storedReading);
    return `${held ?? value} AS ${identifier(written)}`;
  });
  const cells = (row: GivenRow | undefined) =>
    columns.map(({ written, schema }) => {
      const cell = row?.cells.get(written) ?? null;
      return `CAST(${cell === null ? "NULL" : literal(cell)} AS VARCHAR) AS ${identifier(schema.name)}`;
    });
  const rows = given.map((row, number) => `SELECT CAST(${number} AS BIGINT) AS _row_, ${cells(row).join(", ")}`);
  const none = `SELECT CAST(0 AS BIGINT) AS _row_, ${cells(undefined).join(", ")} LIMIT 0`;
  const all = [`(${none})`, ...rows].join(" UNION ALL ");
  return `SELECT _row_, CAST(NULL AS VARCHAR) AS _shown_, ${stored.join(", ")} FROM (${all})`;
}
