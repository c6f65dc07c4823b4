// Transform and validate in one pass over each part, by the engine.

import { join } from "node:path";
import { failureName, mappedName, renderedName, sourceName } from "../core/columns.ts";
import { Failure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { fileOf, type Part } from "../core/model.ts";
import { identifier, literal } from "../core/sql.ts";
import { suggest } from "../core/suggest.ts";
import { diagnosticsFailure } from "../job/diagnostics.ts";
import { nestColumns } from "../stage/bind.ts";
import { scanCsv } from "../stage/csv-scan.ts";
import { type Engine, EngineError } from "../stage/engine.ts";
import { type LinedPart, type OpenPart, openPart, readCarefully } from "../stage/open-part.ts";
import { type BrokenRecord, lineColumn } from "../stage/record-copy.ts";
import { countRefusedRecords, createStageView, stagePart } from "../stage/stage.ts";
import { type CompiledField, isAbsent, mapRows } from "../transform/mapping.ts";
import { type CheckedField, findProblem, findWarning } from "../validate/rules.ts";
import type { CompiledStream } from "./compile-stream.ts";

export interface StagedPart {
  part: Part;
  open: OpenPart;
  /** Rows of the stage. */
  rows: number;
  /** True if the stage knows each row's line; else it has to be looked up by position. */
  hasLines: boolean;
  /** True if it was text that the engine can't be trusted with. */
  careful: boolean;
  broken: BrokenRecord[];
}

export interface StagedStream {
  view: string;
  parts: StagedPart[];
}

export interface StageInput {
  engine: Engine;
  compiled: CompiledStream;
  parts: readonly Part[];
  folder: string;
  onPart(part: Part): void;
}

export const stageView = "stage";

export async function stageStream(input: StageInput): Promise<StagedStream> {
  const { engine, compiled } = input;
  for (const part of input.parts) refuseMissingColumns(compiled, part);
  const parts: StagedPart[] = [];
  const files: { ordinal: number; path: string }[] = [];
  for (const part of input.parts) {
    const path = join(input.folder, `${compiled.stream.name}-${String(part.ordinal).padStart(5, "0")}.parquet`);
    const { open, lined } = await stageOnePart(input, part, path);
    files.push({ ordinal: part.ordinal, path });
    const careful = lined !== undefined && "text" in open;
    parts.push({ part, open, rows: 0, hasLines: lined !== undefined, careful, broken: lined?.broken ?? [] });
    input.onPart(part);
  }
  const rows = await createStageView(engine, stageView, files);
  for (const staged of parts) staged.rows = rows.get(staged.part.ordinal) ?? 0;
  refuseShortFiles(parts);
  return { view: stageView, parts };
}

/** What the sender counted must have arrived; of an archive it counted the records of all files in it. */
function refuseShortFiles(parts: readonly StagedPart[]): void {
  for (const together of Map.groupBy(parts, ({ part }) => fileOf(part).ordinal).values()) {
    const [{ part } = { part: undefined }] = together;
    const arrived = together.reduce((sum, { rows, broken }) => sum + rows + broken.length, 0);
    if (part === undefined || part.rows === null || part.rows === arrived) continue;
    throw new Failure(exitCode.failed, `${part.rows} records were promised, ${arrived} arrived`, {
      where: { file: part.label },
      next: "run again; nothing was written",
    });
  }
}

function refuseMissingColumns(compiled: CompiledStream, part: Part): void {
  const { stream, fields } = compiled;
  const present = new Set(part.columns.map((column) => column.toLowerCase()));
  const optional = new Set(stream.source.optional.map((column) => column.toLowerCase()));
  const problems = fields.flatMap(({ field, columns }) =>
    columns
      .filter((column) => !present.has(column.toLowerCase()) && !optional.has(column.toLowerCase()))
      .map((column) => {
        const suggestion = suggest(column, part.columns);
        const message = `${part.label} has no column "${column}", which ${field.target} is mapped from`;
        const next = "correct the name, or list the column under source.optional if files may lack it";
        return { place: field.expression.place, message, next, ...(suggestion === undefined ? {} : { suggestion }) };
      }),
  );
  if (problems.length > 0) throw diagnosticsFailure(problems);
  const absent = absentColumns(compiled, part);
  const key = fields.find(
    ({ field, columns }) => stream.target.key.includes(field.target) && isAbsent(columns, absent),
  );
  if (key === undefined) return;
  throw new Failure(exitCode.failed, `the column that the key ${key.field.target} is mapped from is missing`, {
    where: { file: part.label, line: 1 },
    next: "a key can't be optional: correct the file or the map",
  });
}

export function absentColumns(compiled: CompiledStream, part: Part): Set<string> {
  const present = new Set(part.columns.map((column) => column.toLowerCase()));
  const optional = compiled.stream.source.optional.map((column) => column.toLowerCase());
  return new Set(optional.filter((column) => !present.has(column)));
}

/** Strict and fast first. What DuckDB refuses or may read differently is read record by record, and staged again. */
async function stageOnePart(
  input: StageInput,
  part: Part,
  path: string,
): Promise<{ open: OpenPart; lined?: LinedPart }> {
  const { engine, compiled } = input;
  const { name, source } = compiled.stream;
  const copyPath = (what: string) => join(input.folder, `${what}-${name}-${part.ordinal}.csv`);
  const open = await openPart(engine, part, source.format, copyPath("text"));
  await countRefusedRecords(engine);
  if ("text" in open && !open.text.part.suspect) {
    try {
      await stageWithFallback(input, part, { scan: scanCsv(open.text.part, open.text.format), hasLines: false }, path);
      if ((await countRefusedRecords(engine)) === 0) return { open };
    } catch (error) {
      if (!(error instanceof EngineError) || !error.isAboutData) throw error;
      await countRefusedRecords(engine);
    }
  }
  const lined = "text" in open ? await readCarefully(open.text, copyPath("clean")) : open.lined;
  await stageWithFallback(input, part, { scan: lined.scan, hasLines: true }, path);
  const refused = await countRefusedRecords(engine);
  if (refused === 0) return { open, lined };
  throw new Failure(exitCode.failed, `${refused} records can't be staged`, { where: { file: part.label } });
}
interface Scan {
  /** A table function over the part, all columns text under their names. */
  scan: string;
  /** Whether it has `lineColumn`. */
  hasLines: boolean;
}

/** Runs the plain pass; where an expression fails on some row, a careful one that rejects just those rows. */
async function stageWithFallback(input: StageInput, part: Part, scan: Scan, path: string): Promise<void> {
  try {
    await runPass(input, part, scan, path, false);
  } catch (error) {
    if (!(error instanceof EngineError) || !error.isAboutData) throw error;
    await runPass(input, part, scan, path, true);
  }
}

async function runPass(input: StageInput, part: Part, scan: Scan, path: string, careful: boolean): Promise<void> {
  const { compiled } = input;
  const absent = absentColumns(compiled, part);
  const keep = compiled.stream.keep?.sql;
  const scanned = scanPart(compiled, part, scan);
  const line = `${scan.hasLines ? `CAST(${identifier(lineColumn)} AS BIGINT)` : "CAST(NULL AS BIGINT)"} AS _line_`;
  const mapped = mapRows({
    scan: scanned.scan,
    handed: [line, ...scanned.handed],
    fields: compiled.fields,
    absent,
    careful,
    ...(keep === undefined ? {} : { keep }),
  });
  const checked = compiled.fields.map((field) => checkedField(compiled, field, absent, careful));
  await stagePart(input.engine, {
    mapped,
    problem: findProblem(checked, compiled.rules),
    warning: findWarning(checked, compiled.rules),
    fields: compiled.fields.map(({ field }) => [renderedName(field.target), identifier(field.target)]),
    sources: part.columns.map(sourceName),
    kept: scanned.kept,
    file: path,
  });
}

interface ScannedPart {
  scan: string;
  handed: string[];
  kept: string[];
}

/** Files hold text; records come with the types of their fields, with parents as structs, and know who they are. */
function scanPart({ stream, columns }: CompiledStream, part: Part, { scan, hasLines }: Scan): ScannedPart {
  const named = part.columns.map((column) => `${identifier(column)} AS ${sourceName(column)}`);
  if (stream.source.kind === "files") return { scan, handed: named, kept: [] };
  const typed = nestColumns(
    [...columns].map(([name, type]) => [name, `CAST(nullif(${sourceName(name)}, '') AS ${type})`]),
  );
  const own = part.columns.map(sourceName);
  const line = hasLines ? [identifier(lineColumn)] : [];
  const [id = "", version = ""] = own;
  return {
    scan: `(SELECT ${["*", ...typed].join(", ")} FROM (SELECT ${[...line, ...named].join(", ")} FROM ${scan}))`,
    handed: [...own, `${id} AS _id_`, `${version} AS _version_`],
    kept: ["_id_", "_version_"],
  };
}

function checkedField(
  compiled: CompiledStream,
  { field, columns, invalid }: CompiledField,
  absent: ReadonlySet<string>,
  careful: boolean,
): CheckedField {
  const given = columns.map(
    (column) => `${literal(`${column} = "`)} || coalesce(left(${sourceName(column)}, 80), '') || '"'`,
  );
  const failedMessage = `'can''t be computed from ' || ${given.join(" || ', ' || ") || "''"}`;
  return {
    target: field.target,
    rendered: renderedName(field.target),
    mapped: mappedName(field.target),
    ...(careful ? { failed: failureName(field.target), failedMessage } : {}),
    ...(invalid === undefined ? {} : { invalid }),
    isKey: compiled.stream.target.key.includes(field.target),
    rejectNull: field.onNull === "reject",
    absent: isAbsent(columns, absent),
  };
}
