// The work on a closed ingest job: chunk after chunk, in the background.
// In: a job in UploadComplete or InProgress and its upload. Out: rows written, results kept, the job's end.
// Must hold: a chunk's rows, their results and the job's progress are one transaction, so a killed sandbox goes on with
// the next row, never with one that it has written. Other requests are answered between chunks.

import { setImmediate as yieldToRequests } from "node:timers/promises";
import { monotonicMs } from "../../../core/clock.ts";
import { type CsvReader, type CsvRecord, LineEndingError, openCsv } from "../../csv-reader.ts";
import { isDouble } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { bulkErrorText, parseRowError, RowError } from "../errors.ts";
import type { Org } from "../org.ts";
import { type Column, ColumnError, resolveColumns } from "../records/columns.ts";
import { type Deletion, rowDeleter } from "../records/delete.ts";
import { type RowFault, type RowValue, rowWriter } from "../records/writer.ts";
import { javaDouble, quoted } from "../render.ts";
import { transact } from "../store.ts";
import { newline, shuffle } from "./ingest-results.ts";
import { delimiters, type IngestJob, isTerminal, type Jobs, jobFile, jobTimestamp } from "./jobs.ts";
import type { ParentLocks } from "./parent-locks.ts";

/** Rows of one transaction, and of one of Salesforce's own chunks, within which an external id may come once. */
const transactionRows = 4000;
const chunkRows = 200;
const batchRows = 10_000;

export interface Workplace {
  org: Org;
  jobs: Jobs;
  locks: ParentLocks;
}

/** Processes a job to its end, or until it is aborted or the sandbox closes. */
export async function processIngest(place: Workplace, id: string): Promise<void> {
  const { org, jobs } = place;
  const closed = jobs.ingest(id);
  // It may have been aborted since it was closed.
  if (isTerminal(closed)) return;
  jobs.save({ ...closed, ...jobFault(org, closed), state: "InProgress", systemModstamp: jobTimestamp() });
  await yieldToRequests();
  let reader: CsvReader | undefined;
  try {
    const job = jobs.ingest(id);
    if (job.uploads === 0) return complete(org, jobs, job);
    const opened = openUpload(org, job);
    reader = opened.reader;
    const write = rowWork(org, job, opened.columns);
    while (!org.closing && processChunk(place, id, reader, write)) await yieldToRequests();
  } catch (error) {
    if (error instanceof ColumnError) fail(jobs, id, `InvalidBatch : ${error.message}`);
    else if (error instanceof LineEndingError) fail(jobs, id, `ClientInputError : ${error.message}`);
    else throw error;
  } finally {
    reader?.close();
  }
}

// Decided once: a killed sandbox goes on with the job, it does not draw again.
function jobFault(org: Org, job: IngestJob): Pick<IngestJob, "failure"> {
  if (job.state !== "UploadComplete") return {};
  const fault = org.faults.forJob(job.object);
  return fault?.jobError === undefined ? {} : { failure: { afterRows: fault.afterRows ?? 0, message: fault.jobError } };
}

interface Work {
  /** Writes a row and gives its id and whether it was created. Throws a RowError. */
  write(record: CsvRecord, fault: RowFault | undefined): { id: string; created: boolean };
  startChunk(): void;
  columns: readonly Column[];
  /** Between the values of a result line. */
  delimiter: string;
  /** The row's cells as the results show them. */
  renderSuccess(cells: readonly string[]): string;
  renderFailure(cells: readonly string[]): string;
}

/** One transaction of rows. False when the job has ended, by itself or by an abort. */
function processChunk({ org, jobs, locks }: Workplace, id: string, reader: CsvReader, work: Work): boolean {
  const job = jobs.ingest(id);
  if (job.state !== "InProgress") return false;
  const started = monotonicMs();
  const left = (job.failure?.afterRows ?? Number.POSITIVE_INFINITY) - job.recordsProcessed;
  if (job.failure !== undefined && left <= 0) {
    fail(jobs, id, job.failure.message);
    return false;
  }
  const records = reader.read(Math.min(transactionRows, left));
  if (records.length === 0) {
    complete(org, jobs, job);
    return false;
  }
  const checkLocks = locks.checkFor(job, work.columns);
  transact(org.store.database, () => {
    const { successes, failures } = writeRecords(org, job, records, { ...work, checkLocks });
    const end = newline(job);
    org.store.database
      .prepare("INSERT INTO sandbox_job_result VALUES (?, ?, ?, ?)")
      .run(
        job.id,
        job.chunks,
        joinLines(shuffle(successes, job.chunks), end),
        joinLines(shuffle(failures, job.chunks), end),
      );
    jobs.save({
      ...job,
      offset: reader.offset,
      chunks: job.chunks + 1,
      recordsProcessed: job.recordsProcessed + records.length,
      recordsFailed: job.recordsFailed + failures.length,
      processingTime: Math.round(job.processingTime + monotonicMs() - started),
      systemModstamp: jobTimestamp(),
    });
  });
  return true;
}

function writeRecords(
  org: Org,
  job: IngestJob,
  records: readonly CsvRecord[],
  work: Work & { checkLocks: ((cells: readonly string[]) => void) | undefined },
): { successes: string[]; failures: string[] } {
  const successes: string[] = [];
  const failures: string[] = [];
  records.forEach((record, index) => {
    if (index % chunkRows === 0) work.startChunk();
    try {
      const fault = org.faults.forRow(job.object);
      if (fault?.rowError !== undefined) throw parseRowError(fault.rowError);
      work.checkLocks?.(record.cells);
      const { id, created } = work.write(record, fault);
      successes.push(`"${id}"${work.delimiter}"${created}"${work.delimiter}${work.renderSuccess(record.cells)}`);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      failures.push(
        `""${work.delimiter}${quoted(bulkErrorText(error))}${work.delimiter}${work.renderFailure(record.cells)}`,
      );
    }
  });
  return { successes, failures };
}

function openUpload(org: Org, job: IngestJob): { reader: CsvReader; columns: string[] } {
  const path = jobFile(org, job.id);
  const delimiter = delimiters[job.columnDelimiter] ?? ",";
  const reader = openCsv(path, delimiter, job.lineEnding, 0);
  const [header] = reader.read(1);
  const columns = header?.cells ?? [];
  if (job.offset === 0) return { reader, columns };
  reader.close();
  return { reader: openCsv(path, delimiter, job.lineEnding, job.offset), columns };
}

function rowWork(org: Org, job: IngestJob, names: readonly string[]): Work {
  const object = org.catalog.object(job.object);
  if (object === undefined) throw new ColumnError(`Unable to find object: ${job.object}`);
  const columns = resolveColumns(org, object, names);
  const delimiter = delimiters[job.columnDelimiter] ?? ",";
  const shown = {
    columns,
    delimiter,
    renderSuccess: cellRenderer(columns, delimiter),
    // A known issue of Salesforce: in failedResults a column whose header is in the wrong case loses its values.
    renderFailure: cellRenderer(
      columns,
      delimiter,
      (column) => column.header.includes(".") || column.header === column.field.name,
    ),
  };
  if (job.operation === "delete" || job.operation === "hardDelete")
    return { ...shown, ...deleteWork(org, object, columns, job.operation === "delete" ? "recycle" : "purge") };
  const key = job.externalIdFieldName === undefined ? undefined : object.field(job.externalIdFieldName);
  const writer = rowWriter(org, object, columns, { operation: job.operation, ...(key === undefined ? {} : { key }) });
  return {
    ...shown,
    startChunk: writer.startChunk,
    write(record, fault) {
      requireCells(record, columns.length);
      return writer.write(record.cells.map(cellValue), fault);
    },
  };
}

function deleteWork(
  org: Org,
  object: SalesforceObject,
  columns: readonly Column[],
  deletion: Deletion,
): Pick<Work, "write" | "startChunk"> {
  const [only] = columns;
  if (only === undefined || columns.length > 1 || only.field.name !== "Id")
    throw new ColumnError("The column header of a delete job must be Id and nothing else");
  const remove = rowDeleter(org, object, deletion);
  return {
    startChunk: () => undefined,
    write(record) {
      requireCells(record, 1);
      return { id: remove(record.cells[0] ?? ""), created: false };
    },
  };
}

function requireCells(record: CsvRecord, columns: number): void {
  if (record.strayQuote)
    throw new RowError(
      "INVALID_INPUT",
      "Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote",
    );
  if (record.cells.length > columns)
    throw new RowError(
      "INVALID_INPUT",
      `Failed to parse CSV. The row has ${record.cells.length} values for ${columns} columns`,
    );
}

// "Empty field values are ignored when you update records. To set a field value to null, use #N/A."
function cellValue(cell: string): RowValue {
  if (cell === "") return undefined;
  return cell === "#N/A" ? null : cell;
}

function cellRenderer(
  columns: readonly Column[],
  delimiter: string,
  isShown: (column: Column) => boolean = () => true,
): (cells: readonly string[]) => string {
  const renderers = columns.map((column) => {
    const { field, header } = column;
    if (!isShown(column)) return () => '""';
    // A lookup named through its parent's key shows the key as it was sent.
    if (!isDouble(field) || header.includes(".")) return quoted;
    return (cell: string): string =>
      quoted(cell.trim() === "" || Number.isNaN(Number(cell)) ? cell : javaDouble(Number(cell)));
  });
  return (cells) => {
    let line = "";
    for (let index = 0; index < renderers.length; index += 1) {
      if (index > 0) line += delimiter;
      line += renderers[index]?.(cells[index] ?? "");
    }
    return line;
  };
}

function joinLines(lines: readonly string[], end: string): string {
  return lines.length === 0 ? "" : `${lines.join(end)}${end}`;
}

function complete(org: Org, jobs: Jobs, job: IngestJob): void {
  org.limits.use("DailyBulkApiBatches", Math.ceil(job.recordsProcessed / batchRows) + 1);
  jobs.save({ ...job, state: "JobComplete", systemModstamp: jobTimestamp() });
}

function fail(jobs: Jobs, id: string, errorMessage: string): void {
  jobs.save({ ...jobs.ingest(id), state: "Failed", errorMessage, systemModstamp: jobTimestamp() });
}
