// Source rows of test cases, as a source would have given them. In: cases of one stream. Out: parts, and which row is whose.
// Must hold: a cell is what the case says; a column that no case names is blank, as an empty cell is.

import { createReadStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FileCatalog, ListedFile } from "../../../contract/files.ts";
import type { RecordCatalog } from "../../../contract/records.ts";
import type { ExtractedPart, ExtractRequest, Source } from "../../../contract/source.ts";
import { describePart, writePart } from "../../../core/part-file.ts";
import { writeRecordFile } from "../../../core/record-file.ts";
import { type FileFormat, plainCsv } from "../../../formats/format.ts";
import { searchOf, searchReceived } from "../../../formats/received.ts";
import type { Stream } from "../../../job/job.ts";
import type { CellValue, GivenRow, TestCase } from "../../../job/test-case.ts";

/** Cases whose rows have the same columns are one file. */
interface GivenFile {
  label: string;
  columns: string[];
  rows: { of: TestCase; cells: CellValue[] }[];
}

/** By part and position the case of a row, and where in its `given` it stands. */
export interface GivenPlaces {
  find(part: number, position: number): { of: TestCase; index: number } | undefined;
}

export interface GivenSource extends GivenPlaces {
  source: Source;
}

/** A stream as a test reads it: what says when and how files come has nothing to do with their rows. */
export function asGiven(stream: Stream): Stream {
  const { source } = stream;
  if (source.kind === "object") {
    const { incremental: _, where: __, ...rest } = source;
    return { ...stream, source: rest };
  }
  const { decryption: _, ready: __, maxAgeMs: ___, ...rest } = source;
  return {
    ...stream,
    source: {
      ...rest,
      files: "*",
      once: false,
      order: "name",
      after: { kind: "leave" },
      format: formatOf(source.format),
    },
  };
}

/** CSV knows no NULL, the other formats do. */
function formatOf({ type }: FileFormat): FileFormat {
  return type === "csv" ? plainCsv : { type: "jsonl", encoding: "utf-8" };
}

/** `columns`: those that the stream reads, less those that a file may lack. */
export function openGivenFiles(stream: Stream, cases: readonly TestCase[], columns: readonly string[]): GivenSource {
  const files = gatherFiles(cases, columns);
  const format = formatOf(stream.source.format);
  const listed = files.map(({ label }): ListedFile => ({ label, bytes: 0, modifiedMs: 0 }));
  const catalog: FileCatalog = {
    readOnly: true,
    list: async () => ({ files: listed, nearly: [] }),
    look: async () => undefined,
    readText: async () => undefined,
    fetchHead: () => Promise.reject(new Error("what is given is not fetched")),
    hash: () => Promise.reject(new Error("what is given is not hashed")),
    move: () => Promise.reject(new Error("what is given is not moved")),
    write: () => Promise.reject(new Error("nothing is put beside what is given")),
    remove: () => Promise.reject(new Error("what is given is not removed")),
  };
  const source: Source = {
    orgId: "given",
    files: catalog,
    async *extract(request) {
      for (const { ordinal, label } of request.files) {
        const file = files.find((one) => one.label === label);
        if (file !== undefined) yield await writeGiven(request, ordinal, file, format);
      }
    },
  };
  return { source, find: (part, position) => placeIn(files[part - 1], position) };
}

function placeIn(file: GivenFile | undefined, position: number): { of: TestCase; index: number } | undefined {
  const row = file?.rows[position];
  if (file === undefined || row === undefined) return undefined;
  const first = file.rows.findIndex(({ of }) => of === row.of);
  return { of: row.of, index: position - first };
}

function gatherFiles(cases: readonly TestCase[], columns: readonly string[]): GivenFile[] {
  const files = new Map<string, GivenFile>();
  const known = new Set(columns.map(fold));
  for (const of of cases) {
    const more = new Map<string, string>();
    for (const name of of.given.flatMap(({ cells }) => [...cells.keys()]))
      if (!known.has(fold(name))) more.set(fold(name), name);
    const all = [...columns, ...more.values()];
    const signature = all.map(fold).join("\u001f");
    const file = files.get(signature) ?? {
      label: `given-${String(files.size + 1).padStart(5, "0")}`,
      columns: all,
      rows: [],
    };
    files.set(signature, file);
    file.rows.push(...of.given.map((row) => ({ of, cells: cellsOf(row, all) })));
  }
  return [...files.values()];
}

async function writeGiven(
  request: ExtractRequest,
  ordinal: number,
  { label, columns, rows }: GivenFile,
  format: FileFormat,
): Promise<ExtractedPart> {
  const path = join(request.folder, `given-${ordinal}.${format.type}`);
  if (format.type === "csv")
    await writeRecordFile(
      path,
      columns,
      rows.map(({ cells }) => cells.map(orBlank)),
      "source",
    );
  else writeFileSync(path, rows.map(({ cells }) => `${JSON.stringify(asRecord(columns, cells))}\n`).join(""));
  const suspect = await searchReceived(createReadStream(path), { path, label }, searchOf(format, label));
  return { ...(await describePart(path, ordinal, { label, locator: label, rows: rows.length })), suspect };
}

function asRecord(columns: readonly string[], cells: readonly CellValue[]): Record<string, CellValue> {
  return Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? null]));
}

/** Records of an API: each knows who it is and when it changed. */
export function openGivenRecords(cases: readonly TestCase[], catalog: RecordCatalog): GivenSource {
  const rows = cases.flatMap((of) => of.given.map((given, index) => ({ of, given, index })));
  return {
    source: {
      orgId: "given",
      records: catalog,
      async *extract(request) {
        if (request.source.kind !== "object") return;
        const { idColumn, versionColumn } = await catalog.describe(request.source);
        const own = [idColumn, versionColumn];
        const columns = [...own, ...request.columns.filter((name) => !own.some((one) => fold(one) === fold(name)))];
        const records = rows.map(({ given }, row) =>
          cellsOf(given, columns).map((cell, index) => orBlank(cell ?? (index === 0 ? `given-${row + 1}` : null))),
        );
        yield await writePart(request, 1, columns, records, { label: "given", locator: "given" });
      },
    },
    find(_part, position) {
      const row = rows[position];
      return row === undefined ? undefined : { of: row.of, index: row.index };
    },
  };
}

function cellsOf({ cells }: GivenRow, columns: readonly string[]): CellValue[] {
  const folded = new Map([...cells].map(([name, value]) => [fold(name), value]));
  return columns.map((name) => folded.get(fold(name)) ?? null);
}

function orBlank(cell: CellValue): string {
  return cell ?? "";
}

function fold(name: string): string {
  return name.toLowerCase();
}
