// One part, or several small ones, through transform and validate by the engine. In: parts. Out: a Parquet file for each
// pass. What must hold: what the engine refuses, or may read differently than it is written, is read record by record.

import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  contentOf,
  digitsName,
  failureName,
  keepFailureName,
  mappedName,
  renderedName,
  sourceName,
} from "../../core/columns.ts";
import { countOf } from "../../core/counted.ts";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { isKeptPart, type Part } from "../../core/model.ts";
import { namesOf, withNestedCalls } from "../../core/nested-rows.ts";
import { problemStart } from "../../core/problem.ts";
import { identifier, literal } from "../../core/sql.ts";
import { isPlainText } from "../../formats/text.ts";
import type { Expression, Stream } from "../../job/job.ts";
import { nestColumns } from "../../stage/bind.ts";
import { fileColumn, scanCsv, scanCsvParts } from "../../stage/csv-scan.ts";
import { type Engine, orWhereDataFails } from "../../stage/engine.ts";
import { countSwallowed, joinCells } from "../../stage/long-cells.ts";
import { type LinedPart, type OpenPart, openPart, readCarefully } from "../../stage/open-part.ts";
import { lineColumn } from "../../stage/record-copy.ts";
import {
  countRefusedRecords,
  forgetRefusedRecords,
  numberRows,
  readsAll,
  refusesRecords,
  stagePart,
} from "../../stage/stage.ts";
import { always, type CompiledField, countRounded, isAbsent, mapRows } from "../../transform/mapping.ts";
import { tellTakes } from "../../transform/tell-calls.ts";
import type { CheckedField } from "../../validate/checks.ts";
import { type Checks, findProblems, findWarnings } from "../../validate/rules.ts";
import { type Computation, cantBeComputed, type Given } from "../../validate/uncomputed.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { objectToFound } from "../compile/found-values.ts";
import { findInexact, findStrange, readCell } from "../compile/source-numbers.ts";
import { computedOfFields, computedOfSource } from "./computed-parts.ts";
import { joinFound, keyLookups, lookupColumns, lookupsOf } from "./join-lookups.ts";
import type { FoundTable } from "./listed-lookups.ts";
import { identifyRow, identityColumn } from "./row-identity.ts";

export interface PartInput {
  engine: Engine;
  compiled: CompiledStream;
  folder: string;
  /** Of a careful pass (certain-fields.ts): asked once, whatever the number of parts. */
  findCertain(): Promise<Map<string, string>>;
  /** The same: what is said of a row whose field fails. */
  findRefusals(): Promise<Map<string, string>>;
  /** What is looked up, by the index of the lookup. */
  tables: ReadonlyMap<number, FoundTable>;
  /** What is made of the rows of a part. Without it, transform and validate. */
  write?: WritePart;
}

/** Writes the rows of a scan to a Parquet file. Throws EngineError. */
export type WritePart = (input: PartInput, part: Part, scan: Scan, path: string) => Promise<void>;

/** How a part was read into its file. */
export interface StagedPartFile {
  open: OpenPart;
  /** What its rows were taken from. */
  scan: Scan;
  /** Where it was read record by record, or came with its lines. */
  lined?: LinedPart;
}

/** Strict and fast first. What DuckDB refuses or may read differently is read record by record, and staged again. */
export async function stageOnePart(input: PartInput, part: Part, path: string): Promise<StagedPartFile> {
  const { engine, compiled } = input;
  const { name, source } = compiled.stream;
  const copyPath = (what: string) => join(input.folder, `${what}-${name}-${part.ordinal}.csv`);
  const open = await openPart(engine, part, source.format, copyPath("text"));
  await forgetRefusedRecords(engine);
  if ("text" in open && !open.text.part.suspect) {
    const scan = { scan: scanCsv(open.text.part, open.text.format), hasLines: false };
    if (await stageStrictly(input, part, scan, path)) return { open, scan };
  }
  const lined = "text" in open ? await readCarefully(open.text, copyPath("clean")) : open.lined;
  const scan = { scan: lined.scan, hasLines: true };
  await write(input, part, scan, path);
  const refused = await countRefusedRecords(engine);
  if (refused === 0) return { open, scan, lined };
  throw new Failure(exitCode.failed, `${countOf(refused, "record")} can't be staged`, { where: { file: part.label } });
}

/** Most bytes of a part that is staged together with others, and of all of them. */
const smallBytesMax = 1 << 20;
const togetherBytesMax = 64 << 20;
/** Measured: 500 take 100 MB more and as long. */
const togetherMax = 100;

/**
 * Parts in their order, those that one pass can read together: small, plain, of the same columns. A pass takes 8 ms at
 * least, and each pass over the stage opens its files: 10,000 parts by themselves took 100 s and 900 MB (measured).
 */
export function* gatherParts(parts: readonly Part[], { kind, format }: Stream["source"]): Generator<Part[]> {
  const isPlain = kind === "files" && format.type === "csv" && isPlainText(format) && format.escape === undefined;
  let gathered: Part[] = [];
  let bytes = 0;
  for (const part of parts) {
    const isSmall = isPlain && !isKeptPart(part) && !part.suspect && !part.compressed && part.bytes <= smallBytesMax;
    const [first] = gathered;
    const isFull = gathered.length >= togetherMax || bytes + part.bytes > togetherBytesMax;
    if (first !== undefined && (!isSmall || isFull || !isDeepStrictEqual(part.columns, first.columns))) {
      yield gathered;
      gathered = [];
      bytes = 0;
    }
    if (isSmall) {
      gathered.push(part);
      bytes += part.bytes;
    } else yield [part];
  }
  if (gathered.length > 0) yield gathered;
}

/** In one pass. Undefined where one of them is to be read with care. */
export async function stageTogether(
  input: PartInput,
  parts: readonly Part[],
  path: string,
): Promise<StagedPartFile[] | undefined> {
  const { engine, compiled } = input;
  const { format } = compiled.stream.source;
  const [first] = parts;
  if (first === undefined || format.type !== "csv") return undefined;
  await forgetRefusedRecords(engine);
  const scan = { scan: scanCsvParts(parts, format), hasLines: false, hasFiles: true };
  if (!(await stageStrictly(input, first, scan, path)) || !(await numberRows(engine, path, parts))) return undefined;
  return parts.map((part) => ({ open: { text: { part, format, firstLine: 1 } }, scan }));
}

export interface Scan {
  /** A table function over the part, all columns text under their names. */
  scan: string;
  /** Whether it has `lineColumn`. */
  hasLines: boolean;
  /** Whether it has `fileColumn`. */
  hasFiles?: boolean;
  /** Whether its rows know their place: they come in any order then. */
  isPlaced?: true;
}

/** Where a row of a copy belongs: in the file, in its part, and of which part it is. */
const placeColumns = [
  ["l:at", "_at_"],
  ["l:position", "_position_"],
  ["l:part", "_part_"],
] as const;

/** False where the engine refused a record, or could not read the data. */
export function stageStrictly(input: PartInput, part: Part, scan: Scan, path: string): Promise<boolean> {
  return readsAll(input.engine, () => write(input, part, scan, path));
}

function write(input: PartInput, part: Part, scan: Scan, path: string): Promise<void> {
  return (input.write ?? stageWithFallback)(input, part, scan, path);
}

/**
 * Runs the plain pass; where an expression fails on some row, a careful one that rejects just those rows. What is not
 * plain CSV is told before that one, which takes ten times as long and would be for nothing: it stays among the refused.
 */
export async function stageWithFallback(input: PartInput, part: Part, scan: Scan, path: string): Promise<void> {
  const isOurs = scan.hasLines || scan.isPlaced === true;
  await orWhereDataFails(
    () => runPass(input, part, scan, path, false),
    async () => {
      if (isOurs || !(await refusesRecords(input.engine, scan.scan))) await runPass(input, part, scan, path, true);
    },
  );
}

async function runPass(input: PartInput, part: Part, scan: Scan, path: string, careful: boolean): Promise<void> {
  const { compiled } = input;
  const absent = absentColumns(compiled, part);
  const { keep } = compiled;
  const { format, kind } = compiled.stream.source;
  const isCsv = format.type === "csv" && kind === "files" && !isKeptPart(part);
  const scanned = scanPart(compiled, part, scan);
  const line = `${scan.hasLines ? `CAST(${identifier(lineColumn)} AS BIGINT)` : "CAST(NULL AS BIGINT)"} AS _line_`;
  const cells = isCsv ? [joinCells(part.columns.map(identifier))] : [];
  const lookups = lookupsOf(compiled, absent);
  const certain = careful ? await input.findCertain() : undefined;
  const present = compiled.fields.filter(({ columns }) => !isAbsent(columns, absent));
  const source = withNestedCalls(scanned.scan, computedOfSource(compiled, present, lookups), careful);
  const keyed = keyLookups({ scan: source, lookups: lookups.ofFields, careful, absent: lookups.absent });
  // What is said of a row whose field fails is asked of them.
  const asked = careful ? new Set(present.flatMap(({ nested }) => namesOf(nested).map(identifier))) : [];
  const rows = mapRows({
    scan: joinFound(keyed, lookups.ofFields, input.tables),
    handed: [line, ...scanned.handed, ...cells, ...lookupColumns(lookups.ofFields, careful), ...asked],
    fields: compiled.fields,
    absent,
    ...(certain === undefined ? {} : { careful: certain }),
    ...(keep === undefined ? {} : { keep }),
  });
  const judged = withNestedCalls(`(${rows})`, computedOfFields(compiled, lookups.ofRules), careful);
  const checkable = keyLookups({ scan: judged, lookups: lookups.ofRules, careful, absent: lookups.absent });
  const mapped = joinFound(checkable, lookups.ofRules, input.tables);
  const mayFail = ({ field }: CompiledField) => certain?.get(field.target) !== always;
  const refusals = careful ? await input.findRefusals() : undefined;
  const checks: Checks = {
    fields: compiled.fields.map((field) =>
      checkedField(compiled, field, absent, mayFail(field) ? refusals : undefined),
    ),
    rules: compiled.rules,
    careful,
    ...(careful && keep !== undefined ? { keepFailed: describeKeepFailure(compiled) } : {}),
  };
  const problems = findProblems(checks);
  const rounded = countRounded(present);
  await stagePart(input.engine, {
    mapped,
    // No text is split by NUL: it becomes a list of one.
    problems:
      scanned.inexact === undefined ? problems : `coalesce(string_split(${scanned.inexact}, chr(0)), ${problems})`,
    warnings: findWarnings(checks),
    fields: compiled.fields.map(({ field }) => [renderedName(field.target), identifier(field.target)]),
    hashed: compiled.planned.map(({ field }) => renderedName(field.target)),
    sources: part.columns.map(sourceName),
    ...(isCsv ? { breaks: countSwallowed(part.columns.map(sourceName), format.delimiter) } : {}),
    ...(compiled.rounds ? { rounded: rounded ?? "0" } : {}),
    kept: scanned.kept,
    file: path,
  });
}

export interface ScannedPart {
  scan: string;
  handed: string[];
  kept: string[];
  /** VARCHAR: the problem of a row with a number that can't be computed with exactly, or with text that is none. */
  inexact?: string;
}

/** NULL, or what is wrong with a row in whose text the character NUL stands, which no target takes. */
function findNul(columns: readonly string[]): string {
  const cells = columns.map((column) => ({ column, cell: sourceName(column) }));
  const marks = cells.map(
    ({ column, cell }) =>
      `WHEN contains(${cell}, chr(0)) THEN ${literal(`${problemStart("", "text")}the character NUL (U+0000) in "${column}"`)}`,
  );
  return `CASE WHEN contains(concat(${cells.map(({ cell }) => cell).join(", ")}), chr(0)) THEN CASE ${marks.join(" ")} END END`;
}

/** Files hold text; records come with the types of their fields, with parents as structs, and know who they are. */
export function scanPart(compiled: CompiledStream, part: Part, given: Scan): ScannedPart {
  const { stream, columns, carried, strict, deletions } = compiled;
  const { scan, hasLines, hasFiles, isPlaced } = given;
  const named = part.columns.map((column) => `${identifier(column)} AS ${sourceName(column)}`);
  const isInsert = stream.target.mode === "insert";
  const placed = isPlaced === true ? placeColumns : [];
  const places = placed.map(([from, name]) => `${identifier(from)} AS ${name}`);
  if (stream.source.kind === "files") {
    const file = hasFiles === true ? ["_file_"] : [];
    const identity = identifyRow(part.columns.map((column) => [column, identifier(column)]));
    return {
      scan: withKeepColumns(compiled, part, scan),
      handed: [
        ...named,
        ...file.map((name) => `${identifier(fileColumn)} AS ${name}`),
        ...places,
        ...(isInsert ? [`${identity} AS ${identityColumn}`] : []),
      ],
      kept: [...file, ...placed.map(([, name]) => name), ...(isInsert ? [identityColumn] : [])],
      // CSV and JSON are looked at before, and XML has no such character.
      ...(stream.source.format.type === "parquet" ? { inexact: findNul(part.columns) } : {}),
    };
  }
  const known = new Set(part.columns.map((column) => column.toLowerCase()));
  const { format } = stream.source;
  const tellsNull = format.type === "csv" && format.tellsNull === true;
  const cellOf = (name: string) => {
    if (!known.has(name.toLowerCase())) return "CAST(NULL AS VARCHAR)";
    return tellsNull ? sourceName(name) : `nullif(${sourceName(name)}, '')`;
  };
  const typed = nestColumns([...columns].map(([name, type]) => [name, readCell(cellOf(name), type, strict.get(name))]));
  const digits = carried.map((name) => `${cellOf(name)} AS ${digitsName(name)}`);
  const present = [...columns].filter(([name]) => known.has(name.toLowerCase()));
  const inexact = [
    ...present.flatMap(([name]) => findStrange(name, strict.get(name))),
    ...present.flatMap(findInexact),
  ];
  const own = part.columns.map(sourceName);
  // Of records that both sides change, what they hold is compared with what they held, as it came.
  const told = [deletions?.flag, deletions?.mergedInto].filter((name) => name !== undefined);
  const raw = stream.twoWay === undefined ? [] : [...new Set([...columns.keys(), ...told])];
  const line = [...(hasLines ? [lineColumn] : []), ...placed.map(([from]) => from)].map(identifier);
  const [id = "", version = ""] = own;
  const identity = identifyRow([
    ["object", literal(stream.source.object)],
    ["id", id],
    ["version", version],
  ]);
  return {
    scan: `(SELECT ${["*", ...typed, ...digits].join(", ")} FROM (SELECT ${[...line, ...named].join(", ")} FROM ${scan}))`,
    handed: [
      ...own,
      `${id} AS _id_`,
      `${version} AS _version_`,
      `${contentOf(own)} AS _content_`,
      ...places,
      ...(isInsert ? [`${identity} AS ${identityColumn}`] : []),
      ...raw
        .filter((name) => !known.has(name.toLowerCase()))
        .map((name) => `CAST(NULL AS VARCHAR) AS ${sourceName(name)}`),
    ],
    kept: [
      "_id_",
      "_version_",
      "_content_",
      ...raw.map(sourceName),
      ...placed.map(([, name]) => name),
      ...(isInsert ? [identityColumn] : []),
    ],
    ...(inexact.length === 0 ? {} : { inexact: `CASE ${inexact.join(" ")} END` }),
  };
}

/** What `source.keep` asks of a file that lacks the column: there is no value. */
function withKeepColumns({ keepColumns }: CompiledStream, { columns }: Part, scan: string): string {
  const known = new Set(columns.map((column) => column.toLowerCase()));
  const lacking = keepColumns.filter((column) => !known.has(column.toLowerCase()));
  if (lacking.length === 0) return scan;
  return `(SELECT *, ${lacking.map((column) => `CAST(NULL AS VARCHAR) AS ${identifier(column)}`).join(", ")} FROM ${scan})`;
}

function checkedField(
  compiled: CompiledStream,
  { field, columns, invalid, doubt }: CompiledField,
  absent: ReadonlySet<string>,
  refusals: ReadonlyMap<string, string> | undefined,
): CheckedField {
  const why = refusals?.get(field.target);
  const by = { ...computationOf(field.expression), ...(why === undefined ? {} : { why }) };
  const failedMessage = () => cantBeComputed("", givenBy(compiled, columns), by);
  const lookup = compiled.lookups.find((one) => one.of === "field" && one.field === field.target);
  return {
    target: field.target,
    rendered: renderedName(field.target),
    mapped: mappedName(field.target),
    ...(refusals === undefined ? {} : { failed: failureName(field.target), failedMessage: failedMessage() }),
    ...(lookup === undefined ? {} : { lookup: objectToFound(lookup) }),
    ...(invalid === undefined ? {} : { invalid }),
    ...(doubt === undefined ? {} : { doubt }),
    isKey: compiled.stream.target.key.includes(field.target),
    isHidden: compiled.redacted.has(field.target.toLowerCase()),
    rejectNull: field.onNull === "reject",
    absent: isAbsent(columns, absent),
  };
}

function describeKeepFailure(compiled: CompiledStream): NonNullable<Checks["keepFailed"]> {
  const by = compiled.stream.keep === undefined ? undefined : computationOf(compiled.stream.keep);
  return {
    condition: keepFailureName,
    message: cantBeComputed("source.keep ", givenBy(compiled, compiled.keepColumns), by),
  };
}

function computationOf({ sql }: Expression): Computation {
  const takes = tellTakes(sql);
  return { expression: sql, ...(takes === undefined ? {} : { takes }) };
}

/** What goes into a field that is never shown is not shown either. */
function givenBy({ fields, redacted }: CompiledStream, columns: readonly string[]): Given[] {
  const hidden = fields.filter(({ field }) => redacted.has(field.target.toLowerCase()));
  return columns.map((name) => ({
    name,
    value: sourceName(name),
    isHidden: hidden.some((field) => field.columns.includes(name)),
  }));
}

/**
 * Columns that a part may lack, and does: of records what is not known of them, a deleted one say; of rows that were kept,
 * what the job did not map or the file did not have then.
 */
export function absentColumns({ stream, columns }: CompiledStream, part: Part): Set<string> {
  const present = new Set(part.columns.map((column) => column.toLowerCase()));
  const { kind, optional } = stream.source;
  const mayLack = kind === "object" || isKeptPart(part) ? [...columns.keys()] : optional;
  return new Set(mayLack.map((column) => column.toLowerCase()).filter((column) => !present.has(column)));
}
