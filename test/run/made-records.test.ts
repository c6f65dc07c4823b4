// Records that are made because rows name them, and no lookup finds them: `miss: create`.

import { expect, test } from "vitest";
import { contactsJob, rehearse, schema } from "./support.ts";

const code = { type: "string", length: 10, externalId: true, unique: true };
const objects = {
  salesforce: {
    Account: schema.salesforce.Account,
    Firm__c: { custom: true, fields: { Code__c: code, Land__c: { type: "string", length: 2 } } },
    Contact: {
      fields: {
        ...schema.salesforce.Contact.fields,
        Firm__c: { type: "reference", to: "Firm__c" },
        Branch__c: { type: "reference", to: "Firm__c" },
      },
    },
  },
};

const map = `      Ext__c: id
      LastName: last
      AccountId: { lookup: { object: Account, key: Name, from: company, miss: create } }`;

const firms = `${map}
      Firm__c: { lookup: { object: Firm__c, key: Code__c, from: firm, miss: create } }`;

test("a value that is not found makes one record for all rows that name it, whose id they get", async () => {
  const long = "x".repeat(256);
  const rows = ["1,A,Acme", "2,B,ACME ", "3,C,Bolt", "4,D,", "5,,Lost", "6,F,Known", "7,G,known", `8,H,${long}`];
  await using place = await rehearse(contactsJob({ map }), {
    "inbox/contacts.csv": `id,last,company\n${rows.join("\n")}\n`,
  });
  await place.sandbox.api("POST", "sobjects/Account", { Name: "Known" });
  const check = await place.project.run("check", "job.yaml");
  expect(check.code, check.stderr).toBe(0);
  const plan = await place.project.run("plan", "job.yaml", "--out", "plan.zip", "--json");
  expect(plan.code, plan.stderr).toBe(0);
  expect(plan.summary().streams).toMatchObject({
    "contacts.AccountId": { extracted: 2, creates: 2 },
    contacts: { extracted: 8, rejected: 2, creates: 6 },
  });
  const [folder = ""] = place.project.runFolders();
  expect(place.project.read(`${folder.slice(place.project.folder.length + 1)}/rejects/contacts.csv`)).toContain(
    "no Account can be made: its Name has 256 characters, the field takes 255",
  );
  const run = await place.project.run("apply", "plan.zip", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams).toMatchObject({
    "contacts.AccountId": { extracted: 2, creates: 2, loaded: 2 },
    contacts: { extracted: 8, rejected: 2, creates: 6, loaded: 6 },
  });
  const accounts = new Map((await place.sandbox.dump("Account")).map((one) => [one["Id"], one["Name"]]));
  expect([...accounts.values()].sort()).toEqual(["ACME", "Bolt", "Known"]);
  const named = [...(await place.contacts())].map(([key, one]) => [key, accounts.get(one["AccountId"]) ?? null]);
  expect(named.sort()).toEqual([
    ["1", "ACME"],
    ["2", "ACME"],
    ["3", "Bolt"],
    ["4", null],
    ["6", "Known"],
    ["7", "Known"],
  ]);
  const again = await place.project.run("run", "job.yaml", "--json");
  expect(again.summary().streams).toMatchObject({
    "contacts.AccountId": { extracted: 0, creates: 0 },
    contacts: { extracted: 8, unchanged: 6, creates: 0, updates: 0 },
  });
});

test("a run that is killed at step after step makes each record once, and each row gets its ids", async () => {
  const rows = ["1,A,Acme,f1", "2,B,Acme,F1", "3,C,Bolt,f2"];
  await using place = await rehearse(
    contactsJob({ map: firms }),
    { "inbox/contacts.csv": `id,last,company,firm\n${rows.join("\n")}\n` },
    objects,
  );
  const { project, sandbox } = place;
  const kills = ["committed:1", "ids-written:1", "ids-written:2"];
  for (const [index, LOADLINE_FAILPOINT] of kills.entries()) {
    const command = index === 0 ? ["run", "job.yaml"] : ["resume"];
    const { code: ended } = await project.start(command, { env: { LOADLINE_FAILPOINT } }).finished;
    expect({ LOADLINE_FAILPOINT, ended }).toEqual({ LOADLINE_FAILPOINT, ended: null });
  }
  const resumed = await project.run("resume", "--json");
  expect(resumed.code, resumed.stderr).toBe(0);
  const accounts = new Map((await sandbox.dump("Account")).map((one) => [one["Id"], one["Name"]]));
  const made = new Map((await sandbox.dump("Firm__c")).map((one) => [one["Id"], one["Code__c"]]));
  expect([...accounts.values()].sort()).toEqual(["Acme", "Bolt"]);
  expect([...made.values()].sort()).toEqual(["F1", "f2"]);
  const named = [...(await place.contacts()).values()].map((one) => [
    one["LastName"],
    accounts.get(one["AccountId"]),
    made.get(one["Firm__c"]),
  ]);
  expect(named.sort()).toEqual([
    ["A", "Acme", "F1"],
    ["B", "Acme", "F1"],
    ["C", "Bolt", "f2"],
  ]);
});

test("rows whose record is refused are told as failed with why, and a retry makes it", async () => {
  const feed = { "inbox/contacts.csv": "id,last,company,firm\n1,A,,f1\n2,B,,f1\n3,C,,\n" };
  await using place = await rehearse(contactsJob({ map: firms }), feed, objects);
  const { project, sandbox } = place;
  const refusal = { statusCode: "FIELD_CUSTOM_VALIDATION_EXCEPTION", message: "no firm", fields: [] };
  const body = JSON.stringify([{ success: false, created: false, errors: [refusal] }]);
  await sandbox.setFaults([
    { match: "PATCH /services/data/*/composite/sobjects/Firm__c/*", nth: [1], do: { status: 200, body } },
  ]);
  const run = await project.run("run", "job.yaml", "--json");
  expect(run.summary().streams).toMatchObject({
    "contacts.Firm__c": { creates: 1, loaded: 0, failed: 1 },
    contacts: { creates: 3, loaded: 1, failed: 2 },
  });
  const folder = `.loadline/runs/${run.summary().run}`;
  expect(project.read(`${folder}/rejects/contacts.csv`)).toContain(
    "PARENT_REFUSED: its parent contacts.Firm__c f1 was refused: FIELD_CUSTOM_VALIDATION_EXCEPTION: no firm",
  );
  const listed = JSON.parse((await project.run("rejects", "latest", "--json")).stdout);
  expect(listed.streams).toMatchObject({ contacts: { open: 2 } });
  expect(Object.keys(listed.streams)).toEqual(["contacts"]);
  const retried = await project.run("rejects", "latest", "--retry", "--json");
  expect(retried.code, retried.stderr).toBe(0);
  expect(retried.summary().streams).toMatchObject({ "contacts.Firm__c": { loaded: 1 }, contacts: { loaded: 2 } });
  expect(new Set([...(await place.contacts()).values()].map((one) => one["Firm__c"])).size).toBe(2);
});

test("guards count what is made, as a share of the rows that name it", async () => {
  const rows = ["1,A,x", "2,B,x", "3,C,y", "4,D,"];
  const top = "guards: { changed: 100%, creates: 100%, source_rows_min: 4 }";
  await using place = await rehearse(contactsJob({ map, top }), {
    "inbox/contacts.csv": `id,last,company\n${rows.join("\n")}\n`,
  });
  const plan = await place.project.run("plan", "job.yaml", "--json");
  expect(plan.code, plan.stderr).toBe(0);
  place.project.write({ "job.yaml": contactsJob({ map, top: "guards: { creates: 25% }" }) });
  const stopped = await place.project.run("run", "job.yaml", "--json");
  expect(stopped.code).toBe(4);
  expect(stopped.summary().stops).toEqual([
    "contacts.AccountId: 2 records to create, at most 25 % of 4 (guards.creates)",
    "contacts: 4 records to create, at most 25 % of 4 (guards.creates)",
  ]);
  expect(await place.sandbox.dump("Account")).toEqual([]);
});

test("HubSpot's companies are made by a domain and associated", async () => {
  const job = `version: 1
name: people
streams:
  people:
    source: { connection: drop, files: "people.csv" }
    target: { connection: hubspot, object: contacts, key: email, mode: upsert }
    map:
      email: mail
      companies.hs_object_id: { lookup: { object: companies, key: domain, from: site, miss: create } }
`;
  await using place = await rehearse(job, {
    "inbox/people.csv": "mail,site\na@x.com,Acme.example\nb@x.com,acme.example\nc@x.com,bolt.example\nd@x.com,\n",
  });
  const check = await place.project.run("check", "job.yaml");
  expect(check.code, check.stderr).toBe(0);
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams).toMatchObject({
    "people.companies.hs_object_id": { creates: 2, loaded: 2 },
    people: { creates: 4, loaded: 4 },
  });
  const companies = await place.sandbox.dumpHubSpot("companies");
  expect(companies.map(({ properties }) => properties["domain"]).sort()).toEqual(["Acme.example", "bolt.example"]);
  const again = await place.project.run("plan", "job.yaml", "--json");
  expect(again.summary().streams["people"]).toMatchObject({ unchanged: 4 });
});

test("check names what miss: create can't be meant for", async () => {
  const lookup = (more: string, key = "Name") =>
    `{ lookup: { object: Account, key: ${key}, from: company, miss: create${more} } }`;
  const job = contactsJob({
    map: `      Ext__c: id
      LastName: last
      AccountId: ${lookup(", where: \"Site = 'x'\", value: Site, connection: hubspot")}
      ReportsToId: { lookup: { file: ref.csv, key: id, value: id, from: last, miss: create } }
      OwnerId: { lookup: { object: User, key: Email, from: last, miss: create }, own: false }`,
  });
  const feed = { "inbox/contacts.csv": "id,last,company\n1,A,x\n", "ref.csv": "id\n1\n" };
  await using place = await rehearse(job, feed, objects);
  const told = async () => {
    const { code: ended, stderr } = await place.project.run("check", "job.yaml");
    expect(ended).toBe(2);
    return stderr.split("\n").flatMap((line) => /^job\.yaml:\d+:\d+: (.*)/.exec(line)?.[1] ?? []);
  };
  expect(await told()).toEqual([
    "`where` does not go with miss: create: a record outside of it would be made a second time",
    "miss: create gives the new record's id: it has no other value yet",
    "miss: create makes records in the system that the stream loads into, no other",
    "miss: create makes records of an `object`: what is in a file or a stream is made there",
    "miss: create does not go with own: false: nothing would name the new record",
  ]);
  place.project.write({
    "job.yaml": contactsJob({
      map: `${map}
      OwnerId: { lookup: { object: User, key: Email, from: last, miss: create } }
      ReportsToId: { lookup: { object: Contact, key: Email, from: last, miss: create } }`,
    }),
  });
  expect(await told()).toEqual([
    "User can't be created by this user, which miss: create wants",
    "miss: create: a new Contact must have LastName, and would have Email alone",
  ]);
  place.project.write({
    "job.yaml": contactsJob({
      map: `${firms.replace("from: firm", "from: last")}
      Branch__c: { lookup: { object: Firm__c, key: Code__c, from: company, miss: create } }`,
    }),
  });
  expect(await told()).toEqual([
    "streams contacts.Firm__c and contacts.Branch__c both make records of Firm__c by Code__c: one that both have would be made twice",
  ]);
});
