import { beforeEach, expect, test } from "vitest";
import { type Org, startOrg } from "./support.ts";

let org: Org;

beforeEach(async () => {
  org = await startOrg();
  await org.ingest(
    { object: "Account", operation: "insert" },
    "Name,Vendor_Account_Id__c,Industry,AnnualRevenue\nAcme,A1,Banking,100\nBeta Corp,A2,,200.5\nGamma_x,A3,Energy,\n",
  );
  await org.ingest(
    { object: "Contact", operation: "insert" },
    "LastName,FirstName,Ext__c,Account.Vendor_Account_Id__c,Email,Birthdate,Seen__c,Active__c,Tags__c,Score__c,Case__c\n" +
      "Müller,Ann,C1,A1,ann@x.co,1990-05-01,2026-01-01T00:00:00Z,true,a;b,1.5,Up\n" +
      "O'Neil,Bob,C2,A2,bob@x.co,1980-01-02,2026-06-01T12:00:00+02:00,false,b,20,up\n" +
      "Zed,,C3,,,,,,,,\n",
  );
});

async function names(where: string): Promise<unknown[]> {
  return (await org.query(`SELECT LastName FROM Contact ${where}`)).map((record) => record["LastName"]);
}

async function refusal(soql: string): Promise<[number, string, string]> {
  const { status, body } = await org.api("GET", `query?q=${encodeURIComponent(soql)}`);
  const [error] = body as unknown as { errorCode: string; message: string }[];
  return [status, error?.errorCode ?? "", error?.message ?? ""];
}

test("text is compared without case, in letters beyond ASCII too, unless the field is case-sensitive", async () => {
  expect(await names("WHERE LastName = 'MÜLLER'")).toEqual(["Müller"]);
  expect(await names("WHERE Ext__c IN ('c1', 'C2')")).toEqual(["Müller", "O'Neil"]);
  expect(await names("WHERE Case__c = 'up'")).toEqual(["O'Neil"]);
  expect(await names("WHERE LastName LIKE 'o\\'n%'")).toEqual(["O'Neil"]);
});

test("LIKE knows its wildcards and their escapes", async () => {
  const accounts = async (pattern: string) =>
    (await org.query(`SELECT Name FROM Account WHERE Name LIKE '${pattern}'`)).length;
  expect(await accounts("%_x")).toBe(1);
  expect(await accounts("%\\\\_x")).toBe(0);
  expect(await accounts("%\\_x")).toBe(1);
  expect(await accounts("_cme")).toBe(1);
  expect(await accounts("%\\%%")).toBe(0);
});

test("null is unlike every value, and NOT turns a comparison round exactly", async () => {
  expect(await names("WHERE FirstName != 'Ann'")).toEqual(["O'Neil", "Zed"]);
  expect(await names("WHERE FirstName NOT IN ('Ann')")).toEqual(["O'Neil", "Zed"]);
  expect(await names("WHERE NOT FirstName = 'Ann'")).toEqual(["O'Neil", "Zed"]);
  expect(await names("WHERE (NOT Score__c > 1) AND LastName != null")).toEqual(["Zed"]);
  expect(await names("WHERE FirstName = null")).toEqual(["Zed"]);
  expect(await names("WHERE FirstName = ''")).toEqual(["Zed"]);
  expect(await names("WHERE FirstName IN ('Bob', null)")).toEqual(["O'Neil", "Zed"]);
});

test("conditions bind as their parentheses say", async () => {
  expect(await names("WHERE (FirstName = 'Ann' OR FirstName = 'Bob') AND Score__c > 5")).toEqual(["O'Neil"]);
  expect(await names("WHERE FirstName = 'Ann' OR (FirstName = 'Bob' AND Score__c > 50)")).toEqual(["Müller"]);
  expect(
    (await refusal("SELECT Id FROM Contact WHERE FirstName = 'a' OR FirstName = 'b' AND Score__c > 5")).slice(0, 2),
  ).toEqual([400, "MALFORMED_QUERY"]);
});

test("dates, datetimes in any zone, booleans and numbers are compared by value", async () => {
  expect(await names("WHERE Birthdate > 1985-12-31")).toEqual(["Müller"]);
  expect(await names("WHERE Seen__c = 2026-06-01T10:00:00Z")).toEqual(["O'Neil"]);
  expect(await names("WHERE Seen__c < 2026-01-01T01:00:00.500+01:00")).toEqual(["Müller"]);
  expect(await names("WHERE Active__c = true")).toEqual(["Müller"]);
  expect(await names("WHERE Score__c >= 1.5 AND Score__c < 20")).toEqual(["Müller"]);
  expect(await names("WHERE CreatedDate = TODAY AND CreatedDate > LAST_N_DAYS:2")).toEqual([]);
  expect(await names("WHERE CreatedDate = TODAY")).toHaveLength(3);
  expect(
    await names("WHERE CreatedDate = LAST_N_DAYS:2 AND CreatedDate >= THIS_YEAR AND CreatedDate < TOMORROW"),
  ).toHaveLength(3);
});

test("multi-select picklists are asked for their members", async () => {
  expect(await names("WHERE Tags__c INCLUDES ('a;b', 'c')")).toEqual(["Müller"]);
  expect(await names("WHERE Tags__c INCLUDES ('b')")).toEqual(["Müller", "O'Neil"]);
  expect(await names("WHERE Tags__c EXCLUDES ('a')")).toEqual(["O'Neil", "Zed"]);
});

test("parents are selected, filtered and sorted by, and an absent parent is null", async () => {
  const records = await org.query(
    "SELECT LastName, Account.Name, Account.Owner.Alias FROM Contact ORDER BY Account.Name DESC NULLS LAST",
  );
  expect(records.map((record) => record["Account"])).toMatchObject([
    { attributes: { type: "Account" }, Name: "Beta Corp", Owner: { Alias: "sandbox" } },
    { Name: "Acme" },
    null,
  ]);
  expect(Object.keys(records[0] ?? {})).toEqual(["attributes", "LastName", "Account"]);
  expect(await names("WHERE Account.Vendor_Account_Id__c = 'a2'")).toEqual(["O'Neil"]);
  expect(await names("WHERE Account.Name = null")).toEqual(["Zed"]);
});

test("semi-joins and anti-joins look into other objects", async () => {
  expect(await names("WHERE AccountId IN (SELECT Id FROM Account WHERE AnnualRevenue > 150)")).toEqual(["O'Neil"]);
  expect(await names("WHERE AccountId NOT IN (SELECT Id FROM Account WHERE AnnualRevenue > 150)")).toEqual([
    "Müller",
    "Zed",
  ]);
});

test("sorting ignores case, puts nulls first, and takes a limit and an offset", async () => {
  expect(await names("ORDER BY FirstName")).toEqual(["Zed", "Müller", "O'Neil"]);
  expect(await names("ORDER BY FirstName DESC NULLS LAST LIMIT 1 OFFSET 1")).toEqual(["Müller"]);
  expect(await names("ORDER BY Id DESC LIMIT 1")).toEqual(["Zed"]);
});

test("counts and aggregates answer as Salesforce shapes them", async () => {
  const { body } = await org.api(
    "GET",
    `query?q=${encodeURIComponent("SELECT COUNT() FROM Contact WHERE Score__c != null")}`,
  );
  expect(body).toEqual({ totalSize: 2, done: true, records: [] });
  expect(await org.query("SELECT COUNT(Id) n, MAX(Score__c), MIN(Seen__c) earliest FROM Contact")).toEqual([
    { attributes: { type: "AggregateResult" }, n: 3, expr0: 20, earliest: "2026-01-01T00:00:00.000+0000" },
  ]);
  expect(
    await org.query("SELECT Active__c, COUNT(Id) n FROM Contact GROUP BY Active__c ORDER BY Active__c"),
  ).toMatchObject([
    { Active__c: false, n: 2 },
    { Active__c: true, n: 1 },
  ]);
});

test("HAVING keeps groups by their aggregates and by what they are grouped by", async () => {
  await org.ingest({ object: "Contact", operation: "insert" }, "LastName,FirstName\nx,Ann\ny,Bob\nz,Ann\n");
  const groups = async (rest: string) =>
    (
      await org.query(`SELECT FirstName, COUNT(Id) n FROM Contact WHERE LastName != 'q' GROUP BY FirstName ${rest}`)
    ).map((row) => [row["FirstName"], row["n"]]);
  expect(await groups("HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC")).toEqual([
    ["Ann", 3],
    ["Bob", 2],
  ]);
  expect(await groups("HAVING COUNT(Id) > 1 AND (FirstName LIKE 'b%' OR MAX(Score__c) < 1)")).toEqual([["Bob", 2]]);
  expect((await refusal("SELECT FirstName FROM Contact GROUP BY FirstName HAVING LastName = 'x'"))[1]).toBe(
    "MALFORMED_QUERY",
  );
});

test("TYPEOF gives each parent's own fields by its type", async () => {
  const id = async (object: string) => (await org.query(`SELECT Id FROM ${object} ORDER BY Id LIMIT 1`))[0]?.["Id"];
  const close = { Name: "Deal", StageName: "Prospecting", CloseDate: "2026-01-01", Amount: 5 };
  const deal = (await org.api("POST", "sobjects/Opportunity", close)).body["id"];
  const rows = [
    ["account", await id("Account")],
    ["deal", deal],
    ["none", ""],
  ];
  const csv = `Subject,WhatId\n${rows.map((row) => row.join(",")).join("\n")}\n`;
  await org.ingest({ object: "Task", operation: "insert" }, csv);
  const soql = (otherwise: string) =>
    `SELECT Subject, TYPEOF What WHEN Account THEN Name, Industry ${otherwise} END FROM Task ORDER BY Subject`;
  const url = expect.stringContaining("/sobjects/");
  expect((await org.query(soql("WHEN Opportunity THEN Amount"))).map((row) => row["What"])).toEqual([
    { attributes: { type: "Account", url }, Name: "Acme", Industry: "Banking" },
    { attributes: { type: "Opportunity", url }, Amount: 5 },
    null,
  ]);
  expect((await org.query(soql("ELSE Id"))).map((row) => row["What"])).toMatchObject([
    { Name: "Acme" },
    { attributes: { type: "Opportunity" }, Id: deal },
    null,
  ]);
  expect((await org.query(soql("")))[1]?.["What"]).toBe(null);
  expect((await refusal(soql("WHEN Opportunity THEN Industry")))[2]).toContain("No such column 'Industry'");
});

test("a subquery nests the children of each record, with its own condition, order and limit", async () => {
  await org.ingest(
    { object: "Contact", operation: "insert" },
    "LastName,Account.Vendor_Account_Id__c\nAbel,A1\nCain,A1\n",
  );
  await org.ingest({ object: "Office__c", operation: "insert" }, "Name,Contact__r.Ext__c\nMain,C1\n");
  const accounts = await org.query(
    "SELECT Name, (SELECT LastName, Account.Name FROM contacts WHERE LastName != 'Cain' OR FirstName = 'x' ORDER BY LastName DESC LIMIT 2), Industry FROM Account ORDER BY Name",
  );
  expect(Object.keys(accounts[0] ?? {})).toEqual(["attributes", "Name", "Contacts", "Industry"]);
  expect(accounts.map((account) => account["Contacts"])).toEqual([
    {
      totalSize: 2,
      done: true,
      records: [
        expect.objectContaining({ LastName: "Müller", Account: expect.objectContaining({ Name: "Acme" }) }),
        expect.objectContaining({ LastName: "Abel" }),
      ],
    },
    expect.objectContaining({ totalSize: 1 }),
    null,
  ]);
  const either =
    "SELECT (SELECT LastName FROM Contacts WHERE LastName = 'Abel' OR LastName = 'O\\'Neil') FROM Account ORDER BY Name LIMIT 2";
  const all = (await org.api("GET", `queryAll?q=${encodeURIComponent(either)}`)).body["records"];
  expect(all).toMatchObject([
    { Contacts: { totalSize: 1, records: [{ LastName: "Abel" }] } },
    { Contacts: { totalSize: 1, records: [{ LastName: "O'Neil" }] } },
  ]);
  const [contact] = await org.query("SELECT (SELECT Name FROM Offices__r) FROM Contact WHERE Ext__c = 'C1'");
  expect(contact?.["Offices__r"]).toMatchObject({ records: [{ Name: "Main" }] });
  expect((await refusal("SELECT (SELECT Id FROM Children) FROM Account"))[2]).toContain(
    "Didn't understand relationship 'Children' in FROM part of query call",
  );
  const { body } = await org.api("GET", "sobjects/Account/describe");
  expect(body["childRelationships"]).toContainEqual(
    expect.objectContaining({ childSObject: "Contact", field: "AccountId", relationshipName: "Contacts" }),
  );
});

test("an address is one object over REST", async () => {
  await org.ingest({ object: "Account", operation: "insert" }, "Name,BillingCity,BillingCountry\nDelta,Kiel,Germany\n");
  const [record] = await org.query("SELECT BillingAddress FROM Account WHERE Name = 'Delta'");
  expect(record?.["BillingAddress"]).toEqual({
    city: "Kiel",
    country: "Germany",
    geocodeAccuracy: null,
    latitude: null,
    longitude: null,
    postalCode: null,
    state: null,
    street: null,
  });
  const [none] = await org.query("SELECT BillingAddress FROM Account WHERE Name = 'Acme'");
  expect(none?.["BillingAddress"]).toBeNull();
});

test("a list of thousands of keys finds its records", async () => {
  const keys = Array.from({ length: 8000 }, (_, index) => `'C${index}'`).join(",");
  const rows = await org.bulkQuery(`SELECT Ext__c FROM Contact WHERE Ext__c IN (${keys})`);
  expect(rows.map((row) => row["Ext__c"]).sort()).toEqual(["C1", "C2", "C3"]);
});

test("both forms of an id find the record, and what is no id is refused", async () => {
  const [record] = await org.query("SELECT Id FROM Contact WHERE Ext__c = 'C1'");
  const id = String(record?.["Id"]);
  expect(await names(`WHERE Id = '${id.slice(0, 15)}'`)).toEqual(["Müller"]);
  expect((await refusal("SELECT Id FROM Contact WHERE Id = 'abc'")).slice(0, 2)).toEqual([
    400,
    "INVALID_QUERY_FILTER_OPERATOR",
  ]);
});

test("mistakes are refused in Salesforce's words", async () => {
  expect(await refusal("SELECT Foo FROM Contact")).toEqual([
    400,
    "INVALID_FIELD",
    "\nSELECT Foo FROM Contact\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Contact'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names.",
  ]);
  const cases: [string, string, RegExp][] = [
    ["SELECT Id FROM Nope", "INVALID_TYPE", /sObject type 'Nope' is not supported/],
    ["SELECT Boss.Name FROM Contact", "INVALID_FIELD", /Didn't understand relationship 'Boss' in field path/],
    ["SELECT Id FRM Contact", "MALFORMED_QUERY", /unexpected token: 'Contact'/],
    ["SELECT Id FROM Contact WHERE", "MALFORMED_QUERY", /unexpected token: '<EOF>'/],
    [
      "SELECT Id FROM Contact WHERE CreatedDate > '2026-01-01'",
      "INVALID_FIELD",
      /must be of type dateTime and should not be enclosed in quotes/,
    ],
    [
      "SELECT Id FROM Contact WHERE LastName = 5",
      "INVALID_FIELD",
      /must be of type string and should be enclosed in quotes/,
    ],
    ["SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD", /can not be filtered in a query call/],
    ["SELECT Id, Id FROM Contact", "INVALID_FIELD", /duplicate field selected/],
    ["SELECT LastName, COUNT(Id) FROM Contact", "MALFORMED_QUERY", /must be grouped or aggregated/],
    ["SELECT Id FROM Contact OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", /2000/],
    ["SELECT FIELDS(ALL) FROM Contact", "MALFORMED_QUERY", /LIMIT of at most 200/],
    ["", "MALFORMED_QUERY", /empty/],
  ];
  for (const [soql, code, message] of cases) {
    const [status, errorCode, text] = await refusal(soql);
    expect([soql, status, errorCode]).toEqual([soql, 400, code]);
    expect(text).toMatch(message);
  }
});
