// Pipelines and stages over the API.
// https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide

import { z } from "zod";
import { now } from "../../clock.ts";
import type { Answer, Route } from "../../routes.ts";
import { type ApiRequest, apiRoutes, objectTypeOf, readJson } from "../api.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import type { Pipeline, Stage } from "../catalog/pipelines.ts";
import { ApiError, hubspotJson, notFound, validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import { portalId } from "../portal-id.ts";

const stageInput = z.looseObject({
  label: z.string().min(1),
  displayOrder: z.int().default(0),
  metadata: z.record(z.string(), z.coerce.string()).default({}),
});
const pipelineInput = z.looseObject({
  label: z.string().min(1),
  displayOrder: z.int().default(0),
  stages: z.array(stageInput).min(1),
});
const stagePatch = stageInput.partial();
const pipelinePatch = z.looseObject({
  label: z.string().min(1).optional(),
  displayOrder: z.int().optional(),
  archived: z.boolean().optional(),
});

export function pipelineRoutes(portal: Portal): Route[] {
  const route = (method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE", path: string, answer: Answering): Route[] =>
    apiRoutes(portal, method, "pipelines", path, (request) => answer(portal, request, objectTypeOf(portal, request)));
  const all = "/{objectType}";
  const one = `${all}/{pipelineId}`;
  const stages = `${one}/stages`;
  const stage = `${stages}/{stageId}`;
  return [
    ...route("GET", all, (_, __, type) => hubspotJson(200, { results: portal.pipelines.list(type) })),
    ...route("POST", all, createPipeline),
    ...route("GET", one, (_, request, type) => hubspotJson(200, pipelineOf(portal, request, type))),
    ...route("PATCH", one, changePipeline),
    ...route("PUT", one, replacePipeline),
    ...route("DELETE", one, removePipeline),
    ...route("GET", `${one}/audit`, (_, request, type) => audit(portal, type, request.params["pipelineId"])),
    ...route("GET", stages, (_, request, type) =>
      hubspotJson(200, { results: pipelineOf(portal, request, type).stages }),
    ),
    ...route("POST", stages, createStage),
    ...route("GET", stage, (_, request, type) => hubspotJson(200, stageOf(portal, request, type).stage)),
    ...route("PATCH", stage, changeStage),
    ...route("PUT", stage, changeStage),
    ...route("DELETE", stage, removeStage),
    ...route("GET", `${stage}/audit`, (_, request, type) => audit(portal, type, request.params["stageId"])),
  ];
}

type Answering = (portal: Portal, request: ApiRequest, type: ObjectType) => Answer | Promise<Answer>;

async function createPipeline(portal: Portal, request: ApiRequest, type: ObjectType): Promise<Answer> {
  const { label, displayOrder, stages } = read(pipelineInput, await readJson(request));
  refuseLabel(portal.pipelines.list(type), label);
  const created: Pipeline = {
    ...fresh(portal),
    label,
    displayOrder,
    stages: stages.map((stage) => newStage(portal, type, stage)),
  };
  portal.pipelines.save(type, created, { identifier: created.id, action: "CREATE", rawObject: created });
  return hubspotJson(201, created);
}

async function changePipeline(portal: Portal, request: ApiRequest, type: ObjectType): Promise<Answer> {
  const { archived, ...patch } = read(pipelinePatch, await readJson(request));
  const before = pipelineOf(portal, request, type);
  const given = { ...pick(patch, ["label", "displayOrder"]), ...(archived === undefined ? {} : { archived }) };
  const changed = { ...before, ...given, updatedAt: now().toISOString() };
  portal.pipelines.save(type, changed, { identifier: changed.id, action: "UPDATE", rawObject: changed });
  return hubspotJson(200, changed);
}

async function replacePipeline(portal: Portal, request: ApiRequest, type: ObjectType): Promise<Answer> {
  const { label, displayOrder, stages } = read(pipelineInput, await readJson(request));
  const before = pipelineOf(portal, request, type);
  const replaced = {
    ...before,
    label,
    displayOrder,
    stages: stages.map((stage) => newStage(portal, type, stage)),
    updatedAt: now().toISOString(),
  };
  portal.pipelines.save(type, replaced, { identifier: replaced.id, action: "UPDATE", rawObject: replaced });
  return hubspotJson(200, replaced);
}

function removePipeline(portal: Portal, request: ApiRequest, type: ObjectType): Answer {
  portal.pipelines.remove(type, pipelineOf(portal, request, type));
  return { status: 204 };
}

async function createStage(portal: Portal, request: ApiRequest, type: ObjectType): Promise<Answer> {
  const pipeline = pipelineOf(portal, request, type);
  const created = newStage(portal, type, read(stageInput, await readJson(request)));
  refuseLabel(pipeline.stages, created.label);
  saveStages(portal, type, pipeline, [...pipeline.stages, created], created, "CREATE");
  return hubspotJson(201, created);
}

async function changeStage(portal: Portal, request: ApiRequest, type: ObjectType): Promise<Answer> {
  const { pipeline, stage } = stageOf(portal, request, type);
  const patch = read(stagePatch, await readJson(request));
  const changed = {
    ...stage,
    ...pick(patch, ["label", "displayOrder"]),
    metadata: { ...stage.metadata, ...patch.metadata },
    updatedAt: now().toISOString(),
  };
  const stages = pipeline.stages.map((one) => (one.id === stage.id ? changed : one));
  saveStages(portal, type, pipeline, stages, changed, "UPDATE");
  return hubspotJson(200, changed);
}

function removeStage(portal: Portal, request: ApiRequest, type: ObjectType): Answer {
  const { pipeline, stage } = stageOf(portal, request, type);
  saveStages(
    portal,
    type,
    pipeline,
    pipeline.stages.filter((one) => one !== stage),
    stage,
    "DELETE",
  );
  return { status: 204 };
}

function saveStages(
  portal: Portal,
  type: ObjectType,
  pipeline: Pipeline,
  stages: Stage[],
  changed: Stage,
  action: "CREATE" | "UPDATE" | "DELETE",
): void {
  const saved = { ...pipeline, stages, updatedAt: now().toISOString() };
  portal.pipelines.save(type, saved, { identifier: changed.id, action, rawObject: changed });
}

function audit(portal: Portal, type: ObjectType, identifier = ""): Answer {
  const results = portal.pipelines.audit(type, identifier).map((entry) => ({ ...entry, portalId }));
  return hubspotJson(200, { results });
}

function newStage(portal: Portal, type: ObjectType, given: z.infer<typeof stageInput>): Stage {
  const { label, displayOrder, metadata } = given;
  // Deals need what a stage is worth: HubSpot refuses those without.
  if (type.name === "deals" && !/^(0(\.\d+)?|1(\.0+)?)$/.test(metadata["probability"] ?? ""))
    throw validationError(`The stage ${label} needs metadata.probability, a number from 0.0 to 1.0`);
  const state = type.name === "tickets" ? { ticketState: "OPEN" } : {};
  return { ...fresh(portal), label, displayOrder, metadata: { ...state, ...metadata } };
}

function fresh(portal: Portal): { id: string; createdAt: string; updatedAt: string; archived: boolean } {
  const at = now().toISOString();
  return { id: portal.pipelines.newId(), createdAt: at, updatedAt: at, archived: false };
}

function refuseLabel(present: readonly { label: string }[], label: string): void {
  if (!present.some((one) => one.label === label)) return;
  throw new ApiError(409, "CONFLICT", `The label ${label} is in use`);
}

function pipelineOf(portal: Portal, request: ApiRequest, type: ObjectType): Pipeline {
  const pipeline = portal.pipelines.get(type, request.params["pipelineId"] ?? "");
  if (pipeline === undefined) throw notFound();
  return pipeline;
}

function stageOf(portal: Portal, request: ApiRequest, type: ObjectType): { pipeline: Pipeline; stage: Stage } {
  const pipeline = pipelineOf(portal, request, type);
  const stage = pipeline.stages.find(({ id }) => id === request.params["stageId"]);
  if (stage === undefined) throw notFound();
  return { pipeline, stage };
}

function read<Shape>(schema: z.ZodType<Shape>, given: unknown): Shape {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw validationError(`Invalid input JSON: ${z.prettifyError(parsed.error)}`);
}

/** The given ones of these keys. */
function pick<Given extends object, Key extends keyof Given>(
  given: Given,
  keys: readonly Key[],
): { [Name in Key]?: Exclude<Given[Name], undefined> } {
  return Object.fromEntries(keys.filter((key) => given[key] !== undefined).map((key) => [key, given[key]])) as {
    [Name in Key]?: Exclude<Given[Name], undefined>;
  };
}
