// Search to the letter: operators, caps, paging, order, the lag of the index.

import { expect, test } from "vitest";
import { type Body, startPortal } from "./hubspot-support.ts";

function ids(body: Body): string[] {
  return body.results.map(({ id }) => id);
}

const filter = (propertyName: string, operator: string, more: Record<string, unknown> = {}) => ({
  filters: [{ propertyName, operator, ...more }],
});

test("each operator compares as the property's type does", async () => {
  const portal = await startPortal();
  const a = await portal.make("contacts", {
    email: "Ann@X.example",
    firstname: "Ann Marie",
    score: 9,
    born: "2001-02-03",
    seen: "2026-01-01T00:00:00Z",
    tier: "Gold",
    tags: "a;b",
    active: true,
  });
  const b = await portal.make("contacts", { email: "bob@x.example", score: "10", born: "1999-12-31", tier: "Silver" });
  const found = async (body: unknown) => ids((await portal.search(body)).body);
  const cases: [Record<string, unknown>, string[]][] = [
    [filter("score", "GT", { value: "9" }), [b]],
    [filter("score", "BETWEEN", { value: "8", highValue: "9.5" }), [a]],
    [filter("firstname", "EQ", { value: "ANN MARIE" }), [a]],
    [filter("firstname", "NEQ", { value: "ann marie" }), [b]],
    [filter("tier", "EQ", { value: "gold" }), []],
    [filter("tier", "IN", { values: ["Gold", "Silver"] }), [a, b]],
    [filter("tier", "NOT_IN", { values: ["Gold"] }), [b]],
    [filter("tags", "IN", { values: ["b"] }), [a]],
    [filter("tags", "EQ", { value: "a" }), [a]],
    [filter("email", "IN", { values: ["ann@x.example"] }), [a]],
    [filter("email", "IN", { values: ["ANN@x.example"] }), []],
    [filter("email", "EQ", { value: "ANN@x.example" }), [a]],
    [filter("firstname", "HAS_PROPERTY"), [a]],
    [filter("firstname", "NOT_HAS_PROPERTY"), [b]],
    [filter("firstname", "CONTAINS_TOKEN", { value: "mar*" }), [a]],
    [filter("firstname", "CONTAINS_TOKEN", { value: "mari" }), []],
    [filter("firstname", "NOT_CONTAINS_TOKEN", { value: "marie" }), [b]],
    [filter("born", "LT", { value: String(Date.UTC(2000, 0, 1)) }), [b]],
    [filter("seen", "GTE", { value: String(Date.UTC(2026, 0, 1)) }), [a]],
    [filter("seen", "GT", { value: "2026-01-01T00:00:00.000Z" }), []],
    [filter("active", "EQ", { value: "true" }), [a]],
    [filter("hs_object_id", "LTE", { value: a }), [a]],
    [{ query: "marie ann" }, [a]],
    [{ filterGroups: [filter("score", "EQ", { value: "9" }), filter("score", "EQ", { value: "10" })] }, [a, b]],
  ];
  for (const [body, expected] of cases) expect([body, await found(body)]).toEqual([body, expected]);
});

test("a date of change is compared in milliseconds, and ids as numbers, across the step from four digits to five", async () => {
  const portal = await startPortal();
  await portal.control("hubspot/seed", { object: "contacts", count: 120, sameMillisecond: 60 });
  const seen: string[] = [];
  for (let last = "0"; ; ) {
    const { body } = await portal.search({
      limit: 50,
      sorts: [{ propertyName: "hs_object_id", direction: "ASCENDING" }],
      filterGroups: [
        {
          filters: [
            { propertyName: "lastmodifieddate", operator: "LTE", value: String(Date.now()) },
            { propertyName: "hs_object_id", operator: "GT", value: last },
          ],
        },
      ],
    });
    expect(body.total).toBe(120 - seen.length);
    if (body.results.length === 0) break;
    seen.push(...ids(body));
    last = seen.at(-1) ?? "";
  }
  expect(seen).toEqual((await portal.dump("contacts")).map(({ id }) => id));
  expect([seen[0]?.length, seen.at(-1)?.length]).toEqual([4, 5]);
  const times = (await portal.dump("contacts")).map(({ properties }) => properties["lastmodifieddate"]);
  expect(new Set(times).size).toBe(61);
});

test("a total stays right while records are written between the pages", async () => {
  const portal = await startPortal();
  await portal.control("hubspot/seed", { object: "contacts", count: 30 });
  const page = async (last: string) =>
    (await portal.search({ ...filter("hs_object_id", "GT", { value: last }), sorts: ["hs_object_id"], limit: 10 }))
      .body;
  const first = await page("0");
  await portal.make("contacts", {});
  const second = await page(ids(first).at(-1) ?? "");
  expect([first.total, second.total]).toEqual([30, 21]);
});

test("pages end at 10,000 results, and the limits of a search hold", async () => {
  const portal = await startPortal();
  await portal.control("hubspot/seed", { object: "contacts", count: 10_050 });
  const last = (await portal.search({ limit: 200, after: "9800" })).body;
  expect([last.total, last.results.length, last.paging?.next.after]).toEqual([10_050, 200, "10000"]);
  const one = { propertyName: "email", operator: "HAS_PROPERTY" };
  const group = (count: number) => ({ filters: Array.from({ length: count }, () => one) });
  const refused = [
    { after: "10000" },
    { limit: 200, after: 9_801 },
    { limit: 201 },
    { after: "x" },
    { query: "q".repeat(3_001) },
    { sorts: ["email", "firstname"] },
    { filterGroups: Array.from({ length: 6 }, () => group(1)) },
    { filterGroups: [group(7)] },
    { filterGroups: [group(6), group(6), group(6), group(1)] },
    filter("nope", "HAS_PROPERTY"),
    filter("email", "LIKE", { value: "x" }),
  ];
  for (const body of refused) {
    const answer = await portal.search(body);
    expect([body, answer.status, answer.body.category]).toEqual([body, 400, "VALIDATION_ERROR"]);
  }
});

test("the index shows records as they were, the rest of the API as they are", async () => {
  const portal = await startPortal();
  const id = await portal.make("contacts", { firstname: "Before", email: "a@x.example" });
  const gone = await portal.make("contacts", { firstname: "Gone" });
  await portal.control("hubspot/search-lag", { ms: 3_600_000 });
  await portal.api("PATCH", `/crm/v3/objects/contacts/${id}`, { properties: { firstname: "Between" } });
  await portal.api("PATCH", `/crm/v3/objects/contacts/${id}`, { properties: { firstname: "After" } });
  await portal.api("DELETE", `/crm/v3/objects/contacts/${gone}`);
  const fresh = await portal.make("contacts", { firstname: "New" });
  const names = async () => (await portal.search({})).body.results.map(({ properties }) => properties["firstname"]);
  expect(await names()).toEqual(["Before", "Gone"]);
  expect(ids((await portal.search(filter("firstname", "EQ", { value: "after" }))).body)).toEqual([]);
  expect((await portal.search(filter("email", "EQ", { value: "a@x.example" }))).body.total).toBe(1);
  expect((await portal.api("GET", `/crm/v3/objects/contacts/${fresh}`)).status).toBe(200);
  await portal.control("hubspot/search-lag", { ms: 0 });
  expect(await names()).toEqual(["After", "New"]);
});

test("records are searched by what they are associated with", async () => {
  const portal = await startPortal();
  const company = await portal.make("companies", { name: "Acme" });
  const [linked, other] = [await portal.make("contacts", {}), await portal.make("contacts", {})];
  await portal.api("PUT", `/crm/v4/objects/contacts/${linked}/associations/default/companies/${company}`);
  const found = async (body: unknown) => ids((await portal.search(body)).body);
  expect(await found(filter("associations.company", "EQ", { value: company }))).toEqual([linked]);
  expect(await found(filter("associations.company", "NOT_HAS_PROPERTY"))).toEqual([other]);
  expect((await portal.search(filter("associations.offices", "EQ", { value: company }))).status).toBe(400);
});

test("what comes back where no properties are named, with no rate headers", async () => {
  const portal = await startPortal();
  await portal.make("contacts", { firstname: "Ada", city: "Rome" });
  const { body, headers } = await portal.search({});
  expect(Object.keys(body.results[0]?.properties ?? {}).sort()).toEqual(
    ["createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"].sort(),
  );
  expect([...headers.keys()].filter((name) => name.includes("ratelimit"))).toEqual([]);
  const named = await portal.search({ properties: ["city", "nope"] });
  expect(Object.keys(named.body.results[0]?.properties ?? {}).sort()).toEqual(
    ["city", "createdate", "hs_object_id", "lastmodifieddate"].sort(),
  );
});
