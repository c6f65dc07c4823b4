// The sandbox is killed with SIGKILL while a portal is written to, and started again on the same data.

import { expect, test } from "vitest";
import { connectPortal, type Portal, schema } from "./hubspot-support.ts";
import { startProcess } from "./process.ts";
import { temporaryFolder, writeSchema } from "./support.ts";

async function start(dataFolder: string, schemaFile: string): Promise<{ portal: Portal; kill(): Promise<void> }> {
  const { hubspot, kill } = await startProcess(dataFolder, schemaFile);
  return { portal: connectPortal(hubspot), kill };
}

function rows(batch: number): unknown[] {
  return Array.from({ length: 100 }, (_, index) => ({
    id: `K${batch * 100 + index}`,
    idProperty: "sf_contact_id",
    properties: { firstname: `Batch ${batch}`, email: `k${batch * 100 + index}@x.example` },
  }));
}

test("batches that were acknowledged before a kill are whole, the one that was not is whole or not there", async () => {
  const [dataFolder, schemaFile] = [temporaryFolder(), writeSchema(schema)];
  const acknowledged: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    const { portal, kill } = await start(dataFolder, schemaFile);
    const sent = Array.from({ length: 60 }, (_, index) => round * 60 + index);
    const answers = sent.map(async (batch) => {
      const { status } = await portal.batch("upsert", rows(batch)).catch(() => ({ status: 0 }));
      if (status === 200) acknowledged.push(batch);
      return batch;
    });
    await Promise.race(answers);
    await kill();
    await Promise.all(answers);
  }
  const { portal } = await start(dataFolder, schemaFile);
  const stored = await portal.dump("contacts");
  const counts = new Map<string, number>();
  for (const { properties } of stored) {
    const name = String(properties["firstname"]);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(2);
  expect(acknowledged.map((batch) => counts.get(`Batch ${batch}`))).toEqual(acknowledged.map(() => 100));
  expect([...counts.values()].every((count) => count === 100)).toBe(true);
  expect(new Set(stored.map(({ id }) => id)).size).toBe(stored.length);
});

test("what was made over the API outlives a kill: properties, custom objects, labels, links, history", async () => {
  const [dataFolder, schemaFile] = [temporaryFolder(), writeSchema(schema)];
  const first = await start(dataFolder, schemaFile);
  const text = { type: "string", fieldType: "text", label: "x" };
  const key = { ...text, name: "etl_key", groupName: "contactinformation", hasUniqueValue: true };
  await first.portal.api("POST", "/crm/v3/properties/contacts", key);
  const branch = {
    name: "branch",
    labels: {},
    primaryDisplayProperty: "title",
    properties: [{ ...text, name: "title" }],
  };
  const made = await first.portal.api("POST", "/crm/v3/schemas", branch);
  const contact = await first.portal.make("contacts", { etl_key: "A", firstname: "One" });
  await first.portal.api("PATCH", `/crm/v3/objects/contacts/${contact}`, { properties: { firstname: "Two" } });
  const site = await first.portal.make("branch", { title: "Rome" });
  await first.portal.api("PUT", `/crm/v4/objects/contacts/${contact}/associations/default/branch/${site}`);
  await first.kill();
  const { portal } = await start(dataFolder, schemaFile);
  const path = "/crm/v3/objects/contacts/a?idProperty=etl_key&propertiesWithHistory=firstname&associations=branch";
  const { body } = await portal.api("GET", path);
  expect(body.id).toBe(contact);
  expect(body["propertiesWithHistory"]).toMatchObject({ firstname: [{ value: "Two" }, { value: "One" }] });
  expect(body["associations"]).toMatchObject({ branch: { results: [{ id: site }] } });
  expect((await portal.api("GET", `/crm/v3/objects/${made.body["objectTypeId"]}/${site}`)).status).toBe(200);
  expect(Number(await portal.make("contacts", {}))).toBeGreaterThan(Number(site));
});
