// Answers of HubSpot that are easily read wrongly: what they leave open must neither lose a record nor blame a good one.

import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const unique = { type: "string", fieldType: "text", hasUniqueValue: true };
const text = { type: "string", fieldType: "text" };
const schema = {
  hubspot: {
    contacts: { properties: { ext_id: unique, loose: text } },
    companies: { properties: { vendor_id: unique } },
  },
};

function into(map: string, { key = "ext_id", mode = "upsert" } = {}): string {
  return `version: 1
name: contacts
streams:
  contacts:
    source: { connection: drop, files: "contacts*.csv" }
    target: { connection: hubspot, object: contacts, key: ${key}, mode: ${mode} }
    map:
${map}
rejects: { max: 100% }
`;
}

function outOf(map: string, source = ""): string {
  return `version: 1
name: contacts-out
streams:
  contacts:
    source: { connection: hubspot, object: contacts${source} }
    target: { connection: drop, files: out.csv, mode: replace }
    map:
${map}
`;
}

async function create(run: Rehearsal, object: string, properties: Record<string, string>): Promise<string> {
  const { status, body } = await run.sandbox.hubspotApi("POST", `/crm/v3/objects/${object}`, { properties });
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return (body as { id: string }).id;
}

async function load(run: Rehearsal, command = ["run", "job.yaml"], code = 0) {
  const done = await run.project.run(...command, "--json");
  expect(done.code, done.stderr).toBe(code);
  return done.summary().streams["contacts"];
}

async function linksOf(run: Rehearsal, contact: string) {
  const { body } = await run.sandbox.hubspotApi("GET", `/crm/v4/objects/contacts/${contact}/associations/companies`);
  return (body as { results: { associationTypes: { label: string | null }[] }[] }).results;
}

function written(run: Rehearsal): Record<string, string>[] {
  return parse(run.project.read("inbox/out.csv"), { columns: true });
}

function rejects(run: Rehearsal): string {
  const folder = run.project.runFolders().at(-1) ?? "";
  return run.project.read(`${folder.slice(run.project.folder.length + 1)}/rejects/contacts.csv`);
}

const daily = {
  status: 429,
  body: {
    status: "error",
    message: "You have reached your daily limit.",
    errorType: "RATE_LIMIT",
    policyName: "DAILY",
  },
};

test("creates that can't be repeated and were refused are sent on resume: nothing is in doubt, nothing is there twice", async () => {
  const lines = Array.from({ length: 250 }, (_, index) => `r${index},p${index}`);
  await using run = await rehearse(
    into("      loose: id\n      lastname: last", { key: "loose", mode: "insert" }),
    { "inbox/contacts.csv": `id,last\n${lines.join("\n")}\n` },
    schema,
  );
  await run.sandbox.setFaults([{ match: "POST /crm/objects/*/contacts/batch/create", nth: [2, 3], do: daily }]);
  expect(await load(run, ["run", "job.yaml"], 75)).toMatchObject({ loaded: 100, inDoubt: 0 });
  await run.sandbox.setFaults([]);
  expect(await load(run, ["resume"])).toMatchObject({ loaded: 250, inDoubt: 0 });
  expect(await run.sandbox.dumpHubSpot("contacts")).toHaveLength(250);
});

test("a create without a key comes with its association in one call: a parent that fails leaves no record behind", async () => {
  const map = "      loose: id\n      companies.vendor_id: company";
  await using run = await rehearse(
    into(map, { key: "loose", mode: "insert" }),
    { "inbox/contacts.csv": "id,company\na,V1\nb,V2\nc,\n" },
    schema,
  );
  await create(run, "companies", { name: "One", vendor_id: "V1" });
  await create(run, "companies", { name: "Two", vendor_id: "V2" });
  await run.sandbox.setFaults([{ match: "POST /crm/associations/*/contacts/companies/batch/**", do: { status: 400 } }]);
  expect(await load(run)).toMatchObject({ loaded: 3, failed: 0 });
  const contacts = await run.sandbox.dumpHubSpot("contacts");
  const links = await Promise.all(
    contacts.map(async ({ id, properties }) => [properties["loose"], (await linksOf(run, id)).length]),
  );
  expect(Object.fromEntries(links)).toEqual({ a: 1, b: 1, c: 0 });
});

test("a label is asked for before anything is loaded, and found whatever its case", async () => {
  await using run = await rehearse(
    into("      ext_id: id\n      companies[billing contact].vendor_id: company"),
    { "inbox/contacts.csv": "id,company\na,V1\n" },
    schema,
  );
  await create(run, "companies", { name: "One", vendor_id: "V1" });
  const unknown = await run.project.run("check", "job.yaml");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('contacts and companies have no association label "billing contact"');
  const label = { label: "Billing contact", name: "billing_contact" };
  await run.sandbox.hubspotApi("POST", "/crm/v4/associations/contacts/companies/labels", label);
  expect(await load(run)).toMatchObject({ creates: 1, loaded: 1 });
  expect(await load(run)).toMatchObject({ unchanged: 1, updates: 0 });
});

test("an association that HubSpot refuses is told of the rows it names, and of no others", async () => {
  await using run = await rehearse(
    into("      ext_id: id\n      companies.vendor_id: company"),
    { "inbox/contacts.csv": "id,company\na,V1\nb,V2\nc,V1\n" },
    schema,
  );
  await create(run, "companies", { name: "One", vendor_id: "V1" });
  const second = await create(run, "companies", { name: "Two", vendor_id: "V2" });
  const gone = `COMPANY=${second} is not valid`;
  const error = {
    status: "error",
    category: "VALIDATION_ERROR",
    message: gone,
    context: { INVALID_OBJECT_IDS: [gone] },
  };
  const match = "POST /crm/associations/*/contacts/companies/batch/associate/default";
  const body = { status: "COMPLETE", results: [], numErrors: 1, errors: [error] };
  await run.sandbox.setFaults([{ match, nth: [1], do: { status: 207, body } }]);
  expect(await load(run)).toMatchObject({ creates: 3, loaded: 2, failed: 1 });
  expect(rejects(run)).toContain(`b,V2,"VALIDATION_ERROR: written, but not associated: ${gone}"`);
  // A call that is refused as a whole is halved, like those of records.
  await run.sandbox.setFaults([{ match, nth: [1], do: { status: 400, body: error } }]);
  expect(await load(run)).toMatchObject({ updates: 3, loaded: 3, failed: 0 });
  expect(await load(run)).toMatchObject({ unchanged: 3 });
});

test("associations that HubSpot could not read are not taken for none", async () => {
  await using run = await rehearse(outOf("      id: hs_object_id\n      company: companies.name"), {}, schema);
  await create(run, "contacts", { email: "a@x.de" });
  const error = { status: "error", category: "INTERNAL_ERROR", message: "try again", context: {} };
  const body = { status: "COMPLETE", results: [], numErrors: 1, errors: [error] };
  await run.sandbox.setFaults([
    { match: "POST /crm/associations/*/contacts/companies/batch/read", do: { status: 207, body } },
  ]);
  const done = await run.project.run("run", "job.yaml");
  expect(done.code).toBe(1);
  expect(done.stderr).toContain("INTERNAL_ERROR: try again");
});

test("a page that holds less than it could is the last one only where HubSpot names no next", async () => {
  const where = `, where: '[{"propertyName": "lastname", "operator": "EQ", "value": "x"}]'`;
  await using run = await rehearse(outOf("      id: hs_object_id", where), {}, schema);
  const ids: string[] = [];
  for (const email of ["a@x.de", "b@x.de", "c@x.de"]) ids.push(await create(run, "contacts", { email, lastname: "x" }));
  const short = { total: 3, results: [{ id: ids[0], properties: {} }], paging: { next: { after: "1" } } };
  // The first call counts.
  await run.sandbox.setFaults([
    { match: "POST /crm/objects/*/contacts/search", nth: [2], do: { status: 200, body: short } },
  ]);
  expect(await load(run)).toMatchObject({ extracted: 3 });
  expect(written(run).map(({ id }) => id)).toEqual(ids);
});

test("of hundreds of properties each comes; a record that goes between two calls is left out, not emptied", async () => {
  const names = Array.from({ length: 400 }, (_, index) => `property_with_a_name_of_some_length_${index}`);
  const properties = Object.fromEntries(names.map((name) => [name, text]));
  const fields = `, fields: [${names.join(", ")}]`;
  await using run = await rehearse(
    outOf(`      id: hs_object_id\n      last: ${names[399]}`, fields),
    {},
    { hubspot: { contacts: { properties } } },
  );
  const first = await create(run, "contacts", { [names[399] ?? ""]: "one" });
  expect(await load(run)).toMatchObject({ extracted: 1 });
  expect(written(run)).toEqual([{ id: first, last: "one" }]);
  run.project.write({
    "job.yaml": outOf(`      id: hs_object_id\n      last: ${names[399]}`, `${fields}, incremental: {}`),
  });
  const since = ["run", "job.yaml", "--from", "2020-01-01T00:00:00Z"];
  expect(await load(run, since)).toMatchObject({ extracted: 1, loaded: 1 });
  const gone = { status: "COMPLETE", results: [], errors: [], numErrors: 0 };
  await run.sandbox.setFaults([{ match: "POST /crm/objects/*/contacts/batch/read", do: { status: 200, body: gone } }]);
  run.project.write({ "job.yaml": outOf(`      id: hs_object_id\n      last: ${names[399]}`, fields) });
  expect(await load(run)).toMatchObject({ extracted: 0 });
});

test("an import that writes a record without one of its values tells the row, and the next run takes it up again", async () => {
  const job = into("      ext_id: id\n      tier: tier").replace("mode: upsert", "mode: upsert, via: bulk");
  const option = (value: string) => ({ label: value, value });
  const tier = { type: "enumeration", fieldType: "select", options: [option("gold"), option("silver")] };
  await using run = await rehearse(
    job,
    { "inbox/contacts.csv": "id,tier\na,gold\nb,silver\n" },
    { hubspot: { contacts: { properties: { ext_id: unique, tier } } } },
  );
  const setOptions = (options: unknown) =>
    run.sandbox.hubspotApi("PATCH", "/crm/v3/properties/contacts/tier", { options });
  // What a plan can know it refuses: here the option goes after it was made.
  const killed = await run.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "planned:1" } }).finished;
  expect(killed.signal, killed.stderr).toBe("SIGKILL");
  expect(await setOptions([option("gold")])).toMatchObject({ status: 200 });
  const resumed = (await run.project.run("resume", "--json")).summary().streams["contacts"];
  expect(resumed).toMatchObject({ creates: 2, loaded: 1, failed: 1 });
  expect(rejects(run)).toContain('b,silver,"INVALID_ENUMERATION_OPTION');
  expect(await run.sandbox.dumpHubSpot("contacts")).toHaveLength(2);
  await setOptions(tier.options);
  expect(await load(run)).toMatchObject({ creates: 0, updates: 1, unchanged: 1, loaded: 1 });
  expect(await run.sandbox.dumpHubSpot("contacts")).toHaveLength(2);
});
