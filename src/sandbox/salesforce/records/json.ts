// Records as JSON gives them, written through the same checks as rows of a file.
// In: an object of field names and values; a nested object names a parent by its key. Out: what was written.

import type { SalesforceObject } from "../catalog/object.ts";
import { ApiError, parseRowError } from "../errors.ts";
import type { Org } from "../org.ts";
import { ColumnError, resolveColumns } from "./columns.ts";
import { type RowFault, type RowValue, rowWriter, type WriterOptions, type Written } from "./writer.ts";

export interface RecordWrite extends WriterOptions {
  record: Readonly<Record<string, unknown>>;
  /** What a fault does to the row. */
  fault?: RowFault | undefined;
}

/** Writes one record. Throws a RowError when it is refused, an ApiError when a name leads nowhere. */
export function writeRecord(org: Org, object: SalesforceObject, { record, fault, ...options }: RecordWrite): Written {
  if (fault?.rowError !== undefined) throw parseRowError(fault.rowError);
  const cells = cellsOf(record);
  try {
    const columns = resolveColumns(
      org,
      object,
      cells.map(([name]) => name),
    );
    return rowWriter(org, object, columns, options).write(
      cells.map(([, value]) => value),
      fault,
    );
  } catch (error) {
    if (!(error instanceof ColumnError)) throw error;
    const name = /: (?<name>.+)$/.exec(error.message)?.groups?.["name"] ?? "";
    throw new ApiError(400, "INVALID_FIELD", `No such column '${name}' on sobject of type ${object.name}`);
  }
}

function cellsOf(record: Readonly<Record<string, unknown>>): [string, RowValue][] {
  return Object.entries(record).flatMap(([name, value]): [string, RowValue][] => {
    if (name === "attributes") return [];
    if (typeof value !== "object" || value === null) return [[name, cellOf(value)]];
    const type = (value as { attributes?: { type?: string } }).attributes?.type;
    const keys = Object.entries(value).filter(([key]) => key !== "attributes");
    return keys.map(([key, inner]) => [`${type === undefined ? "" : `${type}:`}${name}.${key}`, cellOf(inner)]);
  });
}

function cellOf(value: unknown): RowValue {
  return value === null || value === undefined ? (value as null | undefined) : String(value);
}
