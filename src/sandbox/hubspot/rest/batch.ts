// Up to 100 records in a call: read, create, update, upsert, archive.
// In: `inputs`. Out: results in another order than the inputs, and errors. Must hold: without a trace id on every input
// one refused input refuses the call and nothing is written; with them every other input is.
// https://developers.hubspot.com/docs/api-reference/error-handling (multi-status errors)

import { now } from "../../clock.ts";
import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, objectTypeOf, readJson } from "../api.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { ApiError, batchError, hubspotJson } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { findRecord, missingMessage, parseId, requireUnique } from "../records/find.ts";
import { type RecordJson, recordJson, wantedJson } from "../records/record-json.ts";
import { archiveRecord } from "../records/writer.ts";
import { type BatchInput, hasTraceIds, nameList, readInputs, requireDistinct } from "./batch-inputs.ts";
import { type InputWriter, writeCreate, writeUpdate, writeUpsert } from "./batch-writers.ts";
import { historyMax, isStrict } from "./objects.ts";
import { isWanted } from "./parameters.ts";

const inputsMax = 100;

export function batchRoutes(portal: Portal): Route[] {
  const route = (operation: string, answer: (request: ApiRequest) => Promise<Answer>) =>
    apiRoutes(portal, "POST", "objects", `/{objectType}/batch/${operation}`, answer);
  return [
    ...route("read", (request) => read(portal, request)),
    ...route("create", (request) => write(portal, request, 201, writeCreate)),
    ...route("update", (request) => write(portal, request, 200, writeUpdate)),
    ...route("upsert", (request) => write(portal, request, 200, writeUpsert)),
    ...route("archive", (request) => archive(portal, request)),
  ];
}

async function write(portal: Portal, request: ApiRequest, success: number, writeInput: InputWriter): Promise<Answer> {
  const startedAt = now();
  const type = objectTypeOf(portal, request);
  const inputs = readInputs(await readJson(request), inputsMax);
  if (writeInput !== writeCreate) {
    requireDistinct(inputs);
    for (const { idProperty } of inputs) requireUnique(type, idProperty);
  }
  const traced = hasTraceIds(inputs);
  const missing: string[] = [];
  const errors: unknown[] = [];
  const results: RecordJson[] = [];
  portal.store.transact(() => {
    const context = { portal, type, strict: isStrict(request), at: portal.store.tick() };
    for (const input of inputs) {
      try {
        refuseByFault(portal, type);
        const written = writeInput(context, input);
        if (written !== undefined) results.push(resultOf(type, input, written));
        else if (traced) errors.push(batchError(missingError(type, [input.id]), traceOf(input)));
        else missing.push(input.id);
      } catch (error) {
        if (!traced || !(error instanceof ApiError)) throw error;
        errors.push(batchError(error, traceOf(input)));
      }
    }
  });
  if (missing.length > 0) errors.push(batchError(missingError(type, missing)));
  return answer(request, success, startedAt, shuffle(results), errors);
}

async function read(portal: Portal, request: ApiRequest): Promise<Answer> {
  const startedAt = now();
  const type = objectTypeOf(portal, request);
  const body = await readJson(request);
  const history = nameList(body["propertiesWithHistory"]);
  const inputs = readInputs(body, inputsMax);
  if (history.length > 0 && inputs.length > historyMax)
    throw new ApiError(
      400,
      "VALIDATION_ERROR",
      `The maximum number of inputs supported in a batch request for property histories is ${historyMax}. Received ${inputs.length}.`,
    );
  const idProperty =
    typeof body["idProperty"] === "string" && body["idProperty"] !== "" ? body["idProperty"] : undefined;
  requireUnique(type, idProperty);
  const wanted = { properties: nameList(body["properties"]), history, associations: [] };
  const archived = isWanted(request, "archived");
  const found = new Map<number, RecordJson>();
  const missing: string[] = [];
  for (const { id } of inputs) {
    const record = archived ? portal.store.get(type, parseId(id) ?? -1) : findRecord(portal, type, id, idProperty);
    if (record === undefined || record.archived !== archived) missing.push(id);
    else found.set(record.id, wantedJson(portal, type, record, wanted));
  }
  const errors = missing.length === 0 ? [] : [batchError(missingError(type, missing))];
  return answer(request, 200, startedAt, shuffle([...found.values()]), errors);
}

async function archive(portal: Portal, request: ApiRequest): Promise<Answer> {
  const type = objectTypeOf(portal, request);
  const inputs = readInputs(await readJson(request), inputsMax);
  portal.store.transact(() => {
    const at = portal.store.tick();
    for (const { id } of inputs) {
      const record = findRecord(portal, type, id, undefined);
      if (record !== undefined) archiveRecord(portal, type, record, at);
    }
  });
  return { status: 204 };
}

/** Errors are a 207 on the older paths; those of 2026-09 have no such answer. */
function answer(
  request: ApiRequest,
  success: number,
  startedAt: Date,
  results: readonly unknown[],
  errors: readonly unknown[],
): Answer {
  const status = errors.length > 0 && request.version !== "2026-09" ? 207 : success;
  return hubspotJson(status, {
    status: "COMPLETE",
    results,
    ...(errors.length === 0 ? {} : { numErrors: errors.length, errors }),
    startedAt: startedAt.toISOString(),
    completedAt: now().toISOString(),
  });
}

function resultOf(type: ObjectType, input: BatchInput, written: NonNullable<ReturnType<InputWriter>>): RecordJson {
  const shown = recordJson(type, written.record, Object.keys(input.properties));
  if (written.isNew !== undefined) shown["new"] = written.isNew;
  if (input.traceId !== undefined) shown["objectWriteTraceId"] = input.traceId;
  return shown;
}

function traceOf(input: BatchInput): Record<string, string[]> {
  return input.traceId === undefined ? {} : { objectWriteTraceId: [input.traceId] };
}

function missingError(type: ObjectType, ids: string[]): ApiError {
  return new ApiError(404, "OBJECT_NOT_FOUND", missingMessage(type), { context: { ids } });
}

function refuseByFault(portal: Portal, type: ObjectType): void {
  const text = portal.faults.forRow(type.name)?.rowError;
  if (text === undefined) return;
  const parts = /^(?<category>[A-Z_]+):(?<message>.*)$/s.exec(text)?.groups;
  throw new ApiError(400, parts?.["category"] ?? "VALIDATION_ERROR", parts?.["message"] ?? text);
}

// HubSpot's order is not that of the inputs: the same records always come in the same other order.
function shuffle(results: readonly RecordJson[]): RecordJson[] {
  const place = ({ id }: RecordJson): number => Math.imul(Number(id) % 0xffff_ffff, 0x9e37_79b1) >>> 0;
  return results.toSorted((one, other) => place(one) - place(other));
}
