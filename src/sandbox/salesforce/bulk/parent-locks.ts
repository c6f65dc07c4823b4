// Lock contention between jobs that write under the same parents, for rehearsals that ask for it.
// In: a job and a row's cells. Out: nothing, or the row error that Salesforce gives up with after waiting for the lock.
// Must hold: who is in the way does not hang on timing: a job holds its parents from its upload until it ends.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/data_loading_strategies.htm

import { openCsv } from "../../csv-reader.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { RowError } from "../errors.ts";
import type { Org } from "../org.ts";
import { type Column, ColumnError, keyLookup, resolveColumns } from "../records/columns.ts";
import { keyOf } from "../store.ts";
import { delimiters, type IngestJob, isTerminal, type Jobs, jobFile } from "./jobs.ts";

export interface ParentLocks {
  /** A check of a job's rows against the other jobs in flight; undefined where the switch is off. */
  checkFor(job: IngestJob, columns: readonly Column[]): ((cells: readonly string[]) => void) | undefined;
}

const blockRows = 1000;

export function createParentLocks(org: Org, jobs: Jobs): ParentLocks {
  const held = new Map<string, ReadonlySet<string>>();
  const heldBy = (job: IngestJob): ReadonlySet<string> => {
    const known = held.get(job.id) ?? readHeld(org, job);
    held.set(job.id, known);
    return known;
  };
  return {
    checkFor(job, columns) {
      if (!org.sharedParentLocks) return undefined;
      const others = jobs
        .list()
        .filter((other): other is IngestJob => other.kind === "ingest" && other.id !== job.id && isInFlight(other))
        .map(heldBy);
      const parents = parentColumns(columns);
      return (cells) => {
        for (const { column, index } of parents) {
          const parent = readCell(column, cells[index]);
          if (parent !== undefined && others.some((ids) => ids.has(parent))) throw locked(parent);
        }
      };
    },
  };
}

function isInFlight(job: IngestJob): boolean {
  return job.uploads === 1 && !isTerminal(job);
}

/** Ids of the parents that a job's rows name, and of the records that it writes. */
function readHeld(org: Org, job: IngestJob): ReadonlySet<string> {
  const ids = new Set<string>();
  const object = org.catalog.object(job.object);
  if (object === undefined) return ids;
  const reader = openCsv(jobFile(org, job.id), delimiters[job.columnDelimiter] ?? ",", job.lineEnding, 0);
  try {
    const columns = resolveColumns(org, object, reader.read(1)[0]?.cells ?? []);
    const parents = parentColumns(columns);
    const own = ownRecord(org, object, job, columns);
    for (let records = reader.read(blockRows); records.length > 0; records = reader.read(blockRows))
      for (const { cells } of records)
        for (const id of [own(cells), ...parents.map(({ column, index }) => readCell(column, cells[index]))])
          if (id !== undefined) ids.add(id);
  } catch (error) {
    // A file that cannot be read fails its own job, not another's rows.
    if (!(error instanceof ColumnError)) throw error;
  } finally {
    reader.close();
  }
  return ids;
}

function parentColumns(columns: readonly Column[]): { column: Column; index: number }[] {
  return columns.flatMap((column, index) =>
    column.field.type === "reference" && !["OwnerId", "RecordTypeId"].includes(column.field.name)
      ? [{ column, index }]
      : [],
  );
}

function ownRecord(
  org: Org,
  object: SalesforceObject,
  job: IngestJob,
  columns: readonly Column[],
): (cells: readonly string[]) => string | undefined {
  const key = job.operation === "upsert" ? object.field(job.externalIdFieldName ?? "Id") : object.field("Id");
  const index = columns.findIndex((column) => column.field === key);
  const column = columns[index];
  if (key === undefined || column === undefined) return () => undefined;
  if (key.name === "Id") return (cells) => readCell(column, cells[index]);
  const find = keyLookup(org, object, key);
  return (cells) => {
    const value = readCell(column, cells[index]);
    return value === undefined ? undefined : find.get(keyOf(key, value))?.[0];
  };
}

// A parent that is not there, or a value that is wrong, is the row's own error and holds nothing.
function readCell(column: Column, cell: string | undefined): string | undefined {
  if (cell === undefined || cell === "" || cell === "#N/A") return undefined;
  try {
    const value = column.read(cell);
    return value === null ? undefined : String(value);
  } catch (error) {
    if (error instanceof RowError) return undefined;
    throw error;
  }
}

function locked(parent: string): RowError {
  return new RowError("UNABLE_TO_LOCK_ROW", `unable to obtain exclusive access to this record or 1 records: ${parent}`);
}
