// Imports beside each other: limits, waiting, canceling, kills.

import { expect, test } from "vitest";
import { connect, startAccount } from "./hubspot-account-support.ts";
import { contactSchema, finished, formOf, key, named, requestOf, runImport } from "./hubspot-import-support.ts";
import { startProcess } from "./process.ts";
import { temporaryFolder, writeSchema } from "./support.ts";

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
  const csv = `Id\n${Array.from({ length: 8_000 }, (_, index) => index).join("\n")}\n`;
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
  const csv = `Id\n${Array.from({ length: 50_000 }, (_, index) => index).join("\n")}\n`;
  const { body } = await account.call("POST", "/crm/v3/imports", formOf({ columns: [key] }, csv));
  await account.call("POST", `/crm/v3/imports/${String(body["id"])}/cancel`);
  const written = (await account.dump("contacts")).length;
  expect(written).toBeLessThan(50_000);
  expect((await account.dump("contacts")).length).toBe(written);
});

test("an import that is killed again and again ends with every row once", async () => {
  const [dataFolder, schemaFile, count] = [temporaryFolder(), writeSchema(contactSchema), 5_000];
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
  expect(ended["metadata"]).toMatchObject({ counters: { TOTAL_ROWS: count, CREATED_OBJECTS: count, ERRORS: 5 } });
  const names = (await running.account.dump("contacts")).map(({ properties }) => properties["firstname"]);
  expect(names).toEqual(rows.map((_, index) => `Name ${index}`));
});

async function start(dataFolder: string, schemaFile: string) {
  const { hubspot, kill } = await startProcess(dataFolder, schemaFile);
  return { account: connect(hubspot, kill), kill };
}
