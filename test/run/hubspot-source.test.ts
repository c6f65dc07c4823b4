// HubSpot as a source, through the real binary: first loads, deltas, deletions, what records belong to, other things.

import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const schema = {
  hubspot: {
    contacts: { properties: { ext_id: { type: "string", fieldType: "text", hasUniqueValue: true } } },
    companies: { properties: { vendor_id: { type: "string", fieldType: "text", hasUniqueValue: true } } },
  },
};

function toCsv({ source = "", map = "      id: hs_object_id\n      email: email", object = "contacts" } = {}): string {
  return `version: 1
name: contacts-out
streams:
  contacts:
    source: { connection: hubspot, object: "${object}"${source} }
    target: { connection: drop, files: out.csv, mode: replace }
    map:
${map}
`;
}

async function create(run: Rehearsal, object: string, properties: Record<string, string>[]): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < properties.length; from += 100) {
    const inputs = properties.slice(from, from + 100).map((values, index) => ({
      properties: values,
      objectWriteTraceId: String(index),
    }));
    const path = `/crm/v3/objects/${object}/batch/create`;
    const { status, body } = await run.sandbox.hubspotApi("POST", path, { inputs });
    if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
    const results = (body as { results: { id: string; objectWriteTraceId?: string }[] }).results;
    const byTrace = new Map(results.map((result) => [result.objectWriteTraceId, result.id]));
    ids.push(...inputs.map(({ objectWriteTraceId }) => byTrace.get(objectWriteTraceId) ?? ""));
  }
  return ids;
}

function rows(run: Rehearsal): Record<string, string>[] {
  return parse(run.project.read("inbox/out.csv"), { columns: true });
}

test("a first load comes by the list, a delta by searches, each record once", async () => {
  await using run = await rehearse(toCsv({ source: ", incremental: {}" }), {}, schema);
  await create(
    run,
    "contacts",
    Array.from({ length: 450 }, (_, index) => ({ email: `p${index}@x.de` })),
  );
  const first = await run.project.run("run", "job.yaml", "--json");
  expect(first.code, first.stderr).toBe(0);
  expect(first.summary().streams["contacts"]).toMatchObject({ extracted: 450, loaded: 450 });
  expect(new Set(rows(run).map(({ email }) => email)).size).toBe(450);
  const [one = ""] = await create(run, "contacts", [{ email: "new@x.de" }]);
  const second = await run.project.run("run", "job.yaml", "--json");
  // The overlap brings all of them again, of which only one is new.
  expect(second.summary().streams["contacts"]).toMatchObject({ extracted: 451, duplicates: 450, loaded: 1 });
  expect(rows(run)).toEqual([{ id: one, email: "new@x.de" }]);
});

test("a filter of HubSpot and `keep` choose records", async () => {
  const where = `, where: '{"filters": [{"propertyName": "lastname", "operator": "EQ", "value": "b"}]}', keep: email <> 'p3@x.de'`;
  await using run = await rehearse(toCsv({ source: where }), {}, schema);
  const names = ["a", "b", "a", "b", "b"];
  await create(
    run,
    "contacts",
    names.map((lastname, index) => ({ email: `p${index}@x.de`, lastname })),
  );
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.summary().streams["contacts"]).toMatchObject({ extracted: 3, filtered: 1, loaded: 2 });
  expect(
    rows(run)
      .map(({ email }) => email)
      .sort(),
  ).toEqual(["p1@x.de", "p4@x.de"]);
});

test("what `where` leaves out is none of ours, archived or not, and its case is not told", async () => {
  const map = "      id: hs_object_id\n      gone: archived";
  const ours = '[{"propertyName": "lastname", "operator": "EQ", "value": "ours"}]';
  const source = `, incremental: {}, deletes: emit, where: '${ours}'`;
  await using run = await rehearse(toCsv({ source, map }), {}, schema);
  const [kept = "", archived = "", others = ""] = await create(run, "contacts", [
    { email: "a@x.de", lastname: "ours" },
    { email: "b@x.de", lastname: "Ours" },
    { email: "d@x.de", lastname: "theirs" },
  ]);
  for (const id of [others, archived]) await run.sandbox.hubspotApi("DELETE", `/crm/v3/objects/contacts/${id}`);
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(new Map(rows(run).map(({ id, gone }) => [id, gone]))).toEqual(
    new Map([
      [kept, "false"],
      [archived, "true"],
    ]),
  );
});

test("names of owners and properties of associated records can be used like those of the record", async () => {
  const map =
    "      email: email\n      company: companies.name\n      vendor: companies.vendor_id\n      owner: hubspot_owner_id.email";
  await using run = await rehearse(toCsv({ map }), {}, schema);
  const [first = "", second = ""] = await create(run, "companies", [
    { name: "First", vendor_id: "V1" },
    { name: "Second", vendor_id: "V2" },
  ]);
  const owners = (await run.sandbox.hubspotApi("GET", "/crm/v3/owners")).body as {
    results: { id: string; email: string }[];
  };
  const owner = owners.results[0];
  const [ann = ""] = await create(run, "contacts", [
    { email: "ann@x.de", hubspot_owner_id: owner?.id ?? "" },
    { email: "bob@x.de" },
  ]);
  await run.sandbox.hubspotApi("POST", "/crm/v4/associations/contacts/companies/batch/associate/default", {
    inputs: [{ from: { id: ann }, to: { id: second } }],
  });
  await run.sandbox.hubspotApi("POST", "/crm/v4/associations/contacts/companies/batch/create", {
    inputs: [
      {
        from: { id: ann },
        to: { id: first },
        types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 1 }],
      },
    ],
  });
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  const byEmail = new Map(rows(run).map(({ email, ...rest }) => [email, rest]));
  expect(byEmail.get("ann@x.de")).toEqual({ company: "First", vendor: "V1", owner: owner?.email });
  expect(byEmail.get("bob@x.de")).toEqual({ company: "", vendor: "", owner: "" });
});

test("associations, histories, owners and pipelines are extracted like objects", async () => {
  await using run = await rehearse(toCsv({ object: "owners", map: "      id: id\n      email: email" }), {}, schema);
  const owners = await run.project.run("run", "job.yaml", "--json");
  expect(owners.code, owners.stderr).toBe(0);
  expect(rows(run).length).toBeGreaterThan(1);
  const [contact = ""] = await create(run, "contacts", [{ email: "a@x.de", lastname: "before" }]);
  const [company = ""] = await create(run, "companies", [{ name: "A" }]);
  await run.sandbox.hubspotApi("PATCH", `/crm/v3/objects/contacts/${contact}`, { properties: { lastname: "after" } });
  await run.sandbox.hubspotApi("POST", "/crm/v4/associations/contacts/companies/batch/associate/default", {
    inputs: [{ from: { id: contact }, to: { id: company } }],
  });
  run.project.write({
    "job.yaml": toCsv({ object: "contacts/associations/companies", map: "      from: from_id\n      to: to_id" }),
  });
  expect((await run.project.run("run", "job.yaml")).code).toBe(0);
  expect(rows(run)[0]).toEqual({ from: contact, to: company });
  const history = { object: "contacts/history/lastname", map: "      of: record_id\n      value: value" };
  run.project.write({ "job.yaml": toCsv(history) });
  expect((await run.project.run("run", "job.yaml")).code).toBe(0);
  expect(rows(run).map(({ value }) => value)).toEqual(expect.arrayContaining(["before", "after"]));
  run.project.write({
    "job.yaml": toCsv({ object: "pipelines/deals", map: "      stage: stage\n      id: stage_id" }),
  });
  expect((await run.project.run("run", "job.yaml")).code).toBe(0);
  expect(rows(run).length).toBeGreaterThan(3);
  run.project.write({ "job.yaml": toCsv({ object: "contacts/whatever", map: "      id: id" }) });
  const wrong = await run.project.run("check", "job.yaml");
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("is nothing that HubSpot holds");
});

test("more records of one moment than a search gives come each once; a killed extraction goes on after its last part", async () => {
  const [count, sameMillisecond] = [20_400, 10_200];
  await using run = await rehearse(
    toCsv({ source: ", incremental: {}" }),
    {},
    { ...schema, hubspotLimits: { searchPerSecond: 1000, tenSecondly: 100_000 } },
  );
  const seeded = { object: "contacts", count, sameMillisecond };
  expect((await run.sandbox.hubspotApi("POST", "/__sandbox/hubspot/seed", seeded)).status).toBe(200);
  const env = { LOADLINE_FAILPOINT: "extracted:1" };
  expect((await run.project.start(["run", "job.yaml"], { env }).finished).signal).toBe("SIGKILL");
  const before = await listCalls(run);
  const whole = await run.project.run("resume", "--json");
  expect(whole.code, whole.stderr).toBe(0);
  expect(whole.summary().streams["contacts"]).toMatchObject({ extracted: count, duplicates: 0, loaded: count });
  // The first part holds 20,000 records: the rest is on few pages.
  expect((await listCalls(run)) - before).toBeLessThan(10);
  const seen = rows(run).map(({ id }) => id);
  expect(new Set(seen).size).toBe(count);
  const dump = await run.sandbox.dumpHubSpot("contacts");
  const moment = Date.parse(dump[count / 2]?.properties["lastmodifieddate"] ?? "");
  const window = ["--from", new Date(moment).toISOString(), "--to", new Date(moment + 1).toISOString()];
  const delta = await run.project.run("run", "job.yaml", "--json", ...window);
  expect(delta.code, delta.stderr).toBe(0);
  expect(delta.summary().streams["contacts"]).toMatchObject({ extracted: sameMillisecond, loaded: sameMillisecond });
  expect(new Set(rows(run).map(({ id }) => id)).size).toBe(sameMillisecond);
}, 90_000);

async function listCalls(run: Rehearsal): Promise<number> {
  const { body } = await run.sandbox.hubspotApi("GET", "/__sandbox/calls");
  const calls = Object.entries(body as Record<string, number>);
  return calls
    .filter(([name]) => /^GET .*objects.*\/\{objectType\}$/.test(name))
    .reduce((sum, [, times]) => sum + times, 0);
}
