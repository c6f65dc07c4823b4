// A source row of a run, read once more from the copy that the run keeps. In: its files, a line. Out: its cells, as they
// came. Must hold: it is the row that the run's files call by this line, or none: what could be two is refused.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { usageFailure } from "../../../core/errors.ts";
import { hashFile, makePrivateFolder } from "../../../core/files.ts";
import type { Part } from "../../../core/model.ts";
import { identifier } from "../../../core/sql.ts";
import { suggest } from "../../../core/suggest.ts";
import type { FileFormat } from "../../../formats/format.ts";
import type { CellValue } from "../../../job/test-case.ts";
import { Engine } from "../../../stage/engine.ts";
import { openPart, readCarefully } from "../../../stage/open-part.ts";
import { lineColumn } from "../../../stage/record-copy.ts";

export interface KeptRowRequest {
  run: string;
  stream: string;
  /** Of the stream in this run. */
  parts: readonly Part[];
  /** As the run read them. */
  format: FileFormat;
  /** As the rejects' file has it in loadline_line. */
  row: number;
  /** Its name; needed where several have such a row. */
  file: string | undefined;
  signal: AbortSignal;
}

export interface KeptRow {
  label: string;
  cells: ReadonlyMap<string, CellValue>;
}

/** Throws a Failure (2) where there is no such row, or not one alone. */
export async function readKeptRow(request: KeptRowRequest): Promise<KeptRow> {
  const { row, signal } = request;
  const parts = chooseParts(request);
  for (const part of parts) await refuseGone(request, part);
  const folder = mkdtempSync(join(tmpdir(), "loadline-row-"));
  try {
    makePrivateFolder(join(folder, "spill"));
    using engine = await Engine.open({ folder, spillFolder: join(folder, "spill"), signal });
    const found: KeptRow[] = [];
    const missed: string[] = [];
    for (const part of parts) {
      const looked = await lookInto({ engine, folder, request, part });
      if (typeof looked === "string") missed.push(looked);
      else found.push(looked);
    }
    const [one, ...others] = found;
    if (one === undefined) throw usageFailure(`there is no row ${row}: ${nameSome(missed, "; ")}`, { next: seeLines });
    if (others.length === 0) return one;
    throw usageFailure(`row ${row} is in several files of the run`, {
      next: `name one: --file, of ${nameSome(found.map(({ label }) => label))}`,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const seeLines = "give the line of the source file at which the record begins: loadline_line in the rejects' file";

function chooseParts({ run, stream, parts, file }: KeptRowRequest): readonly Part[] {
  if (parts.length === 0) {
    throw usageFailure(`run ${run} took no file of stream ${stream}`, { next: "name another run of loadline runs" });
  }
  const chosen = parts.filter(({ label }) => file === undefined || label === file);
  if (chosen.length > 0) return chosen;
  const labels = [...new Set(parts.map(({ label }) => label))];
  const meant = suggest(file ?? "", labels);
  throw usageFailure(`run ${run} took no file ${file} of stream ${stream}`, {
    next: meant === undefined ? `files that it took: ${nameSome(labels)}` : `did you mean ${meant}?`,
  });
}

const namedMax = 5;

function nameSome(names: readonly string[], separator = ", "): string {
  const more = names.length > namedMax ? ` and ${names.length - namedMax} more` : "";
  return `${names.slice(0, namedMax).join(separator)}${more}`;
}

async function refuseGone({ run }: KeptRowRequest, { path, label, sha256 }: Part): Promise<void> {
  const isThere = existsSync(path);
  if (isThere && (await hashFile(path)) === sha256) return;
  throw usageFailure(
    isThere
      ? `run ${run}'s copy of ${label} is not the one that it took`
      : `run ${run} has no copy of ${label} any more`,
    {
      where: { file: path },
      why: isThere
        ? "its SHA-256 is not the one that the ledger has"
        : "folders of runs are deleted after keep.runs of the job, and copies of decrypted files at the end of their run",
      next: "name a newer run of loadline runs, or write the case by hand: docs/job-file.md, Tests",
    },
  );
}

interface Look {
  engine: Engine;
  folder: string;
  request: KeptRowRequest;
  part: Part;
}

/** The row, or why there is none. */
async function lookInto({ engine, folder, request, part }: Look): Promise<KeptRow | string> {
  const { row, format } = request;
  const open = await openPart(engine, part, format, join(folder, "text.csv"));
  // Read record by record, each has its line.
  const { scan, broken } = "lined" in open ? open.lined : await readCarefully(open.text, join(folder, "records.csv"));
  const { label, columns } = part;
  const line = `CAST(${identifier(lineColumn)} AS BIGINT)`;
  const cells = columns.map((name) => identifier(name)).join(", ");
  const rows = await engine.all(`SELECT [${cells}] AS cells FROM ${scan} WHERE ${line} = ${row}`);
  const [found] = rows;
  if (found !== undefined) {
    const values = found["cells"] as CellValue[];
    return { label, cells: new Map(columns.map((name, index) => [name, values[index] ?? null])) };
  }
  if (broken.some((one) => one.line === row))
    return `what begins in line ${row} of ${label} can't be told apart into columns, which a case has`;
  const around = await engine.one(`SELECT max(line) FILTER (line < ${row}) AS before, max(line) AS last
    FROM (SELECT ${line} AS line FROM ${scan})`);
  if (around["last"] === null) return `${label} has no record`;
  const last = Number(around["last"]);
  if (last < row) return `the last record of ${label} begins in line ${last}`;
  if (around["before"] === null) return `${label} has no record before line ${row + 1}`;
  return `none begins in line ${row} of ${label}; the one before begins in line ${Number(around["before"])}`;
}
