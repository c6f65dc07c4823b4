// Rows that earlier runs have kept because their parent was not there, or the target could not take them for a while, taken again as parts beside the files of this run.
// In: the ledger's word on them. Out: parts, in the ledger before a row of them is read. What must hold: a run takes them
// once, and a resumed one the same; they stay kept until the stream is settled.

import { existsSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { PartRecord, WaitingRecord } from "../../checkpoint/ledger.ts";
import { failpoint } from "../../core/failpoint.ts";
import { hashFile, syncFile } from "../../core/files.ts";
import { isKeptPart, locateWaiting } from "../../core/model.ts";
import { identifier, literal } from "../../core/sql.ts";
import type { Stream } from "../../job/job.ts";
import { countOf } from "../../report/numbers.ts";
import { writeParquet } from "../../stage/parquet.ts";
import { isDropped, readByContent, takeMatches } from "../rows/kept-rows.ts";
import { findWaiting } from "../rows/waiting-rows.ts";
import { isPartial, type RunContext, subfolder } from "../run/context.ts";
import { fetchKept, keptFolder } from "../run/kept-file.ts";

/** The parts of a run, those of kept rows first: their rows are older than any file's. */
export async function takeWaiting(
  context: RunContext,
  stream: Stream,
  parts: readonly PartRecord[],
): Promise<PartRecord[]> {
  const files = parts.filter((part) => !isKeptPart(part));
  const known = parts.filter(isKeptPart);
  const kept = known.length > 0 ? known : await addKept(context, stream, files);
  return [...kept, ...files];
}

async function addKept(context: RunContext, stream: Stream, files: readonly PartRecord[]): Promise<PartRecord[]> {
  const record = findWaiting(context, stream);
  if (record === undefined || isPartial(context)) return [];
  const copy = join(subfolder(context, "stage"), `waiting-${stream.name}.parquet`);
  const path = join(keptFolder(context, "waiting"), record.file);
  const lost = await fetchKept(context.engine, { path, sha256: record.sha256 }, copy);
  if (lost !== undefined) {
    tellLost(context, stream, record, `${path} is ${lost}`);
    return [];
  }
  const { ledger, folder } = context;
  const of = { run: record.run, stream: stream.name };
  const dropped = await readByContent(ledger, dirname(dirname(folder)), of, isDropped(ledger, stream.name));
  const { places: without } = await takeMatches(context.engine, copy, dropped);
  const parts = await writeParts(context, stream, { record, copy, without, after: files.at(-1)?.ordinal ?? 0 });
  rmSync(copy);
  context.ledger.addParts(context.run.id, stream.name, parts);
  failpoint("waiting-taken");
  return parts;
}

/** A part for each set of columns that the files had. */
async function writeParts(
  context: RunContext,
  stream: Stream,
  { record, copy, without, after }: { record: WaitingRecord; copy: string; without: readonly number[]; after: number },
): Promise<PartRecord[]> {
  const { engine } = context;
  const all = `read_parquet(${literal(copy)}, file_row_number = true)`;
  const rows = `(SELECT * FROM ${all} WHERE file_row_number NOT IN (${[-1, ...without].join(", ")}))`;
  const sets = await engine.all(`SELECT columns, count(*) AS rows FROM ${rows} GROUP BY columns ORDER BY columns`);
  const parts: PartRecord[] = [];
  for (const set of sets) {
    const columns = set["columns"] as string[];
    const number = parts.length + 1;
    const cells = columns.map((name, index) => `cells[${index + 1}] AS ${identifier(name)}`);
    const path = join(subfolder(context, "extract", stream.name), `waiting-${number}.parquet`);
    const ofSet = `columns = [${columns.map(literal).join(", ")}]`;
    await writeParquet(engine, `SELECT ${cells.join(", ")} FROM ${rows} WHERE ${ofSet}`, path);
    syncFile(path);
    parts.push({
      ordinal: after + number,
      path,
      label: sets.length === 1 ? "rows kept before" : `rows kept before (${number})`,
      locator: locateWaiting(record.run, number),
      bytes: statSync(path).size,
      sha256: await hashFile(path),
      compressed: false,
      suspect: false,
      rows: Number(set["rows"]),
      columns,
      careful: true,
    });
  }
  return parts;
}

function tellLost({ emit, folder }: RunContext, { name }: Stream, { rows, run }: WaitingRecord, what: string): void {
  const named = join(folder, "..", run, "unmatched", `${name}.csv`);
  const where = existsSync(named) ? `: they are named in ${named}` : "";
  emit({
    type: "warning",
    message: `${name}: ${what}: ${countOf(rows, "row")} that were kept for this run are lost${where}`,
  });
}

/** What a plan says of the rows that it takes again. */
export function tellTaken(parts: readonly PartRecord[]): string[] {
  const rows = parts.filter(isKeptPart).reduce((sum, part) => sum + (part.rows ?? 0), 0);
  return rows === 0 ? [] : [`${countOf(rows, "row")} that an earlier run has kept, taken again`];
}
