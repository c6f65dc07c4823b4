// A test case from a real source row. In: a job, a stream of it, the row. Out: an entry of `tests`, and what a person should
// know of it. Must hold: it passes as it is written; no value under `redact`, nor one of a column that such a field is
// mapped from, is in it.

import type { Stream } from "../../../job/job.ts";
import type { CellValue, GivenRow, TestCase } from "../../../job/test-case.ts";
import type { CompiledStream } from "../../compile/compiled-stream.ts";
import type { CaseResult, CaseRow } from "./case-results.ts";
import { rowsOut } from "./compare-case.ts";
import { type JudgedCase, runTests, type TestRequest } from "./run-tests.ts";
import { standIn } from "./stand-ins.ts";

export interface CaseRequest extends Omit<TestRequest, "cases"> {
  stream: Stream;
  name: string;
  /** Of the source, by column. */
  cells: ReadonlyMap<string, CellValue>;
}

type Cells = Record<string, CellValue>;

/** As it is written. */
interface WrittenCase {
  name: string;
  stream: string;
  given: [Cells];
  expect?: Cells[];
  expect_rejects?: { field?: string; rule: string; message?: string }[];
}

export interface CaseFromRow {
  written: WrittenCase;
  /** Columns whose values are stand-ins. */
  masked: string[];
  isRejected: boolean;
  notes: string[];
}

export async function makeCase(request: CaseRequest): Promise<CaseFromRow> {
  const { stream, cells, name } = request;
  const [real] = await judge(request, [caseOf(stream, name, 0, cells)]);
  const { compiled } = real.result;
  const read = readCells(compiled, cells);
  const isHidden = hiddenColumns(compiled);
  const masked = [...read].filter(([column, value]) => isHidden(column) && (value ?? "") !== "");
  const chosen = masked.length === 0 ? undefined : await chooseStandIn(request, read, real.result);
  const given = chosen?.cells ?? read;
  const { result } = chosen?.judged ?? real;
  const [row] = result.rows;
  const isRejected = row?.state === "rejected";
  const own = { name, stream: stream.name, given: [Object.fromEntries(given)] } satisfies WrittenCase;
  const notes = [
    ...(chosen?.isAlike === false ? ["with stand-ins for hidden values the row is judged otherwise than it came"] : []),
    ...(row === undefined ? ["source.keep leaves the row out: no row is expected"] : []),
  ];
  const told = { masked: masked.map(([column]) => column), isRejected, notes };
  if (isRejected) return { ...told, written: { ...own, expect_rejects: rejectsOf(row) } };
  const expected = rowsOut(result).map(({ values }) => new Map(values));
  const test = { ...caseOf(stream, name, 0, given), expect: expected.map((one) => rowOf(one)) };
  const [again] = await judge(request, [test]);
  // What the time of the test says, and the like.
  const fleeting = again.differences
    .flatMap((one) => (one.kind === "differs" ? one.fields : []))
    .map(({ field }) => field);
  if (fleeting.length > 0) notes.push(`not expected, for it is another value each time: ${fleeting.join(", ")}`);
  const expect = expected.map((one) =>
    nameFields(compiled, new Map([...one].filter(([field]) => !fleeting.includes(field)))),
  );
  return { ...told, written: { ...own, expect } };
}

async function judge(request: CaseRequest, cases: readonly TestCase[]): Promise<[JudgedCase, ...JudgedCase[]]> {
  const [first, ...others] = await runTests({ ...request, cases });
  if (first === undefined) throw new Error("a case of a stream of the job is judged");
  return [first, ...others];
}

function caseOf(stream: Stream, name: string, index: number, cells: ReadonlyMap<string, CellValue>): TestCase {
  const given = [rowOf(cells)];
  return { name, index, stream: stream.name, given, givenTarget: [], place: stream.place };
}

function rowOf(cells: ReadonlyMap<string, CellValue>): GivenRow {
  return { cells, places: new Map(), place: { file: "--row" } };
}

/** Those that the stream reads, less what is blank anyway. */
function readCells({ columns, stream }: CompiledStream, cells: ReadonlyMap<string, CellValue>): Map<string, CellValue> {
  const read = new Set([...columns.keys()].map(fold));
  const optional = new Set(stream.source.optional.map(fold));
  const isCsv = stream.source.format.type === "csv";
  return new Map(
    [...cells].filter(([column, value]) => {
      if (!read.has(fold(column))) return false;
      // A column that a file may lack is there, though blank.
      return optional.has(fold(column)) || !(value === null || (isCsv && value === ""));
    }),
  );
}

function hiddenColumns({ fields, redacted }: CompiledStream): (column: string) => boolean {
  const hidden = fields.filter(({ field }) => redacted.has(fold(field.target))).flatMap(({ columns }) => columns);
  const folded = new Set(hidden.map(fold));
  return (column) => folded.has(fold(column));
}

interface Chosen {
  cells: ReadonlyMap<string, CellValue>;
  judged: JudgedCase;
  /** Whether the row is judged as the real one is. */
  isAlike: boolean;
}

/** Cases that can be planned together cost as much as one; a tree or a mirror has a plan for each. */
const attempts = 24;

/** Digits for digits make no date of a date: of several stand-ins, the first with which the same becomes of the row. */
async function chooseStandIn(
  request: CaseRequest,
  cells: ReadonlyMap<string, CellValue>,
  real: CaseResult,
): Promise<Chosen> {
  const isHidden = hiddenColumns(real.compiled);
  const tried = Array.from({ length: attempts }, (_, attempt) => standIn(cells, isHidden, attempt));
  const judged = await judge(
    request,
    tried.map((one, index) => caseOf(request.stream, `${request.name} ${index}`, index, one)),
  );
  const wanted = outcomeOf(real);
  const alike = judged.findIndex(({ result }) => outcomeOf(result) === wanted);
  const index = Math.max(alike, 0);
  return { cells: tried[index] ?? cells, judged: judged[index] ?? judged[0], isAlike: alike >= 0 };
}

/** What becomes of the row, without its values. */
function outcomeOf({ rows }: CaseResult): string {
  const told = rows.map(({ state, rejects, values }) => ({
    state,
    rejects: rejects.map(({ field, rule }) => [field, rule]),
    blank: state === "rejected" ? [] : [...values].filter(([, value]) => value === null).map(([field]) => field),
  }));
  return JSON.stringify(told);
}

function rejectsOf({ rejects }: CaseRow): NonNullable<WrittenCase["expect_rejects"]> {
  return rejects.map(({ field, rule, message }) => {
    const part = longestShown(message);
    return { ...(field === "" ? {} : { field }), rule, ...(part === "" ? {} : { message: part }) };
  });
}

/** A message without what stands for a hidden value. */
function longestShown(message: string): string {
  const parts = message.split("(hidden)").map((part) => part.trim());
  return parts.reduce((longest, part) => (part.length > longest.length ? part : longest), "");
}

/** A parent as the job names it. */
function nameFields({ fields }: CompiledStream, values: ReadonlyMap<string, CellValue>): Cells {
  const written = new Map(fields.map(({ field }) => [field.target, field.parent?.field ?? field.target]));
  return Object.fromEntries([...values].map(([field, value]) => [written.get(field) ?? field, value]));
}

function fold(name: string): string {
  return name.toLowerCase();
}
