// Imports: what is written, what is told about rows that are not, what outlives a kill.

import { Client } from "@hubspot/api-client";
import { expect, test } from "vitest";
import { startAccount, token } from "./hubspot-account-support.ts";
import { contactSchema, email, finished, formOf, key, named, requestOf, runImport } from "./hubspot-import-support.ts";

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
