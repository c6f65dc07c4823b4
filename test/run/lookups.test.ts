// Values that are looked up: in a file, in an object, in another stream.

import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { createProject } from "../support/rig.ts";
import { contactsJob, rehearse } from "./support.ts";

/** The id of each rejected row with its reason. */
const reasons = (csv: string) =>
  (parse(csv, { columns: true }) as Record<string, string>[]).map((row) => `${row["id"]}: ${row["loadline_error"]}`);

test("records, files and streams give values by keys of the row; each row that finds none is named", async () => {
  const job = `version: 1
name: contacts
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map:
      Ext__c: id
      LastName: last
      OwnerId: { lookup: { object: User, key: Email, from: rep, where: "IsActive = true" } }
      AccountId: { lookup: { object: Account, key: [Name, Site], from: [company, site], miss: skip } }
      Department: { lookup: { file: reference.csv, key: [land, code], value: name, from: [land, code], miss: default, default: None } }
      Title: { lookup: { stream: titles, key: Acc__c, value: Name, from: title } }
  titles:
    source: { connection: drop, files: "titles.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: upsert }
    map: { Acc__c: "'T' || id", Name: title }
rejects: { max: 100% }
`;
  const rep = "sandbox@loadline.example";
  const rows = [
    "id,last,rep,company,site,land,code,title",
    `1,All,${rep.toUpperCase()},acme,North,de,1,Ta`,
    `2,Skips,${rep},Acme,South,de,2,tA`,
    "3,Lost,nobody@x.com,Acme,North,de,1,Ta",
    `4,Several,${rep},Twin,,de,1,Ta`,
    `5,Title,${rep},Acme,North,de,1,Tz`,
    "6,Blank,,,,,,",
    `7,Half,${rep},Acme,,DE,1,Tb`,
  ];
  await using place = await rehearse(job, {
    "inbox/contacts.csv": `${rows.join("\n")}\n`,
    "inbox/titles.csv": "id,title\na,Dr.\nb,Prof.\n",
    "reference.csv": "land;code;name\nde;1;Sales\nde;1;Sales\nDE;1;Capital\n",
  });
  const account = async (values: Record<string, string>) =>
    ((await place.sandbox.api("POST", "sobjects/Account", values)).body as { id: string }).id;
  const north = await account({ Name: "ACME", Site: "north" });
  const twins = [await account({ Name: "Twin" }), await account({ Name: "Twin" })].sort();
  const check = await place.project.run("check", "job.yaml");
  expect(check.stderr + check.stdout).toContain("ok");
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  const [folder = ""] = place.project.list(".loadline/runs");
  expect(reasons(place.project.read(`.loadline/runs/${folder}/rejects/contacts.csv`))).toEqual([
    '3: no User has Email "nobody@x.com" where IsActive = true',
    `4: 2 Account have Name "Twin" and Site "": ${twins.join(", ")}`,
    '5: no row of stream titles has Acc__c "Tz"',
  ]);
  const contacts = [...(await place.contacts())].sort();
  expect(contacts.map(([key, one]) => [key, one["AccountId"], one["Department"], one["Title"]])).toEqual([
    ["1", north, "Sales", "Dr."],
    ["2", null, "None", "Dr."],
    ["6", null, null, null],
    ["7", null, "Capital", "Prof."],
  ]);
  expect((await place.project.run("show", "latest")).stdout.replaceAll(/\s+/g, " ")).toContain(
    "lookup OwnerId: 1 of 2 values of Email found in User (1 call: 1 keyed query); " +
      "lookup AccountId: 2 of 4 values of Name, Site found in Account (1 call: 1 keyed query), 1 of them several times; " +
      "lookup Department: 2 of 3 values of land, code found in reference.csv (3 records); " +
      "lookup Title: 2 of 3 values of Acc__c found in stream titles (2 rows)",
  );
});

test("rows whose expression fails, that are left out, that say nothing, or of hidden fields are told as others are", async () => {
  const job = contactsJob({
    map: `      Ext__c: id
      LastName: last
      FirstName: proper(collapse_spaces(first))
      Amount__c: "CAST(n AS INTEGER)"
      AccountId: { lookup: { object: Account, key: Name, from: "CAST(n AS INTEGER) || name" } }
      Title: { lookup: { file: ref.csv, key: code, value: word, from: code } }
      Department: "'D' || code"`,
    source: ", keep: \"last <> 'Out'\"",
    stream: `    validate:
      - { field: Title, exists: { lookup: { file: ref.csv, key: word, where: "n <> '9'" } } }
      - { field: Department, exists: { lookup: { file: ref.csv, key: code, from: "substr(Department, 2)" } } }`,
    top: "redact: [Title]",
  });
  const rows = [
    "1,Good,1,A,1",
    "2,Fails,x,A,1",
    "3,Nine,1,A,9",
    "4,Lost,1,A,secret",
    "5,Out,1,Nobody,1",
    "6,None,1,A,",
  ];
  await using place = await rehearse(job, {
    "inbox/contacts.csv": `id,last,n,name,code,first\n${rows.map((row) => `${row},ANN\n`).join("")}`,
    // A column may have any name.
    "ref.csv": "code,word,n\n1,Dr,8\n9,Prof,9\n",
  });
  await place.sandbox.api("POST", "sobjects/Account", { Name: "1A" });
  const plan = await place.project.run("plan", "job.yaml", "--json");
  expect(plan.code, plan.stderr).toBe(0);
  expect(plan.summary().streams["contacts"]).toMatchObject({ extracted: 6, filtered: 1, rejected: 3, creates: 2 });
  const folder = place.project
    .runFolders()
    .at(-1)
    ?.slice(place.project.folder.length + 1);
  expect(reasons(place.project.read(`${folder}/rejects/contacts.csv`))).toEqual([
    expect.stringMatching(
      /^2: Amount__c: can't be computed from n = "x" .*; AccountId: can't be computed from n = "x"/,
    ),
    "3: no record of ref.csv has word (hidden) where n <> '9'",
    '4: Title: no record of ref.csv has code (hidden); Department: no record of ref.csv has code "secret"',
  ]);
  expect(place.project.read(`${folder}/events.jsonl`)).not.toContain("secret");
  // Nobody asked for what the row that is left out names.
  expect((await place.project.run("show", "latest")).stdout.replaceAll(/\s+/g, " ")).toContain(
    "lookup AccountId: 1 of 1 value of Name found in Account (1 call: 1 keyed query)",
  );
});

test("HubSpot's owners are found by their address, companies by their domain and a filter", async () => {
  const job = `version: 1
name: deals
streams:
  deals:
    source: { connection: drop, files: "deals.csv" }
    target: { connection: hubspot, object: deals, key: no, mode: upsert }
    map:
      no: no
      dealname: no
      dealstage: "'appointmentscheduled'"
      pipeline: "'default'"
      hubspot_owner_id: { lookup: { object: owners, key: email, from: rep } }
      description:
        lookup:
          object: companies
          key: domain
          from: site
          miss: skip
          where: '[{"propertyName": "city", "operator": "EQ", "value": "Bonn"}]'
rejects: { max: 100% }
`;
  const unique = { type: "string", fieldType: "text", hasUniqueValue: true };
  await using place = await rehearse(
    job,
    {
      "inbox/deals.csv":
        "no,rep,site\n1,Ada.Brown@sandbox.example.com,ACME.example\n2,eve.frost@sandbox.example.com,\n3,,other.example\n",
    },
    { hubspot: { deals: { properties: { no: unique } } } },
  );
  const company = async (properties: object) =>
    ((await place.sandbox.hubspotApi("POST", "/crm/v3/objects/companies", { properties })).body as { id: string }).id;
  const bonn = await company({ domain: "acme.example", city: "Bonn" });
  await company({ domain: "acme.example", city: "Ulm" });
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  const folder = place.project
    .runFolders()
    .at(-1)
    ?.slice(place.project.folder.length + 1);
  expect(place.project.read(`${folder}/rejects/deals.csv`)).toContain(
    'no owners has email ""eve.frost@sandbox.example.com""',
  );
  const deals = (await place.sandbox.dumpHubSpot("deals")).map(({ properties }) => properties);
  expect(deals.map(({ no, hubspot_owner_id, description }) => [no, hubspot_owner_id, description])).toEqual([
    ["1", "700101", bonn],
    ["3", undefined, undefined],
  ]);
});

test("a run that was killed has the values that it found, whatever changed since; another file is refused", async () => {
  const map = `      Ext__c: id
      LastName: last
      AccountId: { lookup: { object: Account, key: Name, from: company } }
      Title: { lookup: { file: ref.csv, key: code, value: word, from: code } }`;
  await using place = await rehearse(contactsJob({ map }), {
    "inbox/contacts.csv": "id,last,company,code\n1,A,Acme,1\n",
    "ref.csv": "code,word\n1,Dr\n",
  });
  const { sandbox, project } = place;
  const { id } = (await sandbox.api("POST", "sobjects/Account", { Name: "Acme" })).body as { id: string };
  const killed = await project.start(["run", "job.yaml", "--json"], { env: { LOADLINE_FAILPOINT: "staged:1" } })
    .finished;
  expect(killed.code).not.toBe(0);
  await sandbox.api("PATCH", `sobjects/Account/${id}`, { Name: "Renamed" });
  project.write({ "ref.csv": "code,word\n1,Prof\n" });
  const refused = await project.run("resume");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("ref.csv");
  project.write({ "ref.csv": "code,word\n1,Dr\n" });
  const resumed = await project.run("resume", "--json");
  expect(resumed.code, resumed.stderr).toBe(0);
  expect((await place.contacts()).get("1")).toMatchObject({ AccountId: id, Title: "Dr" });
  unlinkSync(join(project.folder, "ref.csv"));
  const shown = await project.run("show", "latest", "--changes");
  expect(shown.code, shown.stderr).toBe(0);
});

test("a file that knows none of the keys gives no value, in a file as target too", async () => {
  await using project = createProject({
    "connections.yaml": "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n",
    "inbox/a.csv": "id,land\n1,DE\n2,\n",
    "ref.csv": "code,name\nde,Germany\n",
    "job.yaml": `version: 1
name: none
streams:
  rows:
    source: { connection: drop, files: a.csv }
    target: { connection: drop, files: out.csv }
    map: { Id: id, Land: { lookup: { file: ref.csv, key: code, value: name, from: land, miss: reject } } }
rejects: { max: 1 }
`,
  });
  const run = await project.run("run", "job.yaml");
  expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining("internal error")]);
  expect(project.read("inbox/out.csv")).toBe("Id,Land\n2,\n");
});
