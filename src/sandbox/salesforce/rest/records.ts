// Single records over REST: read, create, change, delete, and upsert by a key in the path.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_retrieve.htm

import { identifier } from "../../../core/sql.ts";
import { type Answer, json, type Route } from "../../routes.ts";
import type { Field } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { ApiError, notFound, RowError } from "../errors.ts";
import { canonicalId } from "../ids.ts";
import type { Org } from "../org.ts";
import { requireLive } from "../records/checks.ts";
import { keyLookup } from "../records/columns.ts";
import { rowDeleter } from "../records/delete.ts";
import { writeRecord } from "../records/json.ts";
import { valueReader } from "../records/values.ts";
import { compileSoql } from "../soql/compile.ts";
import { type JsonRecord, type QueryRow, recordReader, statementOf } from "../soql/rows.ts";
import { keyOf, prepareRows, transact } from "../store.ts";
import { type ApiRequest, apiRoute, objectOf, readJson } from "./api.ts";

export function recordRoutes(org: Org): Route[] {
  const one = "/sobjects/{object}/{id}";
  const keyed = "/sobjects/{object}/{key}/{value}";
  return [
    apiRoute(org, "POST", "/sobjects/{object}", (request) => create(org, request)),
    apiRoute(org, "GET", one, (request) => json(200, readRecord(org, request, pathId(org, request)))),
    apiRoute(org, "PATCH", one, (request) => update(org, request)),
    apiRoute(org, "DELETE", one, (request) => {
      const remove = rowDeleter(org, objectOf(org, request));
      const id = pathId(org, request);
      transact(org.store.database, () => withStatus(404, () => remove(id)));
      return { status: 204 };
    }),
    apiRoute(org, "GET", keyed, (request) => withKey(org, request, (id) => json(200, readRecord(org, request, id)))),
    apiRoute(org, "DELETE", keyed, (request) =>
      withKey(org, request, (id) => {
        transact(org.store.database, () => rowDeleter(org, objectOf(org, request))(id));
        return { status: 204 };
      }),
    ),
    apiRoute(org, "PATCH", keyed, (request) => upsert(org, request)),
  ];
}

async function create(org: Org, request: ApiRequest): Promise<Answer> {
  const object = objectOf(org, request);
  const record = await readJson(request);
  const fault = org.faults.forRow(object.name);
  const written = transact(org.store.database, () => writeRecord(org, object, { operation: "insert", record, fault }));
  return json(201, { id: written.id, success: true, errors: [] });
}

async function update(org: Org, request: ApiRequest): Promise<Answer> {
  const object = objectOf(org, request);
  const Id = pathId(org, request);
  const record = await readJson(request);
  transact(org.store.database, () => {
    withStatus(404, () => requireLive(org, object)(Id));
    const fault = org.faults.forRow(object.name);
    writeRecord(org, object, { operation: "update", record: { ...record, Id }, fault });
  });
  return { status: 204 };
}

async function upsert(org: Org, request: ApiRequest): Promise<Answer> {
  const object = objectOf(org, request);
  const key = keyField(object, request);
  const record = await readJson(request);
  if (Object.keys(record).some((name) => name.toLowerCase() === key.name.toLowerCase()))
    throw new ApiError(400, "INVALID_FIELD", `The ${key.name} field should not be specified in the sobject data.`);
  const ids = idsOf(org, object, key, request.params["value"] ?? "");
  if (ids.length > 1)
    return json(
      300,
      ids.map((id) => `/services/data/v${request.version}.0/sobjects/${object.name}/${id}`),
    );
  const named = key.name === "Id" ? record : { ...record, [key.name]: request.params["value"] };
  const fault = org.faults.forRow(object.name);
  const written = transact(org.store.database, () =>
    writeRecord(org, object, { operation: "upsert", key, record: named, fault }),
  );
  if (!written.created && request.version < 46) return { status: 204 };
  return json(written.created ? 201 : 200, { id: written.id, success: true, errors: [], created: written.created });
}

function withKey(org: Org, request: ApiRequest, answer: (id: string) => Answer): Answer {
  const object = objectOf(org, request);
  const ids = idsOf(org, object, keyField(object, request), request.params["value"] ?? "");
  if (ids.length > 1)
    return json(
      300,
      ids.map((id) => `/services/data/v${request.version}.0/sobjects/${object.name}/${id}`),
    );
  const [id] = ids;
  if (id === undefined) throw notFound();
  return answer(id);
}

function keyField(object: SalesforceObject, request: ApiRequest): Field {
  const name = request.params["key"] ?? "";
  const key = object.field(name);
  if (key !== undefined && (key.externalId || key.idLookup)) return key;
  throw new ApiError(404, "NOT_FOUND", `Provided external ID field does not exist or is not accessible: ${name}`);
}

function idsOf(org: Org, object: SalesforceObject, key: Field, text: string): string[] {
  const value = valueReader(key)(text);
  return keyLookup(org, object, key)
    .all(keyOf(key, value))
    .map(([id]) => id);
}

function pathId(org: Org, request: ApiRequest): string {
  const id = canonicalId(request.params["id"] ?? "");
  if (id === undefined || org.catalog.objectOfId(id) !== objectOf(org, request)) throw notFound();
  return id;
}

/** One record with all its fields, or those of ?fields=. */
function readRecord(org: Org, request: ApiRequest, id: string): JsonRecord {
  const object = objectOf(org, request);
  const record = readRecords(org, object, [id], request.query.get("fields")?.split(","), request.version)[0];
  if (record === undefined || record === null) throw notFound();
  return record;
}

/** Live records by id, in the order asked for, null where there is none. */
export function readRecords(
  org: Org,
  object: SalesforceObject,
  ids: readonly string[],
  fields: readonly string[] | undefined,
  version: number,
): (JsonRecord | null)[] {
  const names = fields ?? object.fields.map((field) => field.name);
  const query = compileSoql(org.catalog, `SELECT ${names.join(", ")} FROM ${object.name}`, false);
  const read = recordReader(query, version, org.store.database);
  const statement = prepareRows<QueryRow>(
    org.store.database,
    `${statementOf(query)} AND ${query.root}.${identifier("Id")} = ?`,
  );
  return ids.map((id) => {
    const row = statement.get(canonicalId(id) ?? id);
    return row === undefined ? null : read(row);
  });
}

// A path that names no live record is a missing resource, not a bad request.
function withStatus<Result>(status: number, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof RowError) throw new ApiError(status, error.code, error.message, error.fields);
    throw error;
  }
}
