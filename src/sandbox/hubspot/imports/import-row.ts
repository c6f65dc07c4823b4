// One row of an import: its cells as properties, the record that it means, what is wrong with it.
// In: the columns' mappings and a row. Out: a record created or updated, and the errors of the row.
// Must hold: rows are checked by the same rules as single writes. A value that no property can hold is left out and
// told, and the rest of the row is written, as HubSpot does it; what else is wrong refuses the row.
// https://knowledge.hubspot.com/import-and-export/troubleshoot-import-errors

import { identifier } from "../../../core/sql.ts";
import type { CsvRecord } from "../../csv-reader.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { ApiError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import type { StoredRecord } from "../records/stored-record.ts";
import { createRecord, updateRecord } from "../records/writer.ts";
import { cellReader } from "./import-cell.ts";
import type { ColumnMapping, ImportRequestFile } from "./import-request.ts";

export interface RowError {
  errorType: string;
  message: string;
  column?: number;
  value?: string;
}

/** A row, or a file, that is refused. */
export class ImportFault extends Error {
  readonly error: RowError;

  constructor(error: RowError) {
    super(error.message);
    this.error = error;
  }
}

interface RowResult {
  written: "created" | "updated" | undefined;
  /** Values that were written. */
  values: number;
  errors: RowError[];
}

export interface RowWriter {
  mapped: number;
  unmapped: number;
  /** Writes a row. `claim` tells whether the import writes a record for the first time. */
  write(record: CsvRecord, at: number, claim: (id: number) => boolean): RowResult;
}

/** How rows of a file are written. Throws an ImportFault where its columns cannot be understood. */
export function rowWriter(portal: Portal, type: ObjectType, file: ImportRequestFile): RowWriter {
  const columns = file.columns.map((mapping, column) => resolveColumn(type, file, mapping, column));
  const find = recordFinder(portal, type, columns);
  const columnOf = (name: string | undefined): number => columns.findIndex((column) => column.property === name);
  return {
    mapped: columns.filter((column) => column.role !== "none").length,
    unmapped: columns.filter((column) => column.role === "none").length,
    write(record, at, claim) {
      const result: RowResult = { written: undefined, values: 0, errors: [] };
      try {
        const { rowError } = portal.faults.forRow(type.name) ?? {};
        if (rowError !== undefined) throw injectedFault(rowError);
        if (record.strayQuote) throw fault("COULD_NOT_PARSE_ROW", "The row has a quote where none may be");
        if (record.cells.length !== columns.length)
          throw fault(
            "INCORRECT_NUMBER_OF_COLUMNS",
            `The row has ${record.cells.length} cells, the file ${columns.length} columns`,
          );
        const given = readCells(columns, record.cells, result.errors);
        const found = find(record.cells);
        if (found !== undefined && !claim(found.id))
          throw fault("DUPLICATE_ALTERNATE_ID", "An earlier row of the file is the same record", identity(columns));
        checkOperation(file, found, columns);
        const stored = writeLeniently(portal, type, found, given, at, { errors: result.errors, columnOf, record });
        if (found === undefined) claim(stored.id);
        result.written = found === undefined ? "created" : "updated";
        result.values = Object.keys(given).length;
      } catch (error) {
        result.errors.push(rowErrorOf(error, columnOf, record));
      }
      return result;
    },
  };
}

interface Column {
  role: "value" | "objectId" | "alternateId" | "none";
  property: string | undefined;
  read(cell: string): string | undefined | RowError;
}

function resolveColumn(type: ObjectType, file: ImportRequestFile, mapping: ColumnMapping, column: number): Column {
  if (mapping.columnType === "HUBSPOT_OBJECT_ID" || mapping.propertyName === "hs_object_id")
    return { role: "objectId", property: undefined, read: () => undefined };
  if (mapping.propertyName === undefined) return { role: "none", property: undefined, read: () => undefined };
  const property = type.properties.get(mapping.propertyName);
  if (property === undefined || property.archived)
    throw fault("PROPERTY_DEFINITION_NOT_FOUND", `Property ${mapping.propertyName} does not exist`, column);
  const alternate = mapping.columnType === "HUBSPOT_ALTERNATE_ID";
  if (alternate && !isIdentifier(type, property.name, property.hasUniqueValue))
    throw fault("INVALID_ALTERNATE_ID", `${property.name} is no unique identifier`, column);
  return { role: alternate ? "alternateId" : "value", property: property.name, read: cellReader(property, file) };
}

/** Companies are told apart by their domain in imports, though not by the API. */
function isIdentifier(type: ObjectType, name: string, unique: boolean): boolean {
  return unique || name === implicitIdentifier(type);
}

function implicitIdentifier(type: ObjectType): string | undefined {
  return { contacts: "email", companies: "domain" }[type.name];
}

/** Finds the record that a row means: by its id, by a unique property, or by what HubSpot takes where neither is said. */
function recordFinder(
  portal: Portal,
  type: ObjectType,
  columns: readonly Column[],
): (cells: readonly string[]) => StoredRecord | undefined {
  const byId = columns.findIndex((column) => column.role === "objectId");
  const said = columns.findIndex((column) => column.role === "alternateId");
  const implicit = columns.findIndex(
    (column) => column.property !== undefined && column.property === implicitIdentifier(type),
  );
  const byKey = said >= 0 ? said : implicit;
  const property = columns[byKey]?.property ?? "";
  const findDomain = property === "domain" && type.name === "companies" ? domainFinder(portal, type) : undefined;
  return (cells) => {
    const idText = byId < 0 ? "" : (cells[byId] ?? "").trim();
    if (idText !== "") {
      const record = /^\d+$/.test(idText) ? portal.store.get(type, Number(idText)) : undefined;
      if (record !== undefined && !record.archived) return record;
      throw new ImportFault({
        errorType: "INVALID_OBJECT_ID",
        message: `No record has the id ${idText}`,
        column: byId,
        value: idText,
      });
    }
    const key = byKey < 0 ? "" : (cells[byKey] ?? "").trim().toLowerCase();
    if (key === "") return undefined;
    const ids = findDomain === undefined ? [portal.store.findUnique(type, property, key)] : findDomain(key);
    if (ids.length > 1)
      throw new ImportFault({
        errorType: "MULTIPLE_COMPANIES_WITH_THIS_DOMAIN",
        message: `${ids.length} companies have the domain ${key}`,
        column: byKey,
        value: key,
      });
    return ids[0] === undefined ? undefined : portal.store.get(type, ids[0]);
  };
}

function domainFinder(portal: Portal, type: ObjectType): (domain: string) => number[] {
  const table = portal.store.table(type);
  const domain = "lower(json_extract(properties, '$.domain'))";
  portal.store.database.exec(
    `CREATE INDEX IF NOT EXISTS ${identifier(`${table}_domain`)} ON ${identifier(table)} (${domain}) WHERE archived = 0`,
  );
  const find = portal.store.database.prepare(
    `SELECT id FROM ${identifier(table)} WHERE ${domain} = ? AND archived = 0 LIMIT 2`,
  );
  return (key) => find.all(key).map((row) => Number(row["id"]));
}

function readCells(columns: readonly Column[], cells: readonly string[], errors: RowError[]): Record<string, string> {
  const given: Record<string, string> = {};
  columns.forEach(({ property, read }, column) => {
    const cell = cells[column] ?? "";
    // An empty cell leaves the property as it is.
    if (property === undefined || cell.trim() === "") return;
    const value = read(cell);
    if (typeof value === "string") given[property] = value;
    else if (value !== undefined) errors.push({ ...value, column, value: cell });
  });
  return given;
}

function checkOperation(file: ImportRequestFile, found: StoredRecord | undefined, columns: readonly Column[]): void {
  if (file.operation === "CREATE" && found !== undefined)
    throw fault("CREATE_ONLY_IMPORT", `The record exists: ${found.id}`, identity(columns));
  if (file.operation === "UPDATE" && found === undefined)
    throw fault("UPDATE_ONLY_IMPORT", "There is no such record", identity(columns));
}

function identity(columns: readonly Column[]): number | undefined {
  const column = columns.findIndex(({ role }) => role === "objectId" || role === "alternateId");
  return column < 0 ? undefined : column;
}

interface RowContext {
  errors: RowError[];
  columnOf(property: string | undefined): number;
  record: CsvRecord;
}

/** Writes a row; values that cannot be are taken out of `given`, told, and the rest is written. */
function writeLeniently(
  portal: Portal,
  type: ObjectType,
  found: StoredRecord | undefined,
  given: Record<string, string>,
  at: number,
  { errors, columnOf, record }: RowContext,
): StoredRecord {
  const write = (): StoredRecord =>
    found === undefined ? createRecord(portal, type, given, at) : updateRecord(portal, type, found, given, at);
  try {
    return write();
  } catch (error) {
    const details = error instanceof ApiError ? (error.parts.errors ?? []) : [];
    const leftOut = details.flatMap(({ code = "", message, context }) => {
      const [property] = context?.["propertyName"] ?? [];
      const errorType = leftOutCodes[code];
      return property === undefined || errorType === undefined ? [] : [{ property, errorType, message }];
    });
    if (leftOut.length === 0 || leftOut.length < details.length) throw error;
    for (const { property, errorType, message } of leftOut) {
      const column = columnOf(property);
      errors.push({ errorType, message, column, value: record.cells[column] ?? "" });
      delete given[property];
    }
    return write();
  }
}

/** Values that are left out. */
const leftOutCodes: Readonly<Record<string, string>> = {
  INVALID_OPTION: "INVALID_ENUMERATION_OPTION",
  INVALID_INTEGER: "COULD_NOT_PARSE_NUMBER",
  INVALID_LONG: "COULD_NOT_PARSE_DATE",
  INVALID_DATE: "COULD_NOT_PARSE_DATE",
};

/** What refuses the whole row. */
const refusingCodes: Readonly<Record<string, string>> = {
  INVALID_EMAIL: "INVALID_EMAIL",
  CONFLICTING_UNIQUE_VALUE: "DUPLICATE_UNIQUE_PROPERTY_VALUE",
  MISSING_REQUIRED_PROPERTY: "MISSING_REQUIRED_PROPERTY",
};

function rowErrorOf(error: unknown, columnOf: RowContext["columnOf"], record: CsvRecord): RowError {
  if (error instanceof ImportFault) return error.error;
  if (!(error instanceof ApiError)) throw error;
  const detail = error.parts.errors?.[0];
  // The address of another contact is told without naming the property.
  const conflict = error.category === "CONFLICT";
  const column = columnOf(conflict ? "email" : detail?.context?.["propertyName"]?.[0]);
  const missing = error.parts.context?.["properties"] === undefined ? "FAILED_VALIDATION" : "MISSING_REQUIRED_PROPERTY";
  const errorType = conflict ? "DUPLICATE_UNIQUE_PROPERTY_VALUE" : (refusingCodes[detail?.code ?? ""] ?? missing);
  const value = column < 0 ? {} : { column, value: record.cells[column] ?? "" };
  return { errorType, message: detail?.message ?? error.message, ...value };
}

/** A fault's `<error type>:<message>`. */
function injectedFault(text: string): ImportFault {
  const colon = text.indexOf(":");
  return fault(text.slice(0, Math.max(0, colon)), text.slice(colon + 1));
}

function fault(errorType: string, message: string, column?: number): ImportFault {
  return new ImportFault({ errorType, message, ...(column === undefined ? {} : { column }) });
}
