// Starting, watching and cancelling imports, and reading what went wrong with their rows.
// https://developers.hubspot.com/docs/api-reference/latest/crm/imports/guide

import { writeFileSync } from "node:fs";
import { now } from "../../clock.ts";
import type { Answer, Route, SandboxRequest } from "../../routes.ts";
import { type ApiRequest, apiRoutes } from "../api.ts";
import { ApiError, hubspotJson, notFound, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { isWanted } from "../rest/parameters.ts";
import type { ImportWork } from "./import-processing.ts";
import { readImportRequest } from "./import-request.ts";
import { type Import, type ImportError, type Imports, importFile } from "./imports.ts";

const fileBytesMax = 512 * 1024 * 1024;
const dayMs = 86_400_000;
const pageDefault = 10;
const pageMax = 100;

export function importRoutes(portal: Portal, work: ImportWork): Route[] {
  const { imports } = portal;
  return [
    ...apiRoutes(portal, "POST", "imports", "", (request) => create(portal, work, request)),
    ...apiRoutes(portal, "GET", "imports", "", (request) => list(imports, request)),
    ...apiRoutes(portal, "GET", "imports", "/{importId}", (request) =>
      hubspotJson(200, importJson(find(imports, request))),
    ),
    ...apiRoutes(portal, "POST", "imports", "/{importId}/cancel", (request) => cancel(imports, request)),
    ...apiRoutes(portal, "GET", "imports", "/{importId}/errors", (request) => listErrors(portal, request)),
  ];
}

async function create(portal: Portal, work: ImportWork, request: ApiRequest): Promise<Answer> {
  const { imports } = portal;
  const form = await readForm(request);
  const files = new Map<string, Buffer>();
  for (const part of form.getAll("files"))
    if (typeof part !== "string") files.set(part.name, Buffer.from(await part.arrayBuffer()));
  const given = form.get("importRequest");
  if (given === null) throw validationError("The part importRequest is missing");
  const text = typeof given === "string" ? given : await given.text();
  const { request: wanted, json } = readImportRequest(portal.catalog, text, [...files.keys()]);
  const contents = wanted.files.map(({ fileName }) => files.get(fileName) ?? Buffer.alloc(0));
  const rows = wanted.files.map(({ hasHeader }, index) => countRows(contents[index]) - (hasHeader ? 1 : 0));
  checkSize(portal, rows);
  const fileIds = contents.map((content) => {
    const fileId = imports.reserveFileId();
    writeFileSync(importFile(portal.folder, fileId), content, { mode: 0o600 });
    return fileId;
  });
  const added = imports.add(
    { request: wanted, requestJson: json, fileIds },
    rows.reduce((sum, count) => sum + count, 0),
  );
  work.begin(added.id);
  return hubspotJson(200, importJson(imports.get(added.id) ?? added));
}

async function readForm(request: SandboxRequest): Promise<FormData> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += (chunk as Buffer).length;
    if (bytes > fileBytesMax) throw tooMany("The file is larger than 512 MB");
    chunks.push(chunk as Buffer);
  }
  try {
    const headers = { "content-type": request.headers["content-type"] ?? "" };
    return await new Response(Buffer.concat(chunks), { headers }).formData();
  } catch {
    throw validationError("The body is not multipart/form-data");
  }
}

/** Line ends outside quotes, and a last line without one. */
function countRows(content: Buffer | undefined): number {
  const newline = 0x0a;
  const quote = 0x22;
  let rows = 0;
  let quoted = false;
  let last = newline;
  for (const byte of content ?? []) {
    if (byte === quote) quoted = !quoted;
    else if (byte === newline && !quoted) rows += 1;
    last = byte;
  }
  return last === newline ? rows : rows + 1;
}

function checkSize(portal: Portal, rows: readonly number[]): void {
  const { importFileRows, importDailyRows } = portal.rates.limits;
  if (rows.some((count) => count > importFileRows)) throw tooMany(`A file has more than ${importFileRows} rows`);
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (portal.imports.rowsSince(now().getTime() - dayMs) + total > importDailyRows)
    throw tooMany(`More than ${importDailyRows} rows in 24 hours`);
}

function tooMany(message: string): ApiError {
  return new ApiError(429, "RATE_LIMITS", message);
}

function list(imports: Imports, { query }: ApiRequest): Answer {
  const limit = pageSize(query);
  const found = imports.list(Number(query.get("after") ?? Number.MAX_SAFE_INTEGER), limit + 1);
  const page = found.slice(0, limit);
  const paging = found.length > limit ? { paging: { next: { after: String(page.at(-1)?.id) } } } : {};
  return hubspotJson(200, { results: page.map(importJson), ...paging });
}

function cancel(imports: Imports, request: ApiRequest): Answer {
  const found = find(imports, request);
  if (!["STARTED", "PROCESSING", "DEFERRED"].includes(found.state))
    throw validationError(`Import ${found.id} cannot be canceled: its state is ${found.state}`);
  imports.save({ ...found, state: "CANCELED" });
  imports.release(found.id);
  const at = now().toISOString();
  return hubspotJson(200, { status: "COMPLETE", requestedAt: at, startedAt: at, completedAt: at });
}

function listErrors(portal: Portal, request: ApiRequest): Answer {
  const { query } = request;
  const { id } = find(portal.imports, request);
  const limit = pageSize(query);
  const found = portal.imports.errors(id, Number(query.get("after") ?? 0), limit + 1);
  const page = found.slice(0, limit);
  const paging = found.length > limit ? { paging: { next: { after: String(page.at(-1)?.id) } } } : {};
  const wants = (name: string): boolean => isWanted(request, name);
  const shown = page.map((error) => errorJson(portal, error, wants("includeErrorMessage"), wants("includeRowData")));
  return hubspotJson(200, { results: shown, ...paging });
}

function find(imports: Imports, request: ApiRequest): Import {
  const found = imports.get(Number(request.params["importId"]));
  if (found === undefined) throw notFound();
  return found;
}

function pageSize(query: URLSearchParams): number {
  const limit = Number(query.get("limit") ?? pageDefault);
  if (!Number.isInteger(limit) || limit < 1 || limit > pageMax)
    throw validationError(`The limit parameter must be between 1 and ${pageMax}`);
  return limit;
}

function importJson(shown: Import): Record<string, unknown> {
  return {
    id: String(shown.id),
    state: shown.state,
    createdAt: shown.createdAt,
    updatedAt: shown.updatedAt,
    importName: shown.request.name,
    importSource: "API",
    optOutImport: false,
    mappedObjectTypeIds: [...new Set(shown.request.files.map(({ typeId }) => typeId))],
    importRequestJson: shown.requestJson,
    metadata: {
      // Counters that are still 0 are not there.
      counters: Object.fromEntries(Object.entries(shown.counters).filter(([, count]) => count > 0)),
      fileIds: shown.fileIds.map(String),
      objectLists: [],
    },
  };
}

function errorJson(
  portal: Portal,
  error: ImportError,
  withMessage: boolean,
  withRow: boolean,
): Record<string, unknown> {
  const type = portal.catalog.objectType(error.objectTypeId);
  return {
    id: String(error.id),
    createdAt: error.createdAt,
    errorType: error.errorType,
    objectTypeId: error.objectTypeId,
    ...(type === undefined || type.custom ? {} : { objectType: type.singular.toUpperCase() }),
    ...(error.value === undefined ? {} : { invalidValue: error.value }),
    ...(error.column === undefined ? {} : { knownColumnNumber: error.column }),
    ...(withMessage ? { errorMessage: error.message } : {}),
    sourceData: {
      fileId: error.fileId,
      lineNumber: error.line,
      rowData: withRow ? error.cells : [],
      containsEncryptedProperties: false,
    },
  };
}
