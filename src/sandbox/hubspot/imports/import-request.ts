// What a client asks an import to do: the JSON part of the upload.
// In: its text and the names of the files that came with it. Out: the request, checked, or HubSpot's 400.
// https://developers.hubspot.com/docs/api-reference/latest/crm/imports/guide

import { z } from "zod";
import type { Catalog } from "../catalog/catalog.ts";
import { validationError } from "../errors.ts";

const operation = z.enum(["CREATE", "UPDATE", "UPSERT"]);

const columnMapping = z
  .looseObject({
    columnObjectTypeId: z.string().optional(),
    columnObjectType: z.string().optional(),
    columnName: z.string(),
    propertyName: z.string().nullish(),
    columnType: z.string().nullish(),
    idColumnType: z.string().nullish(),
    toColumnObjectTypeId: z.string().nullish(),
    foreignKeyType: z.unknown().optional(),
  })
  // Older bodies have other names for the same.
  .transform((column) => ({
    columnName: column.columnName,
    objectType: column.columnObjectTypeId ?? column.columnObjectType,
    propertyName: column.propertyName ?? undefined,
    columnType: column.columnType ?? column.idColumnType ?? "STANDARD",
    links: column.toColumnObjectTypeId != null || column.foreignKeyType != null,
  }));

const importFile = z.looseObject({
  fileName: z.string(),
  fileFormat: z.enum(["CSV", "SPREADSHEET"]).default("CSV"),
  dateFormat: z.enum(["MONTH_DAY_YEAR", "DAY_MONTH_YEAR", "YEAR_MONTH_DAY"]).optional(),
  fileImportPage: z.looseObject({
    hasHeader: z.boolean().default(true),
    columnMappings: z.array(columnMapping).min(1).max(1_000),
  }),
});

const importRequest = z.looseObject({
  name: z.string().min(1),
  importOperations: z.record(z.string(), operation).default({}),
  dateFormat: z.enum(["MONTH_DAY_YEAR", "DAY_MONTH_YEAR", "YEAR_MONTH_DAY"]).default("MONTH_DAY_YEAR"),
  files: z.array(importFile).min(1),
});

type Operation = z.infer<typeof operation>;
export type DateFormat = z.infer<typeof importRequest>["dateFormat"];
export type ColumnMapping = z.infer<typeof columnMapping>;

export interface ImportRequest {
  name: string;
  files: ImportRequestFile[];
}

/** One file, with the one object type that its rows are of. */
export interface ImportRequestFile {
  fileName: string;
  typeId: string;
  operation: Operation;
  dateFormat: DateFormat;
  hasHeader: boolean;
  columns: ColumnMapping[];
}

const columnTypes = ["STANDARD", "HUBSPOT_OBJECT_ID", "HUBSPOT_ALTERNATE_ID"];

export function readImportRequest(
  catalog: Catalog,
  text: string,
  uploaded: readonly string[],
): { request: ImportRequest; json: unknown } {
  const json = parseJson(text);
  const parsed = importRequest.safeParse(json);
  if (!parsed.success) throw validationError(`Invalid import request: ${z.prettifyError(parsed.error)}`);
  const { name, importOperations, dateFormat } = parsed.data;
  const files = parsed.data.files.map((file): ImportRequestFile => {
    if (!uploaded.includes(file.fileName))
      throw validationError(`Could not find a file named ${file.fileName} in the request`);
    if (file.fileFormat === "SPREADSHEET") throw validationError("The sandbox imports CSV files, not spreadsheets.");
    const columns = file.fileImportPage.columnMappings;
    const typeId = typeOf(catalog, columns);
    return {
      fileName: file.fileName,
      typeId,
      operation: importOperations[typeId] ?? "UPSERT",
      dateFormat: file.dateFormat ?? dateFormat,
      hasHeader: file.fileImportPage.hasHeader,
      columns,
    };
  });
  for (const typeId of Object.keys(importOperations))
    if (!files.some((file) => file.typeId === typeId))
      throw validationError(`importOperations names ${typeId}, which no column is mapped to`);
  return { request: { name, files }, json };
}

function typeOf(catalog: Catalog, columns: readonly ColumnMapping[]): string {
  const typeIds = new Set<string>();
  for (const column of columns) {
    if (column.links || !columnTypes.includes(column.columnType))
      throw validationError(`The sandbox imports no associations: column ${column.columnName}`);
    if (column.objectType === undefined) continue;
    const type = catalog.objectType(column.objectType);
    if (type === undefined) throw validationError(`Unable to infer object type from: ${column.objectType}`);
    typeIds.add(type.typeId);
  }
  const [typeId, other] = typeIds;
  if (typeId === undefined) throw validationError("No column has a columnObjectTypeId");
  if (other !== undefined) throw validationError("The sandbox imports one object type a file.");
  return typeId;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw validationError("Invalid import request: the part importRequest is not JSON");
  }
}
