// Imports: very many new records in one file. In: a batch file. Out: its result files, by the errors that HubSpot tells
// and by what is there afterwards. What must hold: an import is found again by its name, which is durable before it is
// made; only a unique property says which record a row is; of an import that can't be found the rows are read back by
// that property before anything is sent again.
// https://developers.hubspot.com/docs/api-reference/crm-imports-v3/guide

import type { Batch, BatchState, JobWrites, ResultFiles } from "../../contract/write.ts";
import type { FieldSchema } from "../../core/model.ts";
import { randomId } from "../../core/random.ts";
import { foldText } from "../../values/fold.ts";
import { lookUp } from "../kit/groups.ts";
import { type BatchFile, readBatchFile, type SentRow, saveAnswers } from "./batch-rows.ts";
import type { RowAnswer } from "./batches.ts";
import type { HubSpotClient } from "./client.ts";
import type { ApiError } from "./errors.ts";
import { batchRowsMax, type HubSpotRecord, readBatch } from "./records.ts";

const readLanes = 6;
const importsPerPage = 100;
/** Imports looked through for a name: those of the last days. */
const importPagesMax = 5;
const errorsPerPage = 100;
/** Looks at a file whose import can't be found, in which as many rows were there as before. */
const quietLooksMax = 3;

interface Import {
  id: string;
  state: string;
  importName?: string;
  metadata?: { counters?: Record<string, number> };
}

interface ImportError {
  errorType: string;
  errorMessage?: string;
  invalidValue?: string;
  knownColumnNumber?: number;
  sourceData: { lineNumber: number; rowData?: string[] };
}

/**
 * Fields whose values a file can hold: how it would write a time of day is not documented, and owners are named by their
 * address, not by their id. https://knowledge.hubspot.com/crm-setup/how-to-set-an-owner
 */
export function canImport(fields: Iterable<FieldSchema>): boolean {
  return [...fields].every(
    ({ kind, several, vendorType }) => kind !== "datetime" && vendorType !== "owner" && several !== true,
  );
}

/** The imports of one connection, by their names. */
export class Imports implements JobWrites {
  /** How long HubSpot lists an import is not documented; loadline asks for none that is older. */
  readonly handlesKeptDays = 30;
  readonly #client: HubSpotClient;
  readonly #typeIdOf: (object: string) => Promise<string>;
  readonly #ids = new Map<string, string>();
  readonly #looks = new Map<string, { rows: number; times: number }>();

  constructor(client: HubSpotClient, typeIdOf: (object: string) => Promise<string>) {
    this.#client = client;
    this.#typeIdOf = typeIdOf;
  }

  /** A name that no other import has; with the time by which what is ours is known. */
  async open(batch: Batch): Promise<string> {
    const begun = (await this.#client.readClock()).toISOString();
    return `loadline ${begun} ${batch.object} ${randomId()}${randomId()}`;
  }

  /** The file goes with the call that makes the import. */
  async upload(): Promise<void> {}

  /** Nothing was made yet. */
  async abandon(): Promise<boolean> {
    return true;
  }

  /** Makes the import. Throws CallFault. */
  async commit(name: string, batch: Batch, signal: AbortSignal): Promise<void> {
    const typeId = await this.#typeIdOf(batch.object);
    const { columns } = readBatchFile({ ...batch, path: batch.path });
    const request = {
      name,
      importOperations: { [typeId]: batch.operation === "insert" ? "CREATE" : "UPSERT" },
      dateFormat: "YEAR_MONTH_DAY",
      files: [
        {
          fileName: "records.csv",
          fileFormat: "CSV",
          fileImportPage: {
            hasHeader: true,
            columnMappings: columns.map((column) => ({
              columnObjectTypeId: typeId,
              columnName: column,
              propertyName: column,
              columnType: column === batch.externalId ? "HUBSPOT_ALTERNATE_ID" : "STANDARD",
            })),
          },
        },
      ],
    };
    const boundary = `loadline-${randomId()}${randomId()}`;
    const part = (disposition: string, type: string) =>
      `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n`;
    const before = `${part('name="importRequest"', "application/json")}${JSON.stringify(request)}\r\n${part('name="files"; filename="records.csv"', "text/csv")}`;
    const { id } = await this.#client.callJson<Import>({
      method: "POST",
      path: "/crm/v3/imports",
      form: { id: "name" },
      headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
      body: { path: batch.path, bytes: batch.bytes, before, after: `\r\n--${boundary}--\r\n` },
      idempotent: false,
      doing: `importing ${batch.rows} ${batch.object}`,
      signal,
    });
    this.#ids.set(name, id);
  }

  /** Throws CallFault. */
  async inspect(name: string, batch: Batch, signal: AbortSignal): Promise<BatchState> {
    const found = await this.#find(name, signal);
    if (found === undefined) return this.#lookForRows(name, batch, signal);
    const { errors, processed } = countOf(found);
    switch (found.state) {
      case "DONE":
        return { state: "complete", processed, failed: errors };
      case "FAILED":
        return { state: "failed", message: `import ${found.id} failed`, processed, again: false };
      case "CANCELED":
      case "REVERTED":
        return { state: "aborted", untouched: false };
      default:
        return { state: "processing", processed };
    }
  }

  /** Throws CallFault. */
  async fetchResults(name: string, batch: Batch, files: ResultFiles, signal: AbortSignal): Promise<void> {
    const file = readBatchFile(batch);
    const found = await this.#find(name, signal);
    const errors =
      found === undefined ? new Map<string, ApiError>() : await this.#readErrors(found.id, file, batch, signal);
    const counters = found?.metadata?.counters ?? {};
    // A row with an error may have been written without the value at fault: only without any the counters prove all.
    const isWhole = errors.size === 0 && counters["CREATED_OBJECTS"] === file.rows.length;
    const isPlain = isWhole && found?.state === "DONE";
    const there = isPlain ? undefined : await this.#readBack(file.rows, batch, signal);
    const begun = Date.parse(name.split(" ")[1] ?? "");
    const answers = file.rows.map((row): RowAnswer => {
      const error = errors.get(row.trace);
      if (error !== undefined) return { trace: row.trace, error };
      if (there === undefined) return { trace: row.trace, id: "", created: "true" };
      const record = there.get(foldText(row.key ?? ""));
      if (record === undefined) return { trace: row.trace, error: lostError(found?.state) };
      const isOwn = Date.parse(record.createdAt ?? "") >= begun;
      return { trace: row.trace, id: record.id, created: isOwn ? "true" : "false" };
    });
    saveAnswers(file, answers, files);
  }

  async #find(name: string, signal: AbortSignal): Promise<Import | undefined> {
    const id = this.#ids.get(name) ?? (await this.#findId(name, signal));
    if (id === undefined) return undefined;
    this.#ids.set(name, id);
    return this.#client.get(`/crm/v3/imports/${id}`, {
      doing: `reading import ${id}`,
      form: { state: "name" },
      signal,
    });
  }

  /** The newest come first. */
  async #findId(name: string, signal: AbortSignal): Promise<string | undefined> {
    const query = { limit: String(importsPerPage) };
    const purpose = { doing: "listing imports", signal };
    let pages = 0;
    for await (const { results } of this.#client.pages<Import>("/crm/v3/imports", query, purpose)) {
      const found = results.find(({ importName }) => importName === name);
      pages += 1;
      if (found !== undefined || pages === importPagesMax) return found?.id;
    }
    return undefined;
  }

  /** Nobody knows the import: it was never made, or it is on its way. */
  async #lookForRows(name: string, batch: Batch, signal: AbortSignal): Promise<BatchState> {
    const { rows } = readBatchFile(batch);
    const there = await this.#readBack(rows, batch, signal);
    if (there.size === rows.length) return { state: "complete", processed: rows.length, failed: 0 };
    if (there.size === 0) return { state: "open" };
    const before = this.#looks.get(name);
    const times = before?.rows === there.size ? before.times + 1 : 0;
    this.#looks.set(name, { rows: there.size, times });
    return times < quietLooksMax ? { state: "processing", processed: there.size } : { state: "open" };
  }

  async #readBack(rows: readonly SentRow[], batch: Batch, signal: AbortSignal): Promise<Map<string, HubSpotRecord>> {
    const { object, externalId = "" } = batch;
    const doing = `reading back ${object} by ${externalId}`;
    const request = { object, properties: [externalId], idProperty: externalId, doing, signal };
    const keys = rows.flatMap(({ key }) => (key === undefined ? [] : [key]));
    const there = new Map<string, HubSpotRecord>();
    const reads = lookUp(keys, { items: batchRowsMax, lanes: readLanes }, (group) =>
      readBatch(this.#client, request, group),
    );
    for await (const records of reads) {
      for (const record of records) there.set(foldText(record.properties[externalId] ?? ""), record);
    }
    return there;
  }

  /** Errors by the trace of their row: found by the key that HubSpot repeats, or else by the line. */
  async #readErrors(id: string, file: BatchFile, batch: Batch, signal: AbortSignal): Promise<Map<string, ApiError>> {
    const keyAt = file.columns.indexOf(batch.externalId ?? "");
    const byKey = new Map(file.rows.map((row) => [row.cells[keyAt], row]));
    const errors = new Map<string, ApiError>();
    const path = `/crm/v3/imports/${id}/errors`;
    const query = { limit: String(errorsPerPage), includeErrorMessage: "true", includeRowData: "true" };
    const purpose = { doing: `reading the errors of import ${id}`, signal };
    for await (const { results } of this.#client.pages<ImportError>(path, query, purpose)) {
      for (const error of results) {
        // The first line is the header.
        const row = byKey.get(error.sourceData.rowData?.[keyAt] ?? "") ?? file.rows[error.sourceData.lineNumber - 2];
        const told = describeError(error, file.columns);
        for (const { trace } of row === undefined ? file.rows : [row]) if (!errors.has(trace)) errors.set(trace, told);
      }
    }
    return errors;
  }
}

function lostError(state: string | undefined): ApiError {
  const ended = state === undefined || state === "DONE" ? "is done" : `ended as ${state.toLowerCase()}`;
  return { category: "NOT_IMPORTED", message: `the import ${ended} and told no error, but there is no such record` };
}

function describeError(
  { errorType, errorMessage, invalidValue, knownColumnNumber }: ImportError,
  columns: readonly string[],
): ApiError {
  const property = knownColumnNumber === undefined ? undefined : columns[knownColumnNumber];
  const value = invalidValue === undefined ? "" : ` ("${invalidValue}")`;
  return {
    category: errorType,
    message: `${errorMessage ?? errorType}${value}`,
    ...(property === undefined ? {} : { context: { propertyName: [property] } }),
  };
}

function countOf({ metadata }: Import): { errors: number; processed: number } {
  const counters = metadata?.counters ?? {};
  const errors = counters["ERRORS"] ?? 0;
  return { errors, processed: (counters["UNIQUE_OBJECTS_WRITTEN"] ?? 0) + errors };
}
