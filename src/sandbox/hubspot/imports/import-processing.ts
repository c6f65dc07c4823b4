// The work on imports: three at a time, chunk after chunk, in the background. The others wait as DEFERRED.
// In: imports and their files. Out: records written, errors kept, each import's end.
// Must hold: a chunk's records, its errors and the import's progress are one transaction, so a killed sandbox goes on
// with the next row. Other requests are answered between chunks.

import { setImmediate as yieldToRequests } from "node:timers/promises";
import { type CsvReader, openCsv } from "../../csv-reader.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import type { Portal } from "../portal.ts";
import { ImportFault, type RowError, type RowWriter, rowWriter } from "./import-row.ts";
import { type Import, type ImportError, type Imports, importFile } from "./imports.ts";

/** Rows of one transaction; they get one and the same time, as HubSpot's own do. */
const chunkRows = 1_000;
const runningMax = 3;

export interface ImportWork {
  /** Starts an import, or lets it wait for one of the three to end. */
  begin(id: number): void;
  /** Waits until the work has stopped (after `portal.closing`). */
  settle(): Promise<void>;
}

export function importWork(portal: Portal): ImportWork {
  const { imports } = portal;
  const running = new Map<number, Promise<void>>();
  const begin = (id: number): void => {
    if (running.has(id)) return;
    if (running.size >= runningMax) {
      const waiting = imports.get(id);
      if (waiting?.state === "STARTED") imports.save({ ...waiting, state: "DEFERRED" });
      return;
    }
    const work = run(portal, id).finally(() => {
      running.delete(id);
      if (portal.closing) return;
      for (const next of imports.unfinished()) begin(next.id);
    });
    running.set(id, work);
  };
  return {
    begin,
    async settle() {
      await Promise.allSettled(running.values());
    },
  };
}

async function run(portal: Portal, id: number): Promise<void> {
  const { imports } = portal;
  // The client hears that the import has started before it is processed.
  await yieldToRequests();
  const begun = imports.get(id);
  if (begun?.state === "STARTED" || begun?.state === "DEFERRED") imports.save({ ...begun, state: "PROCESSING" });
  for (;;) {
    const current = imports.get(id);
    if (portal.closing || current?.state !== "PROCESSING") return;
    const file = current.request.files[current.file];
    if (file === undefined) return finish(imports, current, "DONE");
    try {
      using work = openFile(portal, current);
      while (!portal.closing && processChunk(portal, id, work)) await yieldToRequests();
    } catch (error) {
      if (!(error instanceof ImportFault)) throw error;
      imports.addErrors(id, [errorOf(current, error.error, 0, [])]);
      finish(imports, { ...current, counters: { ...current.counters, ERRORS: current.counters.ERRORS + 1 } }, "FAILED");
    }
  }
}

function finish(imports: Imports, ended: Import, state: "DONE" | "FAILED"): void {
  imports.save({ ...ended, state });
  imports.release(ended.id);
}

interface FileWork extends Disposable {
  reader: CsvReader;
  type: ObjectType;
  writer: RowWriter;
}

/** Opens the file that is next where the last chunk ended. Throws an ImportFault when its header is not as mapped. */
function openFile(portal: Portal, current: Import): FileWork {
  const file = current.request.files[current.file];
  const type = portal.catalog.objectType(file?.typeId ?? "");
  if (file === undefined || type === undefined)
    throw new ImportFault({ errorType: "MISSING_OBJECT_DEFINITION", message: "The object type is gone" });
  const path = importFile(portal.folder, current.fileIds[current.file] ?? 0);
  const writer = rowWriter(portal, type, file);
  const reader = openCsv(path, ",", undefined, current.offset);
  if (current.offset === 0 && file.hasHeader) {
    const header = reader.read(1)[0]?.cells.map((cell) => cell.replace(/^\uFEFF/, "").trim()) ?? [];
    const wanted = file.columns.map(({ columnName }) => columnName.trim());
    if (header.length !== wanted.length || header.some((name, index) => name !== wanted[index])) {
      reader.close();
      const message = `The file has the columns ${header.join(", ")}; mapped are ${wanted.join(", ")}`;
      throw new ImportFault({ errorType: "INVALID_COLUMN_CONFIGURATION", message });
    }
  }
  return { reader, type, writer, [Symbol.dispose]: () => reader.close() };
}

/** One transaction of rows. False when the file has ended, or the import was canceled. */
function processChunk(portal: Portal, id: number, { reader, type, writer }: FileWork): boolean {
  const { imports } = portal;
  const current = imports.get(id);
  if (current?.state !== "PROCESSING") return false;
  const records = reader.read(chunkRows);
  const counters = { ...current.counters };
  if (current.line === 0) {
    counters.MAPPED_COLUMNS += writer.mapped;
    counters.UNMAPPED_COLUMNS += writer.unmapped;
  }
  const hasHeader = current.request.files[current.file]?.hasHeader ?? true;
  let line = current.line === 0 && hasHeader ? 1 : current.line;
  portal.store.transact(() => {
    const at = portal.store.tick();
    const errors: Omit<ImportError, "id" | "createdAt">[] = [];
    const claim = (record: number): boolean => imports.claim(id, type.typeId, record);
    for (const record of records) {
      line += 1;
      const result = writer.write(record, at, claim);
      counters.TOTAL_ROWS += 1;
      counters.PROPERTY_VALUES_EMITTED += result.values;
      if (result.written === "created") counters.CREATED_OBJECTS += 1;
      if (result.written === "updated") counters.UPDATED_OBJECTS += 1;
      if (result.written !== undefined) counters.UNIQUE_OBJECTS_WRITTEN += 1;
      for (const error of result.errors) errors.push(errorOf(current, error, line, record.cells));
    }
    counters.ERRORS += errors.length;
    imports.addErrors(id, errors);
    const ended = records.length < chunkRows;
    const place = ended ? { file: current.file + 1, offset: 0, line: 0 } : { offset: reader.offset, line };
    imports.save({ ...current, ...place, counters });
  });
  return records.length === chunkRows;
}

function errorOf(
  current: Import,
  { errorType, message, column, value }: RowError,
  line: number,
  cells: string[],
): Omit<ImportError, "id" | "createdAt"> {
  const objectTypeId = current.request.files[current.file]?.typeId ?? "";
  const fileId = current.fileIds[current.file] ?? 0;
  return { errorType, message, objectTypeId, column, value, fileId, line, cells };
}
