// Single records, lists, values and definitions to the letter; the frame around every call.

import { request } from "node:http";
import { expect, test } from "vitest";
import { noLimits, startPortal } from "./hubspot-support.ts";

test("values are kept as HubSpot shows them", async () => {
  const portal = await startPortal();
  const cases: [string, unknown, string | null][] = [
    ["email", " Ada@EXAMPLE.com ", "ada@example.com"],
    ["firstname", " Ada ", " Ada "],
    ["score", "007.50", "7.5"],
    ["score", 1200000, "1200000"],
    ["score", "-0.0", "0"],
    ["active", "TRUE", "true"],
    ["active", false, "false"],
    ["born", "2024-02-29", "2024-02-29"],
    ["born", Date.UTC(2024, 1, 29), "2024-02-29"],
    ["seen", "2026-03-01T10:00:00+02:00", "2026-03-01T08:00:00.000Z"],
    ["seen", "1700000000000", "2023-11-14T22:13:20.000Z"],
    ["seen", "2026-03-01", "2026-03-01T00:00:00.000Z"],
    ["tags", "a;c", "a;c"],
    ["tags", ";b", "a;c;b"],
    ["tags", "b", "b"],
    ["tier", "Gold", "Gold"],
    ["tier", "", null],
  ];
  const id = await portal.make("contacts", {});
  for (const [name, given, kept] of cases) {
    await portal.api("PATCH", `/crm/v3/objects/contacts/${id}`, { properties: { [name]: given } });
    const { body } = await portal.api("GET", `/crm/v3/objects/contacts/${id}?properties=${name}`);
    expect([name, given, body.properties[name]]).toEqual([name, given, kept]);
  }
});

test("a lifecycle stage moves forward only, unless it is cleared by a call of its own", async () => {
  const portal = await startPortal();
  const id = await portal.make("companies", { name: "Anker", lifecyclestage: "lead" });
  const given = ["opportunity", "lead", "subscriber", "opportunity", "", "lead", "other", "evangelist"];
  const kept = ["opportunity", "opportunity", "opportunity", "opportunity", null, "lead", "other", "other"];
  const found: (string | null | undefined)[] = [];
  for (const lifecyclestage of given) {
    const { status } = await portal.api("PATCH", `/crm/v3/objects/companies/${id}`, { properties: { lifecyclestage } });
    expect([lifecyclestage, status]).toEqual([lifecyclestage, 200]);
    const { body } = await portal.api("GET", `/crm/v3/objects/companies/${id}?properties=lifecyclestage`);
    found.push(body.properties["lifecyclestage"]);
  }
  expect(found).toEqual(kept);
});

test("values that do not fit are refused, each with its code", async () => {
  const portal = await startPortal();
  const cases: [string, unknown, string, string][] = [
    ["email", "ada@", "INVALID_EMAIL", "Email address ada@ is invalid"],
    ["score", "1.4210854715202004e-14", "INVALID_INTEGER", "1.4210854715202004e-14 was not a valid number."],
    ["active", "yes", "INVALID_OPTION", "yes was not one of the allowed options: [true, false]"],
    ["born", "1496643178000", "INVALID_DATE", "1496643178000 is at 6:12:58.0 UTC, not midnight!"],
    ["born", "2023-02-29", "INVALID_DATE", "2023-02-29 was not a valid date."],
    ["seen", "tomorrow", "INVALID_LONG", "tomorrow was not a valid long."],
    ["tier", "gold", "INVALID_OPTION", "gold was not one of the allowed options: [Gold, Silver]"],
    ["tags", "a;d", "INVALID_OPTION", "d was not one of the allowed options: [a, b, c]"],
    ["hs_object_id", "1", "READ_ONLY_VALUE", '"hs_object_id" is a read only property; its value cannot be set.'],
    ["hs_email_domain", "x", "READ_ONLY_VALUE", '"hs_email_domain" is a read only property; its value cannot be set.'],
    ["nope", "x", "PROPERTY_DOESNT_EXIST", 'Property "nope" does not exist'],
  ];
  for (const [name, given, code, message] of cases) {
    const { status, body } = await portal.api("POST", "/crm/v3/objects/contacts", { properties: { [name]: given } });
    expect([name, status, body.errors]).toEqual([name, 400, [{ message, code, context: { propertyName: [name] } }]]);
  }
  expect(await portal.dump("contacts")).toEqual([]);
});

test("a list gives 10 records, 100 at most, from the id that after names", async () => {
  const portal = await startPortal();
  await portal.control("hubspot/seed", { object: "contacts", count: 130 });
  const all = (await portal.dump("contacts")).map(({ id }) => id);
  const list = (query: string) => portal.api("GET", `/crm/objects/2026-03/0-1?${query}`);
  const first = (await list("")).body;
  expect([first.results.map(({ id }) => id), first.paging?.next.after]).toEqual([all.slice(0, 10), all[10]]);
  expect(first.paging?.next.link).toContain(`/crm/objects/2026-03/0-1?after=${all[10]}`);
  const second = (await list(`limit=100&after=${all[100]}`)).body;
  expect([second.results.length, "paging" in second]).toEqual([30, false]);
  expect((await list("limit=101")).status).toBe(400);
  expect((await list("limit=51&propertiesWithHistory=email")).status).toBe(400);
  const named = await list("limit=1&properties=email,lastname&properties=firstname&properties=nope");
  expect(Object.keys(named.body.results[0]?.properties ?? {}).sort()).toEqual([
    "createdate",
    "email",
    "firstname",
    "hs_object_id",
    "lastmodifieddate",
    "lastname",
  ]);
});

test("an object type goes by any of its names, and a path by any version", async () => {
  const portal = await startPortal();
  const id = await portal.make("offices", { office_name: "Rome" });
  for (const name of ["offices", "2-40000001", "p20261120_offices", "P_OFFICES"])
    expect((await portal.api("GET", `/crm/v3/objects/${name}/${id}`)).body.id).toBe(id);
  for (const path of ["/crm/v3/objects", "/crm/objects/v3", "/crm/objects/2026-03", "/crm/objects/2026-09"])
    expect((await portal.api("GET", `${path}/offices/?limit=5`)).status).toBe(200);
  expect((await portal.api("GET", "/crm/objects/2025-09/offices")).status).toBe(404);
  expect((await portal.api("GET", "/crm/v3/objects/nope")).status).toBe(400);
  expect((await portal.api("PUT", "/crm/v3/objects/offices")).status).toBe(405);
});

test("every answer has a correlation id, and a call without a good token is refused", async () => {
  const portal = await startPortal();
  const { status, headers, body } = await portal.api("GET", "/crm/v3/objects/contacts", undefined, {
    authorization: "Bearer x",
  });
  expect([status, body.category, headers.get("content-type")]).toEqual([
    401,
    "INVALID_AUTHENTICATION",
    "application/json;charset=utf-8",
  ]);
  expect(body.correlationId).toBe(headers.get("x-hubspot-correlation-id"));
});

test("a URL of more than 15,000 characters is 414, one of Node's own limit too", async () => {
  const portal = await startPortal();
  for (const length of [15_100, 40_000]) {
    const status = await new Promise((resolve) => {
      const path = `/crm/v3/objects/contacts?properties=${"x".repeat(length)}`;
      request(`${portal.origin}${path}`, (response) => resolve(response.resume().statusCode)).end();
    });
    expect(status).toBe(414);
  }
});

test("each change moves the time of change, never back, and history tells what was before", async () => {
  const portal = await startPortal();
  const id = await portal.make("companies", { name: "One" });
  const path = `/crm/v3/objects/companies/${id}`;
  for (const name of ["Two", "Three"]) await portal.api("PATCH", path, { properties: { name } });
  await portal.api("PATCH", path, { properties: { name: "" } });
  const { body } = await portal.api("GET", `${path}?propertiesWithHistory=name`);
  const { name } = body["propertiesWithHistory"] as { name: { value: string; timestamp: string }[] };
  expect(name.map(({ value }) => value)).toEqual(["", "Three", "Two", "One"]);
  const times = name.map(({ timestamp }) => timestamp);
  expect(times.toSorted().reverse()).toEqual(times);
  expect(body["updatedAt"]).toBe(times[0]);
});

test("a deal may say when it came to be, a contact may not", async () => {
  const portal = await startPortal();
  const createdate = "2020-05-06T07:08:09.000Z";
  const id = await portal.make("deals", { dealname: "Old", dealstage: "closedwon", createdate });
  const { body } = await portal.api("GET", `/crm/v3/objects/deals/${id}?properties=createdate,hs_is_closed_won`);
  expect([body["createdAt"], body.properties]).toMatchObject([createdate, { createdate, hs_is_closed_won: "true" }]);
  const refused = await portal.api("POST", "/crm/v3/objects/contacts", { properties: { createdate } });
  expect(refused.body.errors[0]?.code).toBe("READ_ONLY_VALUE");
});

test("a property is made once, comes back when it is made again, and its options are replaced as a whole", async () => {
  const portal = await startPortal();
  const path = "/crm/properties/2026-09/contacts";
  const color = {
    name: "color",
    label: "Color",
    type: "enumeration",
    fieldType: "select",
    groupName: "contactinformation",
    options: [{ label: "Red", value: "red" }],
  };
  expect((await portal.api("POST", path, color)).status).toBe(201);
  const again = await portal.api("POST", path, color);
  expect([again.status, again.body.category, again.body.subCategory]).toEqual([
    409,
    "OBJECT_ALREADY_EXISTS",
    "Properties.PROPERTY_WITH_NAME_EXISTS",
  ]);
  const changed = await portal.api("PATCH", `${path}/color`, { options: [{ label: "Blue", value: "blue" }] });
  expect(changed.body["options"]).toMatchObject([{ value: "blue" }]);
  expect((await portal.api("DELETE", `${path}/color`)).status).toBe(204);
  const write = () => portal.api("POST", "/crm/v3/objects/contacts", { properties: { color: "blue" } });
  expect((await write()).body.errors[0]?.code).toBe("PROPERTY_DOESNT_EXIST");
  expect((await portal.api("POST", path, color)).status).toBe(201);
  expect((await write()).status).toBe(201);
  expect((await portal.api("DELETE", `${path}/email`)).status).toBe(400);
  expect((await portal.api("GET", `${path}/nope`)).body.category).toBe("OBJECT_NOT_FOUND");
});

test("an object has at most ten properties with unique values", async () => {
  const portal = await startPortal({ schema: { hubspotLimits: noLimits } });
  const made = async (index: number) => {
    const name = `key_${index}`;
    const key = { name, label: name, type: "string", fieldType: "text", hasUniqueValue: true };
    return (await portal.api("POST", "/crm/v3/properties/contacts", { ...key, groupName: "contactinformation" }))
      .status;
  };
  for (let index = 0; index < 10; index += 1) expect(await made(index)).toBe(201);
  expect(await made(10)).toBe(400);
});

test("the demo seed has people with their companies", async () => {
  const portal = await startPortal({ seed: "demo" });
  expect([(await portal.dump("companies")).length, (await portal.dump("contacts")).length]).toEqual([6, 12]);
  const { body } = await portal.api("GET", "/crm/v3/objects/contacts?limit=100&associations=companies");
  expect(body.results.every((record) => record["associations"] !== undefined)).toBe(true);
  await portal.control("reset", {});
  expect(await portal.dump("contacts")).toEqual([]);
});
