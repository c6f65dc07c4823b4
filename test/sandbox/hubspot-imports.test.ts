// Imports: what is written, what is told about rows that are not, what outlives a kill.

import { Client } from "@hubspot/api-client";
import { expect, test } from "vitest";
import { type Account, connect, startAccount, token } from "./hubspot-account-support.ts";
import { startProcess } from "./process.ts";
import { temporaryFolder, writeSchema } from "./support.ts";

const contactSchema = {
  hubspot: {
    contacts: {
      properties: {
        sf_id: { type: "string", fieldType: "text", hasUniqueValue: true },
        score: { type: "number" },
        born: { type: "date" },
        seen: { type: "datetime" },
        tier: { type: "enumeration", options: ["gold", "silver"] },
        tags: { type: "enumeration", fieldType: "checkbox", options: ["a", "b"] },
        owner_note: { type: "string" },
      },
    },
    offices: { custom: true, properties: { code: { type: "string", hasUniqueValue: true }, city: { type: "string" } } },
  },
  hubspotLimits: { tenSecondly: 1_000_000 },
};

interface Column {
  columnName: string;
  propertyName: string | null;
  columnType?: string;
}

interface Wanted {
  name?: string;
  typeId?: string;
  operation?: string;
  dateFormat?: string;
  columns: Column[];
  hasHeader?: boolean;
}

function requestOf(wanted: Wanted): Record<string, unknown> {
  const typeId = wanted.typeId ?? "0-1";
  return {
    name: wanted.name ?? "test",
    ...(wanted.operation === undefined ? {} : { importOperations: { [typeId]: wanted.operation } }),
    ...(wanted.dateFormat === undefined ? {} : { dateFormat: wanted.dateFormat }),
    files: [
      {
        fileName: "rows.csv",
        fileFormat: "CSV",
        fileImportPage: {
          hasHeader: wanted.hasHeader ?? true,
          columnMappings: wanted.columns.map((column) => ({ columnObjectTypeId: typeId, ...column })),
        },
      },
    ],
  };
}

function formOf(wanted: Wanted, csv: string): FormData {
  const form = new FormData();
  form.append("files", new Blob([csv], { type: "text/csv" }), "rows.csv");
  form.append("importRequest", JSON.stringify(requestOf(wanted)));
  return form;
}

async function finished(account: Account, id: unknown): Promise<Record<string, unknown>> {
  for (;;) {
    const { body } = await account.call("GET", `/crm/v3/imports/${String(id)}`);
    if (["DONE", "FAILED", "CANCELED"].includes(String(body["state"]))) return body;
  }
}

/** Imports a file and gives its end, its counters and its errors. */
async function runImport(account: Account, wanted: Wanted, csv: string) {
  const started = await account.call("POST", "/crm/imports/2026-03", formOf(wanted, csv));
  expect([started.status, started.text]).toEqual([200, expect.any(String)]);
  const ended = await finished(account, started.body["id"]);
  const path = `/crm/v3/imports/${String(ended["id"])}/errors?limit=100&includeErrorMessage=true&includeRowData=true`;
  const errors = (await account.call("GET", path)).body.results;
  return { state: ended["state"], counters: (ended["metadata"] as { counters: object }).counters, errors };
}

const email = { columnName: "Email", propertyName: "email", columnType: "HUBSPOT_ALTERNATE_ID" };
const key = { columnName: "Id", propertyName: "sf_id", columnType: "HUBSPOT_ALTERNATE_ID" };
const named = (propertyName: string): Column => ({ columnName: propertyName, propertyName });

test("the official client imports a file, watches it and reads its errors", async () => {
  const account = await startAccount({ schema: contactSchema });
  const { coreApi, publicImportsApi } = account.client().crm.imports;
  const wanted = requestOf({
    name: "run-42",
    operation: "UPSERT",
    columns: [email, named("firstname"), named("score")],
  });
  const csv = "Email,firstname,score\nAda@Example.com,Ada,1\nbad,Bo,2\ncy@example.com,Cy,x\ndi@example.com,Di,4\n";
  const started = await coreApi.create({ data: Buffer.from(csv), name: "rows.csv" } as never, JSON.stringify(wanted));
  expect(started).toMatchObject({ importName: "run-42", importSource: "API", mappedObjectTypeIds: ["0-1"] });
  let seen = started;
  while (seen.state !== "DONE") seen = await coreApi.getById(Number(started.id));
  expect(seen.metadata.counters).toEqual({
    TOTAL_ROWS: 4,
    PROPERTY_VALUES_EMITTED: 8,
    CREATED_OBJECTS: 3,
    UNIQUE_OBJECTS_WRITTEN: 3,
    ERRORS: 2,
    MAPPED_COLUMNS: 3,
  });

  const first = await publicImportsApi.getErrors(Number(started.id), undefined, 1, true, true);
  expect(first.results).toEqual([
    expect.objectContaining({
      errorType: "INVALID_EMAIL",
      objectType: "CONTACT",
      objectTypeId: "0-1",
      invalidValue: "bad",
      knownColumnNumber: 0,
      errorMessage: expect.any(String),
      sourceData: expect.objectContaining({ lineNumber: 3, rowData: ["bad", "Bo", "2"] }),
    }),
  ]);
  const second = await publicImportsApi.getErrors(Number(started.id), first.paging?.next?.after, 1);
  expect(second.results).toEqual([
    expect.objectContaining({
      errorType: "COULD_NOT_PARSE_NUMBER",
      invalidValue: "x",
      knownColumnNumber: 2,
      sourceData: expect.objectContaining({ lineNumber: 4, rowData: [] }),
    }),
  ]);
  expect(second.results[0]?.errorMessage).toBeUndefined();
  expect(second.paging).toBeUndefined();
});

test("a value that cannot be is left out and told; the rest of its row is written", async () => {
  const account = await startAccount({ schema: contactSchema });
  const columns = [key, named("firstname"), named("tier"), named("born"), named("score"), named("hubspot_owner_id")];
  const csv = [
    columns.map(({ columnName }) => columnName).join(","),
    "1,Ada,Gold,12/31/1990,1.50,ada.brown@sandbox.example.com",
    "2,Bo,bronze,1990-12-31,one,nobody@example.com",
  ].join("\n");
  const { state, counters, errors } = await runImport(account, { columns }, csv);
  expect([state, counters]).toEqual(["DONE", expect.objectContaining({ CREATED_OBJECTS: 2, ERRORS: 4 })]);
  expect(errors.map(({ errorType, knownColumnNumber }) => [errorType, knownColumnNumber])).toEqual([
    ["COULD_NOT_PARSE_DATE", 3],
    ["COULD_NOT_FIND_OWNER", 5],
    ["INVALID_ENUMERATION_OPTION", 2],
    ["COULD_NOT_PARSE_NUMBER", 4],
  ]);
  const [ada, bo] = await account.dump("contacts");
  expect(ada?.properties).toMatchObject({ tier: "gold", born: "1990-12-31", hubspot_owner_id: "700101" });
  expect(
    Object.keys(bo?.properties ?? {}).filter((name) => ["sf_id", "firstname", "tier", "born", "score"].includes(name)),
  ).toEqual(["sf_id", "firstname"]);
});

test.each([
  ["MONTH_DAY_YEAR", "02/03/2026"],
  ["DAY_MONTH_YEAR", "3.2.2026"],
  ["YEAR_MONTH_DAY", "2026-02-03"],
])("dates are read as %s says", async (dateFormat, text) => {
  const account = await startAccount({ schema: contactSchema });
  await runImport(account, { dateFormat, columns: [key, named("born")] }, `Id,born\n1,${text}\n`);
  expect((await account.dump("contacts"))[0]?.properties["born"]).toBe("2026-02-03");
});

test("CREATE, UPDATE and UPSERT do what they say, and an empty cell changes nothing", async () => {
  const account = await startAccount({ schema: contactSchema });
  const columns = [key, named("firstname"), named("lastname")];
  const header = "Id,firstname,lastname\n";
  const run = (operation: string, rows: string) => runImport(account, { operation, columns }, header + rows);
  expect((await run("CREATE", "1,Ada,Brown\n2,Bo,Chen\n")).counters).toMatchObject({ CREATED_OBJECTS: 2 });
  const create = await run("CREATE", "2,Bob,\n3,Cy,\n");
  expect(create.counters).toMatchObject({ CREATED_OBJECTS: 1, ERRORS: 1 });
  expect(create.errors).toEqual([expect.objectContaining({ errorType: "CREATE_ONLY_IMPORT" })]);
  const update = await run("UPDATE", "1,Adah,\n4,Di,\n");
  expect(update.counters).toMatchObject({ UPDATED_OBJECTS: 1, ERRORS: 1 });
  expect(update.errors).toEqual([expect.objectContaining({ errorType: "UPDATE_ONLY_IMPORT" })]);
  expect((await run("UPSERT", "2,Bobby,\n4,Di,\n")).counters).toMatchObject({ UPDATED_OBJECTS: 1, CREATED_OBJECTS: 1 });
  const names = (await account.dump("contacts")).map(({ properties: { sf_id, firstname, lastname } }) => [
    sf_id,
    firstname,
    lastname,
  ]);
  expect(names).toEqual([
    ["1", "Adah", "Brown"],
    ["2", "Bobby", "Chen"],
    ["3", "Cy", undefined],
    ["4", "Di", undefined],
  ]);
});

test("a record's id names it, one that is not there is refused", async () => {
  const account = await startAccount({ schema: contactSchema });
  await runImport(account, { columns: [key, named("firstname")] }, "Id,firstname\n1,Ada\n");
  const [ada] = await account.dump("contacts");
  const byId = { columnName: "Record ID", propertyName: null, columnType: "HUBSPOT_OBJECT_ID" };
  const csv = `Record ID,firstname\n${ada?.id},Adah\n99,Bo\n`;
  const { counters, errors } = await runImport(
    account,
    { operation: "UPDATE", columns: [byId, named("firstname")] },
    csv,
  );
  expect(counters).toMatchObject({ UPDATED_OBJECTS: 1, ERRORS: 1 });
  expect(errors).toEqual([expect.objectContaining({ errorType: "INVALID_OBJECT_ID", invalidValue: "99" })]);
  expect((await account.dump("contacts"))[0]?.properties["firstname"]).toBe("Adah");
});

test("without an id column, contacts are told apart by their address", async () => {
  const account = await startAccount({ schema: contactSchema });
  const columns = [named("email"), named("firstname")];
  await runImport(account, { columns }, "email,firstname\na@example.com,Ada\n");
  const { counters } = await runImport(account, { columns }, "email,firstname\nA@Example.com,Adah\nb@example.com,Bo\n");
  expect(counters).toMatchObject({ UPDATED_OBJECTS: 1, CREATED_OBJECTS: 1 });
});

test("two rows of one record: the second is refused", async () => {
  const account = await startAccount({ schema: contactSchema });
  const { counters, errors } = await runImport(
    account,
    { columns: [key, named("firstname")] },
    "Id,firstname\n1,Ada\n1,Bo\n",
  );
  expect(counters).toMatchObject({ CREATED_OBJECTS: 1, ERRORS: 1 });
  expect(errors).toEqual([
    expect.objectContaining({
      errorType: "DUPLICATE_ALTERNATE_ID",
      sourceData: expect.objectContaining({ lineNumber: 3 }),
    }),
  ]);
});

test.each([
  ["another contact's address", { key: "2", email: "a@example.com", owner: "" }, "DUPLICATE_UNIQUE_PROPERTY_VALUE", 1],
  ["a value that may not be set", { key: "2", email: "b@example.com", owner: "1" }, "FAILED_VALIDATION", 2],
])("a row with %s is refused", async (_what, { key: id, email: address, owner }, errorType, column) => {
  const account = await startAccount({ schema: contactSchema });
  const columns = [key, named("email"), named("hs_email_domain")];
  const csv = `Id,email,hs_email_domain\n1,a@example.com,\n${id},${address},${owner}\n`;
  const { counters, errors } = await runImport(account, { columns }, csv);
  expect(counters).toMatchObject({ CREATED_OBJECTS: 1, ERRORS: 1 });
  expect(errors).toEqual([expect.objectContaining({ errorType, knownColumnNumber: column })]);
  expect(await account.dump("contacts")).toHaveLength(1);
});

test("a company is found by its domain, though the API allows two with one; then neither is", async () => {
  const account = await startAccount({ schema: contactSchema });
  const columns = [named("domain"), named("name")];
  const run = (csv: string) => runImport(account, { typeId: "0-2", columns }, `domain,name\n${csv}\n`);
  await account.call("POST", "/crm/v3/objects/companies", { properties: { domain: "a.example.com", name: "A" } });
  expect((await run("A.example.com,Acme")).counters).toMatchObject({ UPDATED_OBJECTS: 1 });
  await account.call("POST", "/crm/v3/objects/companies", { properties: { domain: "a.example.com", name: "A" } });
  expect((await run("a.example.com,Acme")).errors).toEqual([
    expect.objectContaining({ errorType: "MULTIPLE_COMPANIES_WITH_THIS_DOMAIN", invalidValue: "a.example.com" }),
  ]);
});

test("the official client's own retry sends an import that is held in memory again", async () => {
  const account = await startAccount({ schema: contactSchema });
  await account.control("faults", [{ match: "POST /crm/v3/imports", nth: [1], do: { status: 503 } }]);
  const { coreApi } = new Client({ accessToken: token, basePath: account.origin, numberOfApiCallRetries: 2 }).crm
    .imports;
  const wanted = JSON.stringify(requestOf({ name: "again", columns: [key] }));
  const started = await coreApi.create({ data: Buffer.from("Id\n1\n"), name: "rows.csv" } as never, wanted);
  expect((await finished(account, started.id))["state"]).toBe("DONE");
  const { results } = await coreApi.getPage();
  expect(results.map(({ importName }) => importName)).toEqual(["again"]);
});

test("an import whose answer is lost is found again by its name", async () => {
  const account = await startAccount({ schema: contactSchema });
  await account.control("faults", [{ match: "POST /crm/v3/imports", nth: [1], do: { reset: "after" } }]);
  const lost = account.call("POST", "/crm/v3/imports", formOf({ name: "run-42-batch-1", columns: [key] }, "Id\n1\n"));
  await expect(lost).rejects.toThrow();
  const { results } = (await account.call("GET", "/crm/v3/imports")).body;
  expect(results.map(({ importName }) => importName)).toEqual(["run-42-batch-1"]);
});

test("an import of two files writes both, and one of a whole number of chunks ends", async () => {
  const account = await startAccount({ schema: contactSchema });
  const people = requestOf({ name: "two", columns: [key] });
  const companies = requestOf({ typeId: "0-2", columns: [named("domain"), named("name")] });
  const [first] = people["files"] as object[];
  const [second] = companies["files"] as object[];
  const form = new FormData();
  const rows = Array.from({ length: 2_000 }, (_, index) => index);
  form.append("files", new Blob([`Id\n${rows.join("\n")}\n`]), "people.csv");
  form.append("files", new Blob(["domain,name\na.example.com,Acme\nbad\n"]), "companies.csv");
  const files = [
    { ...first, fileName: "people.csv" },
    { ...second, fileName: "companies.csv" },
  ];
  form.append("importRequest", JSON.stringify({ ...people, files }));
  const { body } = await account.call("POST", "/crm/v3/imports", form);
  const ended = await finished(account, body["id"]);
  expect(ended).toMatchObject({
    state: "DONE",
    mappedObjectTypeIds: ["0-1", "0-2"],
    metadata: { counters: { TOTAL_ROWS: 2_002, CREATED_OBJECTS: 2_001, MAPPED_COLUMNS: 3, ERRORS: 1 } },
  });
  const { fileIds } = ended["metadata"] as { fileIds: string[] };
  const { results } = (await account.call("GET", `/crm/v3/imports/${String(body["id"])}/errors`)).body;
  expect(results).toEqual([
    expect.objectContaining({
      objectTypeId: "0-2",
      sourceData: expect.objectContaining({ lineNumber: 3, fileId: Number(fileIds[1]) }),
    }),
  ]);
  expect(await account.dump("contacts")).toHaveLength(2_000);
});

test("a fault of a row meets rows of imports", async () => {
  const account = await startAccount({ schema: contactSchema });
  await account.control("faults", [{ match: "row contacts", nth: [2], do: { rowError: "UNKNOWN_ERROR:try again" } }]);
  const { counters, errors } = await runImport(account, { columns: [key] }, "Id\n1\n2\n3\n");
  expect(counters).toMatchObject({ CREATED_OBJECTS: 2, ERRORS: 1 });
  expect(errors).toEqual([expect.objectContaining({ errorType: "UNKNOWN_ERROR", errorMessage: "try again" })]);
});

test("rows that are broken are told with what they hold", async () => {
  const account = await startAccount({ schema: contactSchema });
  const csv = '\uFEFFId,firstname\r\n1,"Ada, the\nfirst"\r\n2\r\n3,a"b\r\n';
  const { counters, errors } = await runImport(account, { columns: [key, named("firstname")] }, csv);
  expect(counters).toMatchObject({ TOTAL_ROWS: 3, CREATED_OBJECTS: 1, ERRORS: 2 });
  expect(
    errors.map(({ errorType, sourceData }) => [errorType, (sourceData as { lineNumber: number }).lineNumber]),
  ).toEqual([
    ["INCORRECT_NUMBER_OF_COLUMNS", 3],
    ["COULD_NOT_PARSE_ROW", 4],
  ]);
  expect((await account.dump("contacts"))[0]?.properties["firstname"]).toBe("Ada, the\nfirst");
});

test.each([
  ["a header that is not as mapped", [key, named("firstname")], "Id,lastname\n1,Ada\n", "INVALID_COLUMN_CONFIGURATION"],
  ["an unknown property", [key, named("nothing")], "Id,nothing\n1,Ada\n", "PROPERTY_DEFINITION_NOT_FOUND"],
  [
    "an identifier that is not unique",
    [{ columnName: "Id", propertyName: "firstname", columnType: "HUBSPOT_ALTERNATE_ID" }],
    "Id\n1\n",
    "INVALID_ALTERNATE_ID",
  ],
])("%s fails the whole file", async (_what, columns, csv, errorType) => {
  const account = await startAccount({ schema: contactSchema });
  const { state, errors } = await runImport(account, { columns }, csv);
  expect(state).toBe("FAILED");
  expect(errors).toEqual([
    expect.objectContaining({ errorType, sourceData: expect.objectContaining({ lineNumber: 0 }) }),
  ]);
  expect(await account.dump("contacts")).toEqual([]);
});

test("a custom object is imported by its unique property, without a header", async () => {
  const account = await startAccount({ schema: contactSchema });
  const code = { columnName: "code", propertyName: "code", columnType: "HUBSPOT_ALTERNATE_ID" };
  const typeId = "2-40000001";
  await runImport(account, { typeId, hasHeader: false, columns: [code, named("city")] }, "B,Berlin\nP,Paris\n");
  expect((await account.dump("offices")).map(({ properties }) => properties["city"])).toEqual(["Berlin", "Paris"]);
});

test.each([
  ["no file of that name", (form: FormData) => form.delete("files")],
  ["no request", (form: FormData) => form.delete("importRequest")],
  ["a request that is not JSON", (form: FormData) => form.set("importRequest", "{")],
  [
    "an unknown operation",
    (form: FormData) => form.set("importRequest", JSON.stringify(requestOf({ operation: "MERGE", columns: [key] }))),
  ],
  [
    "an unknown object type",
    (form: FormData) => form.set("importRequest", JSON.stringify(requestOf({ typeId: "7-7", columns: [key] }))),
  ],
])("refused at once: %s", async (_what, spoil) => {
  const account = await startAccount({ schema: contactSchema });
  const form = formOf({ columns: [key] }, "Id\n1\n");
  spoil(form);
  const answer = await account.call("POST", "/crm/v3/imports", form);
  expect([answer.status, answer.body]).toEqual([400, expect.objectContaining({ category: "VALIDATION_ERROR" })]);
});

test("too many rows in a file, or in a day, are refused with 429", async () => {
  const account = await startAccount({
    schema: { ...contactSchema, hubspotLimits: { importFileRows: 3, importDailyRows: 5 } },
  });
  const post = async (rows: number) => {
    const csv = `Id\n${Array.from({ length: rows }, (_, index) => index).join("\n")}\n`;
    return (await account.call("POST", "/crm/v3/imports", formOf({ columns: [key] }, csv))).status;
  };
  expect([await post(4), await post(3), await post(3), await post(2)]).toEqual([429, 200, 429, 200]);
});

test("three imports are worked on at a time, the others wait; one that waits can be canceled", async () => {
  const account = await startAccount({ schema: contactSchema });
  const csv = `Id\n${Array.from({ length: 20_000 }, (_, index) => index).join("\n")}\n`;
  const started = [];
  for (const name of ["a", "b", "c", "d", "e"])
    started.push((await account.call("POST", "/crm/v3/imports", formOf({ name, columns: [key] }, csv))).body);
  expect(started.map(({ state }) => state)).toEqual(["STARTED", "STARTED", "STARTED", "DEFERRED", "DEFERRED"]);
  const last = String(started[4]?.["id"]);
  expect((await account.call("POST", `/crm/v3/imports/${last}/cancel`)).body).toMatchObject({ status: "COMPLETE" });
  const ends = [];
  for (const { id } of started) ends.push((await finished(account, id))["state"]);
  expect(ends).toEqual(["DONE", "DONE", "DONE", "DONE", "CANCELED"]);
  expect((await account.call("POST", `/crm/v3/imports/${last}/cancel`)).status).toBe(400);

  const first = await account.call("GET", "/crm/v3/imports/?limit=2");
  expect(first.body.results.map(({ importName }) => importName)).toEqual(["e", "d"]);
  const { after } = (first.body["paging"] as { next: { after: string } }).next;
  const rest = await account.call("GET", `/crm/v3/imports?limit=5&after=${after}`);
  expect(rest.body.results.map(({ importName }) => importName)).toEqual(["c", "b", "a"]);
});

test("an import that is canceled under way writes no further row", async () => {
  const account = await startAccount({ schema: contactSchema });
  const csv = `Id\n${Array.from({ length: 200_000 }, (_, index) => index).join("\n")}\n`;
  const { body } = await account.call("POST", "/crm/v3/imports", formOf({ columns: [key] }, csv));
  await account.call("POST", `/crm/v3/imports/${String(body["id"])}/cancel`);
  const written = (await account.dump("contacts")).length;
  expect(written).toBeLessThan(200_000);
  expect((await account.dump("contacts")).length).toBe(written);
});

test("an import that is killed again and again ends with every row once", async () => {
  const [dataFolder, schemaFile, count] = [temporaryFolder(), writeSchema(contactSchema), 20_000];
  let running = await start(dataFolder, schemaFile);
  const rows = Array.from({ length: count }, (_, index) => `${index},Name ${index},${index % 1000 === 0 ? "x" : 1}`);
  const form = formOf(
    { columns: [key, named("firstname"), named("score")] },
    `Id,firstname,score\n${rows.join("\n")}\n`,
  );
  const { id } = (await running.account.call("POST", "/crm/v3/imports", form)).body;
  const written = async () => {
    const { body } = await running.account.call("GET", `/crm/v3/imports/${String(id)}`);
    return (body["metadata"] as { counters: Record<string, number> }).counters["TOTAL_ROWS"] ?? 0;
  };
  let stops = 0;
  for (let total = 0; total < count; stops += 1) {
    const before = total;
    while (total === before) total = await written();
    await running.kill();
    running = await start(dataFolder, schemaFile);
  }
  expect(stops).toBeGreaterThan(1);
  const ended = await finished(running.account, id);
  expect(ended["state"]).toBe("DONE");
  expect(ended["metadata"]).toMatchObject({ counters: { TOTAL_ROWS: count, CREATED_OBJECTS: count, ERRORS: 20 } });
  const names = (await running.account.dump("contacts")).map(({ properties }) => properties["firstname"]);
  expect(names).toEqual(rows.map((_, index) => `Name ${index}`));
});

async function start(dataFolder: string, schemaFile: string) {
  const { hubspot, kill } = await startProcess(dataFolder, schemaFile);
  return { account: connect(hubspot, kill), kill };
}
