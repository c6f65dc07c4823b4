// Associations to the letter: numbers and strings, limits, the primary company, labels.

import { expect, test } from "vitest";
import { type Portal, startPortal } from "./hubspot-support.ts";

const paths = {
  v3: "/crm/v4/associations",
  "2026-03": "/crm/associations/2026-03",
  "2026-09": "/crm/associations/2026-09",
};

async function people(portal: Portal): Promise<{ contact: string; one: string; two: string }> {
  return {
    contact: await portal.make("contacts", {}),
    one: await portal.make("companies", { name: "One" }),
    two: await portal.make("companies", { name: "Two" }),
  };
}

function link(from: string, to: string, ...typeIds: number[]): Record<string, unknown> {
  const types = typeIds.map((associationTypeId) => ({ associationCategory: "HUBSPOT_DEFINED", associationTypeId }));
  return { from: { id: from }, to: { id: to }, types };
}

test("a contact has one primary company, seen from both ends; ids of the other end are numbers", async () => {
  const portal = await startPortal();
  const { contact, one, two } = await people(portal);
  const path = "/crm/v4/associations/contacts/companies/batch";
  const created = await portal.api("POST", `${path}/create`, { inputs: [link(contact, one, 1)] });
  expect([created.status, created.body.results]).toEqual([
    201,
    [
      {
        fromObjectTypeId: "0-1",
        fromObjectId: Number(contact),
        toObjectTypeId: "0-2",
        toObjectId: Number(one),
        labels: ["Primary"],
      },
    ],
  ]);
  await portal.api("POST", `${path}/create`, { inputs: [link(contact, two, 1)] });
  const { body } = await portal.api("POST", `${path}/read`, { inputs: [{ id: contact }] });
  const plain = { category: "HUBSPOT_DEFINED", typeId: 279, label: null };
  expect(body.results).toEqual([
    {
      from: { id: contact },
      to: [
        { toObjectId: Number(one), associationTypes: [plain] },
        {
          toObjectId: Number(two),
          associationTypes: [{ category: "HUBSPOT_DEFINED", typeId: 1, label: "Primary" }, plain],
        },
      ],
    },
  ]);
  const back = await portal.api("GET", `/crm/v4/objects/companies/${two}/associations/contacts`);
  expect(back.body.results).toMatchObject([
    { toObjectId: Number(contact), associationTypes: [{ typeId: 2 }, { typeId: 280 }] },
  ]);
});

test.each(["v3", "2026-03", "2026-09"] as const)(
  "what is wrong with one input is told beside the others (%s)",
  async (version) => {
    const portal = await startPortal();
    const { contact, one } = await people(portal);
    const path = `${paths[version]}/contact/company/batch`;
    const { status, body } = await portal.api("POST", `${path}/create`, {
      inputs: [link(contact, one, 279), link(contact, "424242", 279)],
    });
    expect([status, body.results.length, body.numErrors]).toEqual([version === "2026-09" ? 201 : 207, 1, 1]);
    expect(body.errors[0]?.subCategory).toBe("crm.associations.INVALID_OBJECT_IDS");
    const read = await portal.api("POST", `${path}/read`, { inputs: [{ id: contact }, { id: "424242" }] });
    expect([read.status, read.body.results.length]).toEqual([version === "2026-09" ? 200 : 207, 1]);
    expect(read.body.errors[0]).toMatchObject({
      subCategory: "crm.associations.NO_ASSOCIATIONS_FOUND",
      context: { fromObjectId: ["424242"] },
    });
    const archived = await portal.api("POST", `${path}/archive`, {
      inputs: [{ from: { id: contact }, to: [{ id: one }] }],
    });
    expect(archived.status).toBe(version === "v3" ? 204 : 200);
  },
);

test("the limits of each batch hold", async () => {
  const portal = await startPortal();
  const path = "/crm/v4/associations/contacts/companies/batch";
  for (const [operation, most, input] of [
    ["read", 1_000, { id: "1" }],
    ["create", 2_000, link("1", "2", 279)],
    ["archive", 100, { from: { id: "1" }, to: [{ id: "2" }] }],
  ] as const) {
    const inputs = Array.from({ length: most + 1 }, () => input);
    expect((await portal.api("POST", `${path}/${operation}`, { inputs })).status).toBe(400);
    expect((await portal.api("POST", `${path}/${operation}`, { inputs: inputs.slice(1) })).status).not.toBe(400);
  }
});

test("many links are paged by 500", async () => {
  const portal = await startPortal();
  const company = await portal.make("companies", { name: "Big" });
  await portal.control("hubspot/seed", { object: "contacts", count: 501 });
  const contacts = (await portal.dump("contacts")).map(({ id }) => id);
  const path = "/crm/v4/associations/companies/contacts/batch";
  const inputs = contacts.map((id) => ({ from: { id: company }, to: { id } }));
  expect((await portal.api("POST", `${path}/associate/default`, { inputs })).status).toBe(200);
  expect((await portal.api("POST", `${path}/associate/default`, { inputs })).status).toBe(200);
  const read = async (after?: string) => {
    const { body } = await portal.api("POST", `${path}/read`, { inputs: [{ id: company, after }] });
    return body.results[0] as unknown as { to: unknown[]; paging?: { next: { after: string } } };
  };
  const first = await read();
  expect([first.to.length, first.paging?.next.after]).toEqual([500, contacts[500]]);
  const second = await read(first.paging?.next.after);
  expect([second.to.length, second.paging]).toEqual([1, undefined]);
});

test("labels replace each other, and taking the plain association takes all", async () => {
  const portal = await startPortal();
  const { contact, one } = await people(portal);
  const labels = "/crm/associations/2026-03/contacts/companies/labels";
  const add = async (label: string) =>
    Number((await portal.api("POST", labels, { label, name: label.toLowerCase() })).body.results[0]?.["typeId"]);
  const [boss, friend] = [await add("Boss"), await add("Friend")];
  const put = (...ids: number[]) =>
    portal.api(
      "PUT",
      `/crm/objects/2026-03/contacts/${contact}/associations/companies/${one}`,
      ids.map((associationTypeId) => ({ associationCategory: "USER_DEFINED", associationTypeId })),
    );
  const now = async () => {
    const { body } = await portal.api("GET", `/crm/v4/objects/contacts/${contact}/associations/companies`);
    const [first] = body.results as unknown as { associationTypes: { label: string | null }[] }[];
    return first?.associationTypes.map(({ label }) => label);
  };
  expect((await put(boss)).status).toBe(201);
  await put(friend);
  expect(await now()).toEqual([null, "Friend"]);
  await put(boss, friend);
  expect(await now()).toEqual([null, "Boss", "Friend"]);
  const archive = "/crm/v4/associations/contacts/companies/batch/labels/archive";
  const types = [{ associationCategory: "USER_DEFINED", associationTypeId: boss }];
  await portal.api("POST", archive, { inputs: [{ from: { id: contact }, to: { id: one }, types }] });
  expect(await now()).toEqual([null, "Friend"]);
  await portal.api("POST", archive, { inputs: [link(contact, one, 279)] });
  expect(await now()).toBeUndefined();
});

test("archived records have no associations left", async () => {
  const portal = await startPortal();
  const { contact, one } = await people(portal);
  await portal.api("PUT", `/crm/v4/objects/contacts/${contact}/associations/default/companies/${one}`);
  await portal.api("DELETE", `/crm/v3/objects/companies/${one}`);
  const { body } = await portal.api("GET", `/crm/v4/objects/contacts/${contact}/associations/companies`);
  expect(body.results).toEqual([]);
});
