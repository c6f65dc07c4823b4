// Starting and watching exports, and fetching their files.
// https://developers.hubspot.com/docs/api-reference/legacy/crm/exports/guide

import { readFileSync } from "node:fs";
import { z } from "zod";
import { now } from "../../clock.ts";
import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, readJson } from "../api.ts";
import { ApiError, hubspotJson, notFound, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { readGroups, readQuery, readSort } from "../rest/search.ts";
import type { ExportWork } from "./export-processing.ts";
import type { Export, ExportRequest } from "./exports.ts";

const dayMs = 86_400_000;
const associatedMax = 4;

const exportRequest = z.looseObject({
  exportType: z.enum(["VIEW", "LIST"]),
  exportName: z.string().min(1),
  format: z.enum(["CSV", "XLSX", "XLS"]),
  language: z.string().default("EN"),
  objectType: z.string(),
  objectProperties: z.array(z.string()).min(1),
  associatedObjectType: z.union([z.string(), z.array(z.string()).max(associatedMax)]).default([]),
  includePrimaryDisplayPropertyForAssociatedObjects: z.boolean().default(false),
  exportInternalValuesOptions: z.array(z.enum(["NAMES", "VALUES"])).default([]),
  publicCrmSearchRequest: z.record(z.string(), z.unknown()).default({}),
});

export function exportRoutes(portal: Portal, work: ExportWork): Route[] {
  return [
    ...apiRoutes(portal, "POST", "exports", "/export/async", (request) => start(portal, work, request)),
    ...apiRoutes(portal, "GET", "exports", "/export/async/tasks/{exportId}/status", (request) =>
      status(portal, request),
    ),
    ...apiRoutes(portal, "GET", "exports", "/export/{exportId}", (request) => details(portal, request)),
    // The link is the permission: it takes no token and counts against no limit.
    { method: "GET", template: "/exports/{link}/{file}", answer: ({ params }) => download(portal, params["link"]) },
  ];
}

async function start(portal: Portal, work: ExportWork, request: ApiRequest): Promise<Answer> {
  const wanted = readRequest(portal, await readJson(request));
  const { exportsDaily } = portal.rates.limits;
  if (portal.exports.countSince(now().getTime() - dayMs) >= exportsDaily)
    throw new ApiError(429, "RATE_LIMITS", `${exportsDaily} exports in 24 hours are allowed`);
  const { id } = portal.exports.add(wanted);
  work.begin();
  const family = request.version === "v3" ? "/crm/v3/exports" : `/crm/exports/${request.version}`;
  const link = `${portal.origin}${family}/export/async/tasks/${id}/status`;
  return hubspotJson(202, { id: String(id), links: { status: link } });
}

function readRequest(portal: Portal, given: unknown): ExportRequest {
  const parsed = exportRequest.safeParse(given);
  if (!parsed.success) throw validationError(`Invalid input JSON: ${z.prettifyError(parsed.error)}`);
  const { objectType, objectProperties, associatedObjectType, publicCrmSearchRequest: search, ...rest } = parsed.data;
  if (rest.format !== "CSV") throw validationError("The sandbox exports CSV, not spreadsheets.");
  if (rest.exportType !== "VIEW") throw validationError("The sandbox has no lists: its exports are of the type VIEW.");
  const type = typeNamed(portal, objectType);
  const unknown = objectProperties.find((name) => !type.properties.has(name) && name !== "hs_object_id");
  if (unknown !== undefined) throw validationError(`Property "${unknown}" does not exist`);
  const associated = [associatedObjectType].flat();
  return {
    name: rest.exportName,
    typeId: type.typeId,
    objectType,
    properties: objectProperties,
    associated: associated.map((name) => typeNamed(portal, name).typeId),
    withAssociatedNames: rest.includePrimaryDisplayPropertyForAssociatedObjects,
    internalNames: rest.exportInternalValuesOptions.includes("NAMES"),
    internalValues: rest.exportInternalValuesOptions.includes("VALUES"),
    groups: readGroups(search),
    query: readQuery(search["query"]),
    sort: readSort(search["sorts"]),
  };
}

function typeNamed(portal: Portal, name: string) {
  const type = portal.catalog.objectType(name);
  if (type === undefined) throw validationError(`Unable to infer object type from: ${name}`);
  return type;
}

function status(portal: Portal, request: ApiRequest): Answer {
  const found = find(portal, request);
  const { state, file, createdAt, startedAt = createdAt, completedAt = startedAt } = found;
  const link =
    file === undefined ? {} : { result: `${portal.origin}/exports/${portal.exports.link(found.id)}/${file}` };
  return hubspotJson(200, {
    status: { ENQUEUED: "PENDING", PROCESSING: "PROCESSING", DONE: "COMPLETE" }[state],
    requestedAt: createdAt,
    startedAt,
    completedAt,
    ...link,
  });
}

function details(portal: Portal, request: ApiRequest): Answer {
  const { id, state, createdAt, updatedAt, recordCount, request: wanted } = find(portal, request);
  return hubspotJson(200, {
    id: String(id),
    exportName: wanted.name,
    exportType: "VIEW",
    exportState: state,
    objectType: wanted.objectType,
    objectProperties: wanted.properties,
    createdAt,
    updatedAt,
    ...(recordCount === undefined ? {} : { recordCount }),
  });
}

function download(portal: Portal, link = ""): Answer {
  const { file } = portal.exports.follow(link) ?? {};
  if (file === undefined)
    return { status: 403, headers: { "Content-Type": "text/plain" }, body: "The link has expired.\n" };
  return {
    status: 200,
    headers: { "Content-Type": file.endsWith(".zip") ? "application/zip" : "text/csv" },
    body: readFileSync(portal.exports.path(file)),
  };
}

function find(portal: Portal, request: ApiRequest): Export {
  const found = portal.exports.get(Number(request.params["exportId"]));
  if (found === undefined) throw notFound();
  return found;
}
