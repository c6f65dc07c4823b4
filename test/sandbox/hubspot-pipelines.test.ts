// Pipelines as the official client makes and changes them, and the properties that name their stages.

import { expect, test } from "vitest";
import { startAccount } from "./hubspot-account-support.ts";

const stage = (label: string, probability: string, displayOrder: number) => ({
  label,
  displayOrder,
  metadata: { probability },
});

test("deals and tickets start with HubSpot's own pipelines", async () => {
  const account = await startAccount();
  const { pipelinesApi } = account.client().crm.pipelines;
  const deals = await pipelinesApi.getAll("deals");
  expect(deals.results.map(({ id, stages }) => [id, stages.length])).toEqual([["default", 7]]);
  expect(deals.results[0]?.stages[5]).toMatchObject({
    id: "closedwon",
    metadata: { probability: "1.0", isClosed: "true" },
  });
  expect((await pipelinesApi.getById("tickets", "0")).stages.map(({ label }) => label)).toContain("Waiting on us");
  expect((await account.call("GET", "/crm/pipelines/2026-03/0-3/default")).status).toBe(200);
  expect((await account.call("GET", "/crm/v3/pipelines/deals/nothing")).status).toBe(404);
});

test("the official client makes a pipeline; its stages can be set on records at once", async () => {
  const account = await startAccount();
  const { pipelinesApi, pipelineStagesApi } = account.client().crm.pipelines;
  const made = await pipelinesApi.create("deals", {
    label: "Renewals",
    displayOrder: 1,
    stages: [stage("Open", "0.5", 0), stage("Renewed", "1.0", 1)],
  });
  const open = made.stages[0]?.id ?? "";
  const deal = { properties: { dealname: "A", pipeline: made.id, dealstage: open } };
  expect((await account.call("POST", "/crm/v3/objects/deals", deal)).status).toBe(201);

  const lost = await pipelineStagesApi.create("deals", made.id, stage("Lost", "0.0", 2));
  const renamed = await pipelineStagesApi.update("deals", made.id, lost.id, { label: "Gone" } as never);
  expect(renamed).toMatchObject({ label: "Gone", metadata: { probability: "0.0" } });
  await pipelineStagesApi.archive("deals", made.id, open);
  expect((await pipelineStagesApi.getAll("deals", made.id)).results.map(({ label }) => label)).toEqual([
    "Renewed",
    "Gone",
  ]);
  expect((await account.call("POST", "/crm/v3/objects/deals", deal)).body).toMatchObject({
    category: "VALIDATION_ERROR",
  });

  const { pipelineAuditsApi } = account.client().crm.pipelines;
  const log = await pipelineAuditsApi.getAudit("deals", made.id);
  expect(log.results.map(({ action, identifier }) => [action, identifier])).toEqual([["CREATE", made.id]]);
  await pipelinesApi.archive("deals", made.id);
  expect((await pipelinesApi.getAll("deals")).results.map(({ id }) => id)).toEqual(["default"]);
});

test("what is wrong with a pipeline is refused: a deal stage without probability, a label twice", async () => {
  const account = await startAccount();
  const path = "/crm/v3/pipelines/deals";
  const bare = { label: "A", displayOrder: 0, stages: [{ label: "S", displayOrder: 0 }] };
  expect((await account.call("POST", path, bare)).status).toBe(400);
  expect((await account.call("POST", path, { label: "A", displayOrder: 0 })).status).toBe(400);
  const again = { label: "Sales Pipeline", displayOrder: 0, stages: [stage("S", "0.1", 0)] };
  expect((await account.call("POST", path, again)).body).toMatchObject({ category: "CONFLICT" });
});

test("a custom object has the pipelines that are made for it", async () => {
  const account = await startAccount({
    schema: { hubspot: { orders_x: { custom: true, properties: { code: { type: "string" } } } } },
  });
  const path = "/crm/v3/pipelines/2-40000001";
  expect((await account.call("GET", path)).body.results).toEqual([]);
  const made = await account.call("POST", path, { label: "Flow", stages: [{ label: "New" }] });
  expect([made.status, made.body]).toEqual([201, expect.objectContaining({ label: "Flow" })]);
  expect((await account.call("GET", path)).body.results).toHaveLength(1);
});
