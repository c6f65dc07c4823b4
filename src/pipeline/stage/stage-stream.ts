// Transform and validate, by the engine. In: the parts of a stream, and the stream as it is compiled. Out: a view of typed
// rows with what is wrong with each. Must hold: every record of a part is a row of the view, broken ones included, with the
// part and the position that it came from.

import { join } from "node:path";
import { countOf, showCount } from "../../core/counted.ts";
import { Failure, type Place } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { fileOf, isKeptPart, type Part } from "../../core/model.ts";
import { suggest } from "../../core/suggest.ts";
import { findTotal } from "../../formats/totals.ts";
import { type Diagnostic, diagnosticsFailure } from "../../job/diagnostics.ts";
import { countBroken } from "../../stage/record-copy.ts";
import { createStageView, type StagedFile } from "../../stage/stage.ts";
import { isAbsent } from "../../transform/mapping.ts";
import { findCertain, findRefusals } from "./certain-fields.ts";
import { type ReadParts, type ResolveLookup, stageLookingUp } from "./copied-parts.ts";
import type { FoundTable } from "./listed-lookups.ts";
import { lookAtLongCells } from "./long-cells.ts";
import {
  absentColumns,
  gatherParts,
  type PartInput,
  type StagedPartFile,
  stageOnePart,
  stageTogether,
  type WritePart,
} from "./stage-part.ts";
import type { StagedPart, StagedStream } from "./staged-stream.ts";

export interface StageInput extends Pick<PartInput, "engine" | "compiled" | "folder"> {
  parts: readonly Part[];
  onPart(part: Part): void;
  /** Asked before a row is staged, where the stream looks something up. */
  resolveLookup?: ResolveLookup;
}

const stageView = "stage";

export async function stageStream(given: StageInput): Promise<StagedStream> {
  const { engine, compiled } = given;
  let certain: Promise<Map<string, string>> | undefined;
  let refusals: Promise<Map<string, string>> | undefined;
  const input = {
    ...given,
    tables: new Map<number, FoundTable>(),
    findCertain() {
      certain ??= findCertain(engine, compiled.fields);
      return certain;
    },
    findRefusals() {
      refusals ??= findRefusals(engine, compiled.fields);
      return refusals;
    },
  };
  for (const part of input.parts) refuseMissingColumns(input, part);
  await engine.prepareFor(input.parts.reduce((sum, { bytes }) => sum + bytes, 0));
  const readThem = (write?: WritePart) => readParts(input, write);
  const { read, isNumbered } =
    compiled.lookups.length === 0
      ? { read: await readThem(), isNumbered: false }
      : await stageLookingUp({ ...input, resolveLookup: resolverOf(given), readParts: readThem });
  const parts = read.flatMap(({ parts, staged }) =>
    staged.map((file, index) => describePart(parts[index] as Part, file)),
  );
  const files = read.map(
    ({ path, parts }): StagedFile => ({
      path,
      ordinals: parts.map(({ ordinal }) => ordinal),
      ...(isNumbered ? { isNumbered } : {}),
    }),
  );
  const rows = await createStageView(engine, stageView, files);
  for (const staged of parts) staged.rows = rows.get(staged.part.ordinal) ?? 0;
  refuseShortFiles(parts);
  const staged: StagedStream = { view: stageView, parts, words: [] };
  const mapped = new Set(compiled.fields.flatMap(({ columns }) => columns.map((column) => column.toLowerCase())));
  for (const { part, remarks } of parts) {
    for (const [column, words] of remarks)
      if (mapped.has(column.toLowerCase())) staged.words.push(`${part.label}: ${words}`);
  }
  staged.words.push(...parts.flatMap(tellTotal));
  staged.words.push(...(await lookAtLongCells(engine, staged, input.folder)));
  return staged;
}

function resolverOf({ resolveLookup }: StageInput): ResolveLookup {
  if (resolveLookup === undefined) throw new Error("the stream looks something up, and nobody resolves it");
  return resolveLookup;
}

/** Without `write`, transform and validate. */
async function readParts(input: StageInput & PartInput, write: WritePart | undefined): Promise<ReadParts[]> {
  const { compiled } = input;
  const writing = write === undefined ? input : { ...input, write };
  const read: ReadParts[] = [];
  const readNext = async (next: readonly Part[]): Promise<void> => {
    const [first] = next;
    if (first === undefined) return;
    input.onPart(first);
    const path = join(input.folder, `${compiled.stream.name}-${String(first.ordinal).padStart(5, "0")}.parquet`);
    const staged =
      next.length === 1 ? [await stageOnePart(writing, first, path)] : await stageTogether(writing, next, path);
    // One of them holds what is to be read with care: it is found by reading each by itself.
    if (staged === undefined) for (const part of next) await readNext([part]);
    else read.push({ path, parts: next, staged });
  };
  for (const next of gatherParts(input.parts, compiled.stream.source)) await readNext(next);
  return read;
}

/** A line of totals at the end would be a record as others. */
function tellTotal({ part, open }: StagedPart): string[] {
  if (!("text" in open) || open.text.format.footerLines !== undefined || open.text.part.compressed) return [];
  const total = findTotal(open.text.part.path, open.text.format);
  if (total === undefined) return [];
  return [
    `${part.label}: the last record looks like a total ("${total.slice(0, 20)}"): leave it out by format.footer_lines: 1`,
  ];
}

function describePart(part: Part, { open, lined }: StagedPartFile): StagedPart {
  const careful = lined !== undefined && "text" in open;
  return {
    part,
    open,
    rows: 0,
    hasLines: lined !== undefined,
    careful,
    broken: lined?.broken ?? [],
    notTaken: [],
    remarks: lined?.remarks ?? new Map(),
  };
}

/** What the sender counted must have arrived; of an archive it counted the records of all files in it. */
function refuseShortFiles(parts: readonly StagedPart[]): void {
  for (const together of Map.groupBy(parts, ({ part }) => fileOf(part).ordinal).values()) {
    const [{ part } = { part: undefined }] = together;
    const arrived = together.reduce((sum, { rows, broken }) => sum + rows + broken.length, 0);
    // A broken record is one of the sender's, or as many as it spans lines.
    const most = together.reduce((sum, { rows, broken }) => sum + rows + countBroken(broken), 0);
    if (part === undefined || part.rows === null || (part.rows >= arrived && part.rows <= most)) continue;
    throw new Failure(exitCode.failed, `${countOf(part.rows, "record")} promised, ${showCount(arrived)} arrived`, {
      where: { file: part.label },
      next: "run again; nothing was written",
    });
  }
}

function refuseMissingColumns({ compiled }: StageInput, part: Part): void {
  const { stream, fields, keepColumns } = compiled;
  // A record's key that is not known is the row's own trouble.
  if (stream.source.kind === "object") return;
  const present = new Set(part.columns.map((column) => column.toLowerCase()));
  const mayLack = isKeptPart(part) ? compiled.columns.keys() : stream.source.optional;
  const optional = new Set([...mayLack].map((column) => column.toLowerCase()));
  const tellMissing = (columns: readonly string[], place: Place, use: string): Diagnostic[] =>
    columns
      .filter((column) => !present.has(column.toLowerCase()) && !optional.has(column.toLowerCase()))
      .map((column) => {
        const suggestion = suggest(column, part.columns);
        const message = `${part.label} has no column "${column}", which ${use}`;
        const next = "correct the name, or list the column under source.optional if files may lack it";
        return { place, message, next, ...(suggestion === undefined ? {} : { suggestion }) };
      });
  const problems = [
    ...fields.flatMap(({ field, columns }) =>
      tellMissing(columns, field.expression.place, `${field.target} is mapped from`),
    ),
    ...(stream.keep === undefined ? [] : tellMissing(keepColumns, stream.keep.place, "source.keep asks for")),
  ];
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
