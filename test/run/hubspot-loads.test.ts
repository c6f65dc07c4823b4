// Loads into HubSpot that are more than rows: existing records taken over, associations, imports, what can't be sent twice.

import { expect, test } from "vitest";
import { type Rehearsal, rehearse } from "./support.ts";

const unique = { type: "string", fieldType: "text", hasUniqueValue: true };
const schema = {
  hubspot: {
    contacts: { properties: { ext_id: unique, loose: { type: "string", fieldType: "text" } } },
    companies: { properties: { vendor_id: unique } },
  },
};

function job({ map = "", target = "", key = "ext_id", mode = "upsert", more = "" } = {}): string {
  return `version: 1
name: contacts
streams:
${more}  contacts:
    source: { connection: drop, files: "contacts*.csv" }
    target: { connection: hubspot, object: contacts, key: ${key}, mode: ${mode}${target} }
    map:
${map}
rejects: { max: 100% }
`;
}

const idAndEmail = "      ext_id: id\n      email: email";

async function seed(run: Rehearsal, object: string, properties: Record<string, string>): Promise<string> {
  const { body } = await run.sandbox.hubspotApi("POST", `/crm/v3/objects/${object}`, { properties });
  return (body as { id: string }).id;
}

async function contacts(run: Rehearsal): Promise<Map<string, Record<string, string>>> {
  const live = (await run.sandbox.dumpHubSpot("contacts")).filter(({ archived }) => !archived);
  return new Map(live.map(({ id, properties }) => [properties["ext_id"] ?? id, { ...properties, id }]));
}

test("adopt_by takes over a record without a key instead of doubling it, and shows so in the plan", async () => {
  await using run = await rehearse(
    job({ map: `${idAndEmail}\n      lastname: last`, target: ", adopt_by: email" }),
    { "inbox/contacts.csv": "id,email,last\na,ANN@x.de,New\nb,bob@x.de,Bob\nc,cid@x.de,Cid\n" },
    schema,
  );
  const ann = await seed(run, "contacts", { email: "ann@x.de", lastname: "Old" });
  await seed(run, "contacts", { email: "cid@x.de", ext_id: "other" });
  const plan = await run.project.run("plan", "job.yaml");
  expect(plan.stdout).toMatch(/lastname\s+Old → New/);
  const done = await run.project.run("run", "job.yaml", "--json");
  // Cid's record has a key of another: it is not ours, and HubSpot says whose it is.
  expect(done.summary().streams["contacts"]).toMatchObject({ creates: 2, updates: 1, loaded: 2, failed: 1 });
  const stored = await contacts(run);
  expect(stored.get("a")).toMatchObject({ id: ann, lastname: "New", email: "ann@x.de" });
  expect(stored.size).toBe(3);
  const rejects = run.project.read(
    `${run.project
      .runFolders()
      .at(-1)
      ?.slice(run.project.folder.length + 1)}/rejects/contacts.csv`,
  );
  expect(rejects).toMatch(/CONFLICT: .*Existing ID: \d+/);
  const again = await run.project.run("run", "job.yaml", "--json");
  expect(again.summary().streams["contacts"]).toMatchObject({ unchanged: 2, creates: 1 });
});

test("a record that a row names by its second address is compared and taken over, if it has no key", async () => {
  await using run = await rehearse(
    job({ map: `${idAndEmail}\n      lastname: last`, target: ", adopt_by: email" }),
    { "inbox/contacts.csv": "id,email,last\na,second@x.de,New\n" },
    schema,
  );
  const ann = await seed(run, "contacts", {
    email: "first@x.de",
    hs_additional_emails: "second@x.de",
    lastname: "Old",
  });
  // Which of two rows a record belongs to, nobody knows.
  await seed(run, "contacts", { email: "one@x.de", hs_additional_emails: "two@x.de", lastname: "Old" });
  run.project.write({ "inbox/contacts2.csv": "id,email,last\nb,one@x.de,B\nc,two@x.de,C\n" });
  expect((await run.project.run("plan", "job.yaml")).stdout).toMatch(/lastname\s+Old → New/);
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ updates: 1, creates: 0, loaded: 1, conflicts: 2 });
  const stored = await contacts(run);
  expect(stored.get("a")).toMatchObject({ id: ann, lastname: "New", email: "first@x.de" });
  expect(stored.size).toBe(2);
});

test("records are associated with those that the same job loads, by label too, and only once", async () => {
  const companies = `  companies:
    source: { connection: drop, files: "companies*.csv" }
    target: { connection: hubspot, object: companies, key: vendor_id, mode: upsert }
    map: { vendor_id: id, name: name }
`;
  const map = `${idAndEmail}\n      companies: { parent: companies, from: company, on_null: skip }`;
  await using run = await rehearse(
    job({ map, more: companies }),
    {
      "inbox/companies.csv": "id,name\nV1,One\nV2,Two\n",
      "inbox/contacts.csv": "id,email,company\na,a@x.de,V1\nb,b@x.de,v2\nc,c@x.de,\nd,d@x.de,V9\n",
    },
    schema,
  );
  const first = await run.project.run("run", "job.yaml", "--json");
  expect(first.code, first.stderr).toBe(0);
  expect(first.summary().streams["contacts"]).toMatchObject({ creates: 3, loaded: 3, rejected: 1 });
  const second = await run.project.run("run", "job.yaml", "--json");
  expect(second.summary().streams["contacts"]).toMatchObject({ unchanged: 3, rejected: 1, loaded: 0 });
  const stored = await contacts(run);
  const linked = async (id: string | undefined) => {
    const path = `/crm/v4/objects/contacts/${id}/associations/companies`;
    const { body } = await run.sandbox.hubspotApi("GET", path);
    return (body as { results: { toObjectId: number; associationTypes: { label: string | null }[] }[] }).results;
  };
  expect(await linked(stored.get("a")?.["id"])).toHaveLength(1);
  expect(await linked(stored.get("c")?.["id"])).toHaveLength(0);
  await run.sandbox.hubspotApi("POST", "/crm/v4/associations/contacts/companies/labels", {
    label: "Billing contact",
    name: "billing_contact",
  });
  const labelled = `${idAndEmail}\n      companies[Billing contact].vendor_id: company`;
  run.project.write({
    "job.yaml": job({ map: labelled }),
    "inbox/contacts.csv": "id,email,company\na,a@x.de,V1\nb,b@x.de,V1\n",
  });
  const third = await run.project.run("run", "job.yaml", "--json");
  expect(third.code, third.stderr).toBe(0);
  expect(third.summary().streams["contacts"]).toMatchObject({ updates: 2, loaded: 2 });
  const [pair] = await linked(stored.get("a")?.["id"]);
  // The association without a label stays beside the one with it.
  expect(pair?.associationTypes.map(({ label }) => label)).toEqual(expect.arrayContaining([null, "Billing contact"]));
  expect(await linked(stored.get("b")?.["id"])).toHaveLength(2);
});

test("a parent that is not there rejects its row, and the record is not written without it", async () => {
  const map = `${idAndEmail}\n      companies.vendor_id: company`;
  await using run = await rehearse(
    job({ map }),
    { "inbox/contacts.csv": "id,email,company\na,a@x.de,V1\nb,b@x.de,V2\n" },
    schema,
  );
  await seed(run, "companies", { name: "One", vendor_id: "V1" });
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.summary().streams["contacts"]).toMatchObject({ rejected: 1, creates: 1, loaded: 1, failed: 0 });
  expect([...(await contacts(run)).keys()]).toEqual(["a"]);
});

test("an import brings its errors back to their rows", async () => {
  const lines = Array.from(
    { length: 300 },
    (_, index) => `r${index},${index % 100 === 42 ? `no${index}(address)` : `p${index}@x.de`}`,
  );
  await using run = await rehearse(
    job({ map: idAndEmail, target: ", via: bulk" }),
    { "inbox/contacts.csv": `id,email\n${lines.join("\n")}\n` },
    schema,
  );
  const plan = await run.project.run("plan", "job.yaml");
  expect(plan.stdout).toContain("creates by an import");
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ creates: 300, loaded: 297, failed: 3 });
  const folder = run.project
    .runFolders()
    .at(-1)
    ?.slice(run.project.folder.length + 1);
  const rejects = run.project.read(`${folder}/rejects/contacts.csv`).trim().split("\n").slice(1);
  expect(rejects.map((line) => line.split(",")[0])).toEqual(["r42", "r142", "r242"]);
  expect(rejects[0]).toMatch(/INVALID_EMAIL.*,email,44$/);
  expect(Object.keys(done.summary().apiCalls)).toEqual(["hubspot"]);
  expect(done.summary().apiCalls["hubspot"]).toBeLessThan(15);
});

test("a create without a unique property whose answer is lost is in doubt, and never sent again by itself", async () => {
  const lines = Array.from({ length: 300 }, (_, index) => `r${index},p${index}@x.de`);
  await using run = await rehearse(
    job({ map: "      loose: id\n      lastname: email", key: "loose", mode: "insert" }),
    { "inbox/contacts.csv": `id,email\n${lines.join("\n")}\n` },
    schema,
  );
  await run.sandbox.setFaults([
    { match: "POST /crm/objects/*/contacts/batch/create", nth: [2], do: { reset: "after" } },
  ]);
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(5);
  expect(done.summary().streams["contacts"]).toMatchObject({ loaded: 200, inDoubt: 100 });
  expect(await run.sandbox.dumpHubSpot("contacts")).toHaveLength(300);
  const again = await run.project.run("resume", "--json");
  expect(again.code).toBe(5);
  const decided = await run.project.run("resume", "--in-doubt", "landed", "--json");
  expect(decided.code, decided.stderr).toBe(0);
  expect(decided.summary().streams["contacts"]).toMatchObject({ loaded: 300, inDoubt: 0 });
  expect(await run.sandbox.dumpHubSpot("contacts")).toHaveLength(300);
  // What was answered before the program was killed is known, and no question.
  run.project.write({ "inbox/contacts.csv": "id,email\ns1,s1@x.de\ns2,s2@x.de\n" });
  await run.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "answered:1" } }).finished;
  const known = await run.project.run("resume", "--json");
  expect(known.code, known.stderr).toBe(0);
  expect(known.summary().streams["contacts"]).toMatchObject({ creates: 2, loaded: 2, inDoubt: 0 });
  expect(await run.sandbox.dumpHubSpot("contacts")).toHaveLength(302);
});

test("creates by several key fields are looked up before they are sent anew, and where their answer is lost", async () => {
  const csv = (from: number, rows: number) =>
    `id,name\n${Array.from({ length: rows }, (_, index) => `r${from + index},N${from + index}`).join("\n")}\n`;
  await using run = await rehearse(
    job({ map: "      loose: id\n      lastname: name", key: "[loose, lastname]" }),
    { "inbox/contacts.csv": csv(0, 103) },
    schema,
  );
  const { project, sandbox } = run;
  const creates = "POST /crm/objects/*/contacts/batch/create";
  const take = async (...args: string[]) => {
    const done = await project.run(...args, "--json");
    const { creates: created, loaded, conflicts, inDoubt } = done.summary().streams["contacts"] ?? {};
    return { code: done.code, created, loaded, conflicts, inDoubt, told: done.stderr.replaceAll(/\s+/g, " ") };
  };
  await sandbox.setFaults([{ match: creates, nth: [2], do: { reset: "after" } }]);
  const first = await take("run", "job.yaml");
  expect(first, first.told).toMatchObject({ code: 0, created: 103, loaded: 103, inDoubt: 0 });
  // Of two calls at once either may be the second.
  expect(first.told).toMatch(/ (3|100) rows in doubt found by their keys: they have landed/);

  // Nothing of it arrived; one row is made by somebody else then.
  project.write({ "inbox/contacts.csv": csv(200, 2) });
  await sandbox.setFaults([{ match: creates, nth: [1], do: { reset: "before" } }]);
  expect(await take("run", "job.yaml")).toMatchObject({ code: 5, loaded: 0, inDoubt: 2 });
  expect((await project.run("show", "latest")).stdout).toContain("the list of all records (2 calls)");
  await seed(run, "contacts", { loose: "r201", lastname: "N201" });
  expect(await take("resume")).toMatchObject({ code: 5, loaded: 1, inDoubt: 1 });
  expect(await take("resume", "--in-doubt", "not-landed")).toMatchObject({
    code: 0,
    created: 2,
    loaded: 2,
    inDoubt: 0,
  });

  project.write({ "inbox/contacts.csv": csv(300, 2) });
  await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "planned:1" } }).finished;
  await seed(run, "contacts", { loose: "r301", lastname: "n301" });
  await seed(run, "contacts", { loose: "r301", lastname: "N301" });
  expect(await take("resume")).toMatchObject({ code: 0, created: 1, loaded: 1, conflicts: 1 });
  const names = (await sandbox.dumpHubSpot("contacts")).map(({ properties }) => properties["lastname"]);
  expect(names).toHaveLength(new Set(names).size);
});

test("mode mirror archives what the source no longer has, within its scope", async () => {
  const scope = `, scope: '[{"propertyName": "lastname", "operator": "EQ", "value": "ours"}]'`;
  await using run = await rehearse(
    `${job({ map: `${idAndEmail}\n      lastname: "'ours'"`, mode: "mirror", target: scope })}guards: { deletes: 10 }\n`,
    { "inbox/contacts.csv": "id,email\na,a@x.de\nb,b@x.de\n" },
    schema,
  );
  await seed(run, "contacts", { ext_id: "gone", lastname: "ours", email: "gone@x.de" });
  await seed(run, "contacts", { ext_id: "theirs", lastname: "theirs", email: "theirs@x.de" });
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ creates: 2, mirrorDeletes: 1, loaded: 3 });
  expect([...(await contacts(run)).keys()].sort()).toEqual(["a", "b", "theirs"]);
});

test("who is in mirror's scope is asked of the records, not of the search index, which is behind them", async () => {
  const named = (operator: string, value: string) =>
    `{"propertyName": "lastname", "operator": "${operator}", "value": "${value}"}`;
  const scope = `, scope: '{"filterGroups": [{"filters": [${named("EQ", "ours")}]}, {"filters": [${named("CONTAINS_TOKEN", "word")}]}]}'`;
  await using run = await rehearse(
    `${job({ map: idAndEmail, mode: "mirror", target: scope })}guards: { deletes: 10 }\n`,
    { "inbox/contacts.csv": "id,email\na,a@x.de\n" },
    schema,
  );
  await seed(run, "contacts", { ext_id: "gone", lastname: "ours" });
  const moved = await seed(run, "contacts", { ext_id: "moved", lastname: "ours" });
  // Only the index can judge words, and it may not know yet what has just changed.
  const words = await seed(run, "contacts", { ext_id: "words", lastname: "a word" });
  await run.sandbox.hubspotApi("POST", "/__sandbox/hubspot/search-lag", { ms: 600_000 });
  await run.sandbox.hubspotApi("PATCH", `/crm/v3/objects/contacts/${moved}`, { properties: { lastname: "theirs" } });
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({ creates: 1, mirrorDeletes: 1, loaded: 2 });
  expect(done.stderr).toMatch(new RegExp(`2 records gone, or not in\\s+.*target.scope \\(${moved}, ${words}\\)`));
  expect([...(await contacts(run)).keys()].sort()).toEqual(["a", "moved", "words"]);
});

test("an owner is named by address, a stage by its label; what HubSpot does not know is told before anything is sent", async () => {
  await using run = await rehearse(
    `version: 1
name: deals
streams:
  deals:
    source: { connection: drop, files: "deals.csv" }
    target: { connection: hubspot, object: deals, key: ref, mode: upsert }
    map: { ref: id, dealname: id, dealstage: stage, hubspot_owner_id: owner }
rejects: { max: 100% }
`,
    {},
    { hubspot: { deals: { properties: { ref: unique } } } },
  );
  const { results: owners } = (await run.sandbox.hubspotApi("GET", "/crm/v3/owners")).body as {
    results: { id: string; email: string }[];
  };
  const { results: pipelines } = (await run.sandbox.hubspotApi("GET", "/crm/v3/pipelines/deals")).body as {
    results: { stages: { id: string; label: string }[] }[];
  };
  const owner = owners.find(({ email }) => email !== "");
  const stage = pipelines[0]?.stages[1];
  run.project.write({
    "inbox/deals.csv": `id,stage,owner\n1,${stage?.label.toUpperCase()},${owner?.email}\n2,No such stage,${owner?.email}\n3,${stage?.id},nobody@x.de\n`,
  });
  const done = await run.project.run("run", "job.yaml", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["deals"]).toMatchObject({ creates: 1, loaded: 1, rejected: 2 });
  const [deal] = await run.sandbox.dumpHubSpot("deals");
  expect(deal?.properties).toMatchObject({ dealstage: stage?.id, hubspot_owner_id: owner?.id });
  const folder = run.project
    .runFolders()
    .at(-1)
    ?.slice(run.project.folder.length + 1);
  const rejects = run.project.read(`${folder}/rejects/deals.csv`);
  expect(rejects).toContain('""No such stage"" is not an option of dealstage');
  expect(rejects).toContain('""nobody@x.de"" is not the address or id of an owner');
});

test("a load that was killed is gone on with by those calls alone whose answers are not known, and makes no record that another has made", async () => {
  const rows = Array.from({ length: 1150 }, (_, row) => `r${row},r${row}@x.de`);
  await using run = await rehearse(
    job({ map: idAndEmail, target: ", batch: { rows: 200 }" }),
    { "inbox/contacts.csv": `id,email\n${rows.join("\n")}\n` },
    schema,
  );
  const calls = async (of: RegExp) => {
    const { body } = await run.sandbox.hubspotApi("GET", "/__sandbox/calls");
    const counted = Object.entries(body as Record<string, number>).filter(([name]) => of.test(name));
    return counted.reduce((sum, [, count]) => sum + count, 0);
  };
  const writes = /batch\/(upsert|create)/;
  const killed = await run.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "answered:3" } }).finished;
  expect(killed.signal).toBe("SIGKILL");
  const [folder = ""] = run.project.runFolders();
  const results = `${folder.slice(run.project.folder.length + 1)}/results`;
  // Of a batch of two calls of which one was answered another has a record, or has changed what the other call made.
  const answers = run.project.list(results).filter((name) => name.endsWith(".answers.jsonl"));
  const known = new Map(answers.map((name) => [name, answeredRows(run.project.read(`${results}/${name}`))]));
  const [half = "", rowsKnown] = [...known].find(([, numbers]) => numbers.length === 100) ?? [];
  const batch = run.project.read(`${results.replace(/results$/, "batches")}/${half.split(".")[0]}.csv`).trim();
  const unknown = rowsKnown?.includes(1) ? 200 : 1;
  const theirs = batch.split("\n")[unknown]?.match(/r\d+/)?.[0] ?? "";
  const own = (await contacts(run)).get(theirs);
  if (own === undefined) await seed(run, "contacts", { ext_id: theirs, email: "theirs@x.de" });
  else
    await run.sandbox.hubspotApi("PATCH", `/crm/v3/objects/contacts/${own["id"]}`, {
      properties: { email: "theirs@x.de" },
    });
  const made = await seed(run, "contacts", { ext_id: "R1100", firstname: "Another" });
  const before = { writes: await calls(writes), reads: await calls(/batch\/read/) };
  const resumed = await run.project.run("resume", "--json");
  const counts = { creates: 1148, loaded: 1148, conflicts: 2, failed: 0 };
  expect(resumed.summary().streams["contacts"], resumed.stderr).toMatchObject(counts);
  expect((await calls(writes)) - before.writes).toBe(12 - 3);
  // The rows that were refused are looked up; what was about to be sent may be, too, and what nobody has answered.
  expect((await calls(/batch\/read/)) - before.reads).toBeLessThanOrEqual(7);
  const stored = await contacts(run);
  expect(stored.get("R1100")).toMatchObject({ id: made, firstname: "Another" });
  expect(stored.get(theirs)?.["email"]).toBe("theirs@x.de");
  expect(stored.size).toBe(1150);
  expect(run.project.list(results).filter((name) => name.endsWith(".jsonl"))).toEqual([]);
  expect(run.project.read(`${results.replace(/results$/, "conflicts")}/contacts.csv`)).toContain(
    "the record was made since the plan",
  );
});

test("what may have been sent is written into the record that holds just this by then, whosever it is, and is no conflict", async () => {
  await using run = await rehearse(
    job({ map: idAndEmail }),
    { "inbox/contacts.csv": "id,email\nr1,r1@x.de\n" },
    schema,
  );
  await run.project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "planned:1" } }).finished;
  const made = await seed(run, "contacts", { ext_id: "r1", email: "r1@x.de" });
  await run.sandbox.advance(60_000);
  await run.project.start(["resume"], { env: { LOADLINE_FAILPOINT: "committed:1" } }).finished;
  const resumed = await run.project.run("resume", "--json");
  expect(resumed.summary().streams["contacts"], resumed.stderr).toMatchObject({ loaded: 1, conflicts: 0, failed: 0 });
  expect((await contacts(run)).get("r1")?.["id"]).toBe(made);
});

/** Numbers of the rows whose answers a batch has kept. */
function answeredRows(journal: string): number[] {
  return journal
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => (JSON.parse(line.slice(17)) as [number, string][]).map(([number]) => number));
}
