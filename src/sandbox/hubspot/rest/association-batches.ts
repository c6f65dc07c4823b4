// Associations in batches. Each input stands for itself: what is wrong with one is told with the results of the others.
// https://developers.hubspot.com/docs/guides/api/crm/associations/associations-v4

import { now } from "../../clock.ts";
import { isObject } from "../../json-object.ts";
import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, readJson } from "../api.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { ApiError, batchError, hubspotJson, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import type { End } from "../records/associations.ts";
import { parseId } from "../records/find.ts";
import { existingEnd, readTypes } from "../records/links.ts";
import { defaultResults, labelsOf, pageOf, typesOf } from "./associations.ts";

const createMax = 2_000;
const readMax = 1_000;
const archiveMax = 100;
const pageMax = 500;

interface Batch {
  portal: Portal;
  from: ObjectType;
  to: ObjectType;
}

type InputStep = (batch: Batch, input: Record<string, unknown>) => unknown[];

export function associationBatchRoutes(portal: Portal): Route[] {
  const route = (operation: string, answer: (request: ApiRequest) => Promise<Answer>) =>
    apiRoutes(portal, "POST", "associations", `/{from}/{to}/batch/${operation}`, answer);
  return [
    ...route("read", (request) => runBatch(portal, request, readMax, 200, readLinks)),
    ...route("create", (request) => runBatch(portal, request, createMax, 201, createLink)),
    ...route("associate/default", (request) => runBatch(portal, request, createMax, 200, createDefault)),
    ...route("archive", (request) => archive(portal, request, unlinkAll)),
    ...route("labels/archive", (request) => archive(portal, request, unlinkLabels)),
  ];
}

async function runBatch(
  portal: Portal,
  request: ApiRequest,
  max: number,
  success: number,
  step: InputStep,
): Promise<Answer> {
  const startedAt = now().toISOString();
  const batch = { portal, ...typesOf(portal, request) };
  const inputs = readInputs(await readJson(request), max);
  const errors: unknown[] = [];
  const results = portal.store.transact(() =>
    inputs.flatMap((input) => {
      try {
        return step(batch, input);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        errors.push(batchError(error));
        return [];
      }
    }),
  );
  const status = errors.length > 0 && request.version !== "2026-09" ? 207 : success;
  return hubspotJson(status, {
    status: "COMPLETE",
    results,
    ...(errors.length === 0 ? {} : { numErrors: errors.length, errors }),
    startedAt,
    completedAt: now().toISOString(),
  });
}

/** 204 on the path with a number, 200 with a body on those with a date. */
async function archive(portal: Portal, request: ApiRequest, step: InputStep): Promise<Answer> {
  const answer = await runBatch(portal, request, archiveMax, 200, step);
  return request.version === "v3" ? { status: 204 } : answer;
}

function readLinks({ portal, from, to }: Batch, input: Record<string, unknown>): unknown[] {
  const id = parseId(String(input["id"]));
  const after = parseId(String(input["after"] ?? "0")) ?? 0;
  const links = id === undefined ? [] : portal.associations.linksOf({ type: from, id }, to, after);
  if (links.length === 0)
    throw new ApiError(404, "OBJECT_NOT_FOUND", `No ${to.singular} is associated with ${from.singular} ${id}.`, {
      subCategory: "crm.associations.NO_ASSOCIATIONS_FOUND",
      context: {
        fromObjectId: [String(input["id"])],
        fromObjectType: [from.singular],
        toObjectType: [to.singular],
      },
    });
  const { shown, next } = pageOf(links, pageMax);
  const paging = next === undefined ? {} : { paging: { next: { after: next, link: `?after=${next}` } } };
  return [{ from: { id: String(id) }, to: shown, ...paging }];
}

function createLink(batch: Batch, input: Record<string, unknown>): unknown[] {
  const { portal } = batch;
  const [from, to] = endsOf(batch, input);
  const types = readTypes(portal, from.type, to.type, input["types"]);
  portal.associations.link(from, to, types);
  return [
    {
      fromObjectTypeId: from.type.typeId,
      fromObjectId: from.id,
      toObjectTypeId: to.type.typeId,
      toObjectId: to.id,
      labels: labelsOf(types),
    },
  ];
}

function createDefault(batch: Batch, input: Record<string, unknown>): unknown[] {
  const [from, to] = endsOf(batch, input);
  if (!batch.portal.associations.isLinked(from, to)) batch.portal.associations.link(from, to, []);
  return defaultResults(batch.portal, from, to);
}

function unlinkAll(batch: Batch, input: Record<string, unknown>): unknown[] {
  const { portal, from, to } = batch;
  const targets: unknown[] = Array.isArray(input["to"]) ? input["to"] : [input["to"]];
  const first = { type: from, id: idOf(input["from"]) };
  for (const target of targets) portal.associations.unlink(first, { type: to, id: idOf(target) });
  return [];
}

function unlinkLabels({ portal, from, to }: Batch, input: Record<string, unknown>): unknown[] {
  const types = readTypes(portal, from, to, input["types"]);
  portal.associations.unlink({ type: from, id: idOf(input["from"]) }, { type: to, id: idOf(input["to"]) }, types);
  return [];
}

function endsOf({ portal, from, to }: Batch, input: Record<string, unknown>): [End, End] {
  return [existingEnd(portal, from, rawId(input["from"])), existingEnd(portal, to, rawId(input["to"]))];
}

function rawId(end: unknown): unknown {
  return isObject(end) ? end["id"] : undefined;
}

// A link that is not there is as good as deleted.
function idOf(end: unknown): number {
  return parseId(String(rawId(end))) ?? -1;
}

function readInputs(body: Record<string, unknown>, max: number): Record<string, unknown>[] {
  const { inputs } = body;
  if (!Array.isArray(inputs)) throw validationError("Some required fields were not set: [inputs]");
  if (inputs.length > max)
    throw validationError(
      `The maximum number of inputs supported in a batch request is ${max}. Received ${inputs.length}.`,
    );
  return inputs.filter(isObject);
}
