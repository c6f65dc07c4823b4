// Several calls in one, and how a query would be answered; by raw requests and by a client library that others wrote.

import { Connection } from "jsforce";
import { expect, test } from "vitest";
import { type Org, startOrg, token } from "./support.ts";

const base = "/services/data/v66.0";

interface PartAnswer {
  body: unknown;
  httpHeaders: Record<string, string>;
  httpStatusCode: number;
  referenceId: string;
}

async function composite(org: Org, parts: object[], more: object = {}): Promise<PartAnswer[]> {
  const answered = await org.api("POST", `${base}/composite`, { compositeRequest: parts, ...more });
  expect(answered.status, answered.text).toBe(200);
  return (answered.body as unknown as { compositeResponse: PartAnswer[] }).compositeResponse;
}

const insert = (referenceId: string, object: string, body: object) => ({
  ...{ method: "POST", url: `${base}/sobjects/${object}`, referenceId, body },
});

test("a part uses what those before it gave, in its URL and in its body", async () => {
  const org = await startOrg();
  const [account, contact, found, gone] = await composite(org, [
    insert("refAccount", "Account", { Name: "Acme" }),
    insert("refContact", "Contact", { LastName: "Lovelace", AccountId: "@{refAccount.id}" }),
    {
      ...{ method: "GET", referenceId: "found" },
      url: `${base}/query?q=SELECT+Account.Name+FROM+Contact+WHERE+Id='@{refContact.id}'`,
    },
    { method: "DELETE", url: `${base}/sobjects/Contact/@{found.records[0].attributes.url}`, referenceId: "gone" },
  ]);
  expect([account?.httpStatusCode, contact?.httpStatusCode, found?.httpStatusCode]).toEqual([201, 201, 200]);
  const records = (found?.body as { records?: { Account: { Name: string } }[] } | undefined)?.records ?? [];
  expect(records.map(({ Account }) => Account.Name)).toEqual(["Acme"]);
  // What a path can't be is answered as such, and the others stand.
  expect([gone?.httpStatusCode, (await org.dump("Contact")).length]).toEqual([404, 1]);
});

test("without allOrNone what depends on a failure is halted and the rest is done", async () => {
  const org = await startOrg();
  const answers = await composite(org, [
    insert("bad", "Contact", { FirstName: "no last name" }),
    insert("child", "Contact", { LastName: "x", ReportsToId: "@{bad.id}" }),
    insert("good", "Contact", { LastName: "y" }),
  ]);
  expect(answers.map(({ httpStatusCode }) => httpStatusCode)).toEqual([400, 400, 201]);
  expect(answers[0]?.body).toMatchObject([{ errorCode: "REQUIRED_FIELD_MISSING" }]);
  expect(answers[1]?.body).toMatchObject([{ errorCode: "PROCESSING_HALTED" }]);
  expect((await org.dump("Contact")).map((record) => record["LastName"])).toEqual(["y"]);
});

test("with allOrNone one failure takes everything back, collections among it", async () => {
  const org = await startOrg();
  const parts = [
    insert("first", "Contact", { LastName: "one" }),
    {
      ...{ method: "POST", url: `${base}/composite/sobjects`, referenceId: "many" },
      body: { records: [{ attributes: { type: "Contact" }, LastName: "two" }] },
    },
    insert("bad", "Contact", {}),
    insert("never", "Contact", { LastName: "three" }),
  ];
  const answers = await composite(org, parts, { allOrNone: true });
  expect(answers.map(({ httpStatusCode }) => httpStatusCode)).toEqual([400, 400, 400, 400]);
  expect(answers.map(({ body }) => (body as { errorCode: string }[])[0]?.errorCode)).toEqual([
    "PROCESSING_HALTED",
    "PROCESSING_HALTED",
    "REQUIRED_FIELD_MISSING",
    "PROCESSING_HALTED",
  ]);
  expect(await org.dump("Contact")).toEqual([]);
  expect(await composite(org, [parts[0] ?? {}, parts[1] ?? {}], { allOrNone: true })).toHaveLength(2);
  expect(await org.dump("Contact")).toHaveLength(2);
});

test("more than 25 parts, more than five queries, names that come twice and other resources are refused whole", async () => {
  const org = await startOrg();
  const post = async (parts: object[]) =>
    (await org.api("POST", `${base}/composite`, { compositeRequest: parts })).status;
  const many = (count: number) =>
    Array.from({ length: count }, (_, at) => insert(`r${at}`, "Contact", { LastName: "x" }));
  const queries = Array.from({ length: 6 }, (_, at) => ({
    ...{ method: "GET", referenceId: `q${at}`, url: `${base}/query?q=SELECT+Id+FROM+Contact` },
  }));
  const [one = {}] = many(1);
  expect(await post(many(26))).toBe(400);
  expect(await post(queries)).toBe(400);
  expect(await post([one, one])).toBe(400);
  expect(await post([{ ...one, url: `${base}/jobs/ingest` }])).toBe(400);
  expect(await post([{ ...one, method: "FETCH" }])).toBe(400);
  expect(await org.dump("Contact")).toEqual([]);
});

test("a composite request is one call of the day, the parts of a batch count each", async () => {
  const org = await startOrg();
  const used = async () => {
    const { body } = await org.api("GET", `${base}/limits`);
    const { Max, Remaining } = body["DailyApiRequests"] as { Max: number; Remaining: number };
    return Max - Remaining;
  };
  const before = await used();
  await composite(org, [insert("a", "Contact", { LastName: "a" }), insert("b", "Contact", { LastName: "b" })]);
  const between = await used();
  const batch = { batchRequests: [1, 2].map(() => ({ method: "GET", url: "v66.0/sobjects/Contact/describe" })) };
  const { body } = await org.api("POST", `${base}/composite/batch`, batch);
  expect(body["hasErrors"]).toBe(false);
  // Asking counts too.
  expect([between - before, (await used()) - between]).toEqual([2, 4]);
});

test("a batch goes on after a failure, or halts where it is asked to", async () => {
  const org = await startOrg();
  const batchRequests = [
    { method: "POST", url: "v66.0/sobjects/Contact", richInput: {} },
    { method: "POST", url: `${base}/sobjects/Contact`, richInput: { LastName: "x" } },
  ];
  const going = await org.api("POST", `${base}/composite/batch`, { batchRequests });
  const codes = ({ body }: { body: Record<string, unknown> }) =>
    (body["results"] as { statusCode: number }[]).map(({ statusCode }) => statusCode);
  expect([going.body["hasErrors"], codes(going)]).toEqual([true, [400, 201]]);
  const halted = await org.api("POST", `${base}/composite/batch`, { batchRequests, haltOnError: true });
  expect(codes(halted)).toEqual([400, 412]);
  expect(await org.dump("Contact")).toHaveLength(1);
});

test("jsforce posts composite requests and explains queries", async () => {
  const org = await startOrg();
  const connection = new Connection({ instanceUrl: org.origin, accessToken: token, version: "66.0" });
  const parts = [insert("a", "Contact", { LastName: "a", Ext__c: "1" }), insert("b", "Contact", { LastName: "b" })];
  const posted = await connection.requestPost<{ compositeResponse: PartAnswer[] }>(`${base}/composite`, {
    compositeRequest: parts,
  });
  expect(posted.compositeResponse.map(({ referenceId }) => referenceId)).toEqual(["a", "b"]);
  const byKey = await connection.query("SELECT Id FROM Contact WHERE Ext__c = '1' AND FirstName = null").explain();
  expect(byKey.plans.map(({ leadingOperationType }) => leadingOperationType)).toContain("Index");
  expect(byKey.plans[0]).toMatchObject({ cardinality: 1, sobjectCardinality: 2, sobjectType: "Contact" });
  const all = await connection.query("SELECT Id FROM Contact").explain();
  expect(all.plans).toMatchObject([{ leadingOperationType: "TableScan", cardinality: 2, fields: [] }]);
  await expect(connection.query("SELECT Nope FROM Contact").explain()).rejects.toThrow("No such column");
});
