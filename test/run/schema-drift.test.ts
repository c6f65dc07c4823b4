// What a run says of a source or a target that is not as the last run saw it, and what `schema diff` shows of it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { connections, createProject, startSandbox } from "../support/rig.ts";
import { contactsJob, hubspotProperties, rehearse, schema } from "./support.ts";

const policy = (name: string) => contactsJob({ stream: `    schema_policy: ${name}` });

const before = "id,last,email,fax,phone_number\n1,A,a@x.example,1,2\n2,B,b@x.example,3,4\n";
const after = "id,last,email,vip,phone_numbr\n1,A,a@x.example,y,2\n3,C,c@x.example,n,4\n";

const columns = [
  'the source has a column "phone_numbr" in place of "phone_number": was it renamed?',
  "the source has a new column: vip",
  "the source lacks a column that it had: fax",
];

test("columns that came, went or seem renamed are told until a run has taken them as known", async () => {
  await using run = await rehearse(contactsJob(), { "inbox/contacts.csv": before });
  const { project } = run;
  /** Lines that are broken at the width of a terminal are one. */
  const load = async (...args: string[]) => {
    const { code, stdout, stderr } = await project.run(...args, "job.yaml");
    return { code, stdout: stdout.replaceAll(/\n {2,}/g, " "), stderr: stderr.replaceAll(/\n {2,}/g, " ") };
  };
  const diff = async () => (await load("schema", "diff")).stdout;

  expect(await diff()).toContain("contacts: no shape is kept yet");
  expect(await load("run")).toMatchObject({ code: 0, stderr: expect.not.stringContaining("the source") as string });

  project.write({ "inbox/contacts.csv": after });
  const text = await load("schema", "diff");
  expect(text.code).toBe(0);
  for (const told of columns) expect(text.stdout).toContain(told);
  const json = await project.run("schema", "diff", "job.yaml", "--json");
  expect(JSON.parse(json.stdout)).toEqual({
    job: "contacts",
    streams: {
      contacts: {
        kept: { run: expect.any(String) as string, at: expect.stringMatching(/^2/) as string },
        differences: [
          expect.objectContaining({ side: "source", name: "phone_numbr", change: "renamed", before: "phone_number" }),
          expect.objectContaining({ side: "source", name: "vip", change: "came", before: null, after: "vip" }),
          expect.objectContaining({ side: "source", name: "fax", change: "went", before: "fax", after: null }),
        ],
        notCompared: [],
      },
    },
    exitCode: 0,
  });

  // Neither a plan nor a run of some rows learns.
  for (const args of [["plan"], ["run", "--limit", "1"]]) {
    const { code, stderr } = await load(...args);
    expect(code).toBe(0);
    for (const told of columns) expect(stderr).toContain(`contacts: ${told}`);
  }

  project.write({ "job.yaml": policy("freeze") });
  for (const command of ["plan", "run"]) {
    const { code, stdout, stderr } = await load(command);
    expect(code).toBe(4);
    const told = `${stdout}${stderr}`.replaceAll(/\s+/g, " ");
    for (const part of ["schema_policy: freeze", "new column: vip", "one run with schema_policy: evolve"])
      expect(told).toContain(part);
  }
  expect([...(await run.contacts()).keys()].sort()).toEqual(["1", "2"]);

  project.write({ "job.yaml": policy("evolve") });
  const evolved = await load("run");
  expect(evolved.code).toBe(0);
  expect(evolved.stderr).toContain("schema_policy: evolve takes as known: the source");
  project.write({ "job.yaml": policy("freeze") });
  expect((await load("run")).code).toBe(0);

  // A mapped column that went stops a run, and is one of the differences.
  project.write({ "inbox/contacts.csv": "id,last\n1,A\n" });
  expect((await load("run")).code).toBe(2);
  expect(await diff()).toContain("the source lacks columns that it had: email, phone_numbr, vip");
  project.write({ "job.yaml": contactsJob({ source: ", optional: [email]" }) });
  expect((await load("run")).stderr).toContain("the source lacks columns that it had: email, phone_numbr, vip");
});

const picklist = (values: string[]) => ({ type: "picklist", values, restricted: true });

/** The org's schema with other fields of Contact. */
function withFields(fields: object): object {
  const { Contact, Account } = schema.salesforce;
  return { salesforce: { Account, Contact: { fields: { ...Contact.fields, ...fields } } } };
}

test("fields of the target that changed are told, each thing by itself; what only the job changed is not", async () => {
  const data = mkdtempSync(join(tmpdir(), "loadline-org-"));
  try {
    const map = "      Ext__c: id\n      LastName: last\n      Note__c: email\n      Level__c: level";
    const levels = ["A", "B", "C", "D", "E", "F", "G"];
    const was = withFields({ Note__c: { type: "string", length: 80 }, Level__c: picklist(levels) });
    const is = withFields({
      Note__c: { type: "textarea", length: 40 },
      Level__c: picklist(["A", "H"]),
      Region__c: { type: "string", length: 10, required: true },
    });
    await using project = createProject({
      "job.yaml": contactsJob({ map }),
      "inbox/contacts.csv": "id,last,email,level\n1,A,a@x.example,A\n",
    });
    {
      await using sandbox = await startSandbox({ schema: was, data });
      project.write(connections(sandbox));
      expect((await project.run("run", "job.yaml")).code).toBe(0);
    }
    await using sandbox = await startSandbox({ schema: is, data });
    project.write(connections(sandbox));
    const told = [
      'Contact.Level__c does not take "B", "C", "D", "E", "F", … 6 in all any more',
      'Contact.Level__c takes "H" too now',
      "Contact.Note__c was a string, is a textarea now",
      "Contact.Note__c takes 40 characters now, it took 80",
      "a new Contact must have Region__c now, and it is not in the map",
    ];
    const { stdout } = await project.run("schema", "diff", "job.yaml");
    expect(stdout.split("\n").slice(1)).toEqual([...told.map((line) => `  ${line}`), ""]);
    project.write({ "job.yaml": contactsJob({ map, stream: "    schema_policy: freeze" }) });
    expect((await project.run("plan", "job.yaml")).code).toBe(4);
    project.write({ "job.yaml": contactsJob({ map }) });
    const run = await project.run("run", "job.yaml");
    for (const line of told) expect(run.stderr).toContain(`contacts: ${line}`);
    const other = contactsJob({ map: `${map}\n      Email: email\n      Region__c: level` });
    project.write({ "job.yaml": other.replaceAll("      Note__c: email\n", "") });
    expect((await project.run("run", "job.yaml")).stderr).not.toContain("now");
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});

test("of an incremental source the fields that the job takes are compared, and of a plan that is applied the shape is kept", async () => {
  const job = `version: 1
name: out
streams:
  people:
    source: { connection: hubspot, object: contacts, incremental: {} }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map:
      Ext__c: ext_id
      LastName: coalesce(lastname, 'none')
      Email: concat(score)
`;
  await using run = await rehearse(job, {}, { ...schema, hubspot: { contacts: { properties: hubspotProperties } } });
  const { project, sandbox } = run;
  expect((await project.run("run", "job.yaml")).code).toBe(0);
  const path = "/crm/v3/properties/contacts";
  const score = await sandbox.hubspotApi("PATCH", `${path}/score`, { type: "string", fieldType: "text" });
  expect(score.status).toBe(200);
  const told = "field score of the source was a DECIMAL(38,12), is a VARCHAR now";
  expect((await project.run("schema", "diff", "job.yaml")).stdout).toContain(told);
  const under = (name: string) =>
    project.write({ "job.yaml": job.replace("    map:", `    schema_policy: ${name}\n    map:`) });
  under("freeze");
  const plan = async () => {
    const { code, stdout } = await project.run("plan", "job.yaml", "--json");
    expect(code).toBe(4);
    expect(stdout).toContain(told);
    return (JSON.parse(stdout) as { run: string }).run;
  };
  const old = await plan();
  const approved = await plan();
  expect((await project.run("apply", approved)).code).toBe(4);
  expect((await project.run("approve", approved, "--guard", "schema_policy")).code).toBe(0);
  expect((await project.run("apply", approved)).code).toBe(0);
  const same = async () =>
    expect((await project.run("schema", "diff", "job.yaml")).stdout).toContain("people: as the shape");
  await same();
  // What the org has now was told and kept; a plan of before does not take that back.
  under("evolve");
  await sandbox.hubspotApi("PATCH", `${path}/score`, { type: "number", fieldType: "number" });
  const evolved = await project.run("run", "job.yaml");
  expect(evolved.stderr.replaceAll(/\s+/g, " ")).toContain("schema_policy: evolve takes as known: field score");
  under("freeze");
  expect((await project.run("approve", old, "--guard", "schema_policy")).code).toBe(0);
  expect((await project.run("apply", old)).code).toBe(0);
  await same();
});
