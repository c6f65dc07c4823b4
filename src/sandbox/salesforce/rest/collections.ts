// Up to 200 records in one call, each with its own result, in the order they came.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections.htm

import { type Answer, json, type Route } from "../../routes.ts";
import type { Field } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { ApiError, RowError } from "../errors.ts";
import type { Org } from "../org.ts";
import { rowDeleter } from "../records/delete.ts";
import { writeRecord } from "../records/json.ts";
import { keyOf, type Stored, transact } from "../store.ts";
import { type ApiRequest, apiRoute, isObject, objectOf, readJson } from "./api.ts";
import { readRecords } from "./records.ts";

interface Result {
  id?: string;
  success: boolean;
  created?: boolean;
  errors: { statusCode: string; message: string; fields: readonly string[] }[];
}

const mostRecords = 200;
const mostRetrieved = 2000;
const mostChunks = 10;
const path = "/composite/sobjects";

export function collectionRoutes(org: Org): Route[] {
  return [
    apiRoute(org, "POST", path, (request) => writeAll(org, request, "insert")),
    apiRoute(org, "PATCH", path, (request) => writeAll(org, request, "update")),
    apiRoute(org, "DELETE", path, (request) => deleteAll(org, request)),
    apiRoute(org, "PATCH", `${path}/{object}/{key}`, (request) => upsertAll(org, request)),
    apiRoute(org, "POST", `${path}/{object}`, (request) => retrieve(org, request)),
    apiRoute(org, "GET", `${path}/{object}`, (request) => {
      const ids = (request.query.get("ids") ?? "").split(",");
      return json(
        200,
        readRecords(
          org,
          objectOf(org, request),
          ids,
          (request.query.get("fields") ?? "Id").split(","),
          request.version,
        ),
      );
    }),
  ];
}

async function writeAll(org: Org, request: ApiRequest, operation: "insert" | "update"): Promise<Answer> {
  const { records, allOrNone } = await readRecordList(request);
  refuseManyChunks(records.map(typeName));
  return settle(org, allOrNone, records, (record) => {
    const { id, ...fields } = record;
    // Clients that speak of records as objects write the id in lower case.
    const named = operation === "update" && id !== undefined ? { ...fields, Id: id } : record;
    const object = typeOfRecord(org, record);
    const fault = org.faults.forRow(object.name);
    return { id: writeRecord(org, object, { operation, record: named, fault }).id, success: true, errors: [] };
  });
}

async function upsertAll(org: Org, request: ApiRequest): Promise<Answer> {
  const object = objectOf(org, request);
  const key = upsertKey(object, request.params["key"] ?? "");
  const { records, allOrNone } = await readRecordList(request);
  const seen = new Set<Stored>();
  return settle(org, allOrNone, records, (record) => {
    // Case counts where the field is "case sensitive":
    // https://developer.salesforce.com/docs/atlas.en-us.apexcode.meta/apexcode/langCon_apex_dml_examples_upsert.htm
    const value = keyOf(key, String(record[key.name] ?? ""));
    if (value !== "" && seen.has(value))
      throw new RowError("DUPLICATE_VALUE", `Duplicate external id specified: ${String(record[key.name])}`, [key.name]);
    seen.add(value);
    const fault = org.faults.forRow(object.name);
    const { id, created } = writeRecord(org, object, { operation: "upsert", key, record, fault });
    return { id, success: true, errors: [], created };
  });
}

function deleteAll(org: Org, request: ApiRequest): Answer {
  const ids = (request.query.get("ids") ?? "").split(",").filter((id) => id !== "");
  refuseTooMany(ids.length, mostRecords);
  refuseManyChunks(ids.map((id) => id.slice(0, 3)));
  return settle(org, request.query.get("allOrNone") === "true", ids, (id) => {
    const object = org.catalog.objectOfId(id);
    if (object === undefined) throw new RowError("MALFORMED_ID", `malformed id ${id}`);
    return { id: rowDeleter(org, object)(id), success: true, errors: [] };
  });
}

async function retrieve(org: Org, request: ApiRequest): Promise<Answer> {
  const { ids, fields } = await readJson(request);
  if (!isTexts(ids) || !isTexts(fields))
    throw new ApiError(400, "INVALID_INPUT", "ids and fields must be lists of text");
  refuseTooMany(ids.length, mostRetrieved);
  return json(200, readRecords(org, objectOf(org, request), ids, fields, request.version));
}

/** Runs every item in one transaction. With allOrNone the first refusal takes the others back. */
function settle<Item>(org: Org, allOrNone: boolean, items: readonly Item[], work: (item: Item) => Result): Answer {
  const results: Result[] = [];
  const run = (): void => {
    for (const item of items) results.push(resultOf(() => work(item)));
    if (allOrNone && results.some((result) => !result.success)) throw new RolledBack();
  };
  try {
    transact(org.store.database, run);
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
    const undone = {
      statusCode: "ALL_OR_NONE_OPERATION_ROLLED_BACK",
      message: "Record rolled back because not all records were valid and the request was using AllOrNone header",
      fields: [],
    };
    return json(
      200,
      results.map((result) => (result.success ? { success: false, errors: [undone] } : result)),
    );
  }
  return json(200, results);
}

class RolledBack extends Error {}

function resultOf(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof RowError)
      return { success: false, errors: [{ statusCode: error.code, message: error.message, fields: error.fields }] };
    if (error instanceof ApiError && error.code === "INVALID_FIELD")
      return { success: false, errors: [{ statusCode: error.code, message: error.message, fields: [] }] };
    throw error;
  }
}

async function readRecordList(
  request: ApiRequest,
): Promise<{ records: Record<string, unknown>[]; allOrNone: boolean }> {
  const { records, allOrNone } = await readJson(request);
  if (!Array.isArray(records) || !records.every(isObject))
    throw new ApiError(400, "JSON_PARSER_ERROR", "The request must carry a list of records");
  refuseTooMany(records.length, mostRecords);
  return { records, allOrNone: allOrNone === true };
}

function refuseTooMany(count: number, most: number): void {
  if (count > most)
    throw new ApiError(
      400,
      "EXCEEDED_ID_LIMIT",
      `record limit reached. cannot submit more than ${most} records into this call`,
    );
}

function typeOfRecord(org: Org, record: Readonly<Record<string, unknown>>): SalesforceObject {
  const type = typeName(record);
  const object = org.catalog.object(type);
  if (object === undefined) throw new RowError("INVALID_TYPE", `sObject type '${type}' is not supported.`);
  return object;
}

function typeName({ attributes }: Readonly<Record<string, unknown>>): string {
  return isObject(attributes) ? String(attributes["type"]) : "";
}

// Records of one type that stand together are a chunk; records of other types between them start new ones.
function refuseManyChunks(types: readonly string[]): void {
  const chunks = types.filter((type, index) => type.toLowerCase() !== types[index - 1]?.toLowerCase()).length;
  if (chunks > mostChunks)
    throw new ApiError(
      400,
      "LIMIT_EXCEEDED",
      `Cannot have more than ${mostChunks} chunks in a single operation. Please rearrange the data to reduce chunking.`,
    );
}

function upsertKey(object: SalesforceObject, name: string): Field {
  const key = object.field(name);
  if (key === undefined || !(key.externalId || key.idLookup))
    throw new ApiError(404, "NOT_FOUND", `Provided external ID field does not exist or is not accessible: ${name}`);
  return key;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
