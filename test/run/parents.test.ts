// Parents named by their external id, by lookups with one object and with several.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const tasks = (map: string, mode = "insert") => `version: 1
name: tasks
streams:
  tasks:
    source: { connection: drop, files: "tasks.csv" }
    target: { connection: salesforce, object: Task, key: Subject, mode: ${mode} }
    map:
      Subject: subject
      ${map}
`;
const files = { "inbox/tasks.csv": "subject,who\nCall,l@x.com\nWrite,L@X.com\nWait,\n" };

test("a parent of a lookup with several objects is found by the object and the key that the map names", async () => {
  await using place = await rehearse(tasks("Lead:Who.Email: who"), files);
  const lead = await place.sandbox.api("POST", "sobjects/Lead", { LastName: "L", Company: "C", Email: "l@x.com" });
  await place.sandbox.api("POST", "sobjects/Contact", { LastName: "C", Email: "l@x.com" });
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  const { id } = lead.body as { id: string };
  const whoIds = (await place.sandbox.dump("Task")).map((task) => [task["Subject"], task["WhoId"]]);
  expect(whoIds.sort()).toEqual([
    ["Call", id],
    ["Wait", null],
    ["Write", id],
  ]);
});

test.each([
  ["Who.Email: who", "can be one of Contact, Lead", "Contact:Who.Email"],
  ["Who.Ext__c: who", "can be one of Contact, Lead", "Contact:Who.Ext__c"],
  ["Account:Who.Email: who", "can be one of Contact, Lead", "Contact:Who.Email"],
  ["Lead:Who.Ext__c: who", "Lead has no external id Ext__c", undefined],
  ["Lead:Whom.Email: who", "Task has no field Lead:Whom.Email", undefined],
])("check tells what is wrong with `%s` and how it is spelt", async (map, message, suggestion) => {
  await using place = await rehearse(tasks(map), files);
  const checked = await place.project.run("check", "job.yaml");
  expect(checked.code).toBe(2);
  expect(checked.stderr).toContain(message);
  if (suggestion !== undefined) expect(checked.stderr).toContain(`did you mean "${suggestion}"?`);
});

test("an object in front of a lookup with a single one is refused, with the right spelling", async () => {
  const map = "      Ext__c: id\n      LastName: last\n      Account:Account.Acc__c: account";
  await using place = await rehearse(contactsJob({ map }), { "inbox/contacts.csv": "id,last,account\n1,A,a\n" });
  const checked = await place.project.run("check", "job.yaml");
  expect(checked.code).toBe(2);
  expect(checked.stderr).toContain("Account of Contact is always Account");
  expect(checked.stderr).toContain('did you mean "Account.Acc__c"?');
});

const crlf = 'id,last,note,account\n1,Adams,"one\r\ntwo\rthree","a\r\n1"\n2,Brown,"\r\n",\n3,"Cla\r\nrk",#,"\r"\n';

test.each(["Ext__c", "Loose__c"])(
  "line ends inside values become those of the file, in every column (key %s)",
  async (key) => {
    const map = `      ${key}: id\n      LastName: last\n      Description: { from: note, on_null: clear }\n      Account.Acc__c: account`;
    const job = contactsJob({ map }).replace("key: Ext__c", `key: ${key}`);
    await using place = await rehearse(job, { "inbox/contacts.csv": crlf });
    const account = await place.sandbox.api("POST", "sobjects/Account", { Name: "Acme", Acc__c: "a\n1" });
    const run = await place.project.run("run", "job.yaml", "--json");
    expect(run.code, run.stderr).toBe(0);
    expect(run.summary().streams["contacts"]).toMatchObject({ creates: 3, loaded: 3, failed: 0 });
    const [folder = ""] = place.project.list(".loadline/runs");
    expect(place.project.read(`.loadline/runs/${folder}/batches/contacts-00001.csv`)).not.toContain("\r");
    const { id } = account.body as { id: string };
    const stored = (await place.sandbox.dump("Contact")).map((record) => [
      record["LastName"],
      record["Description"],
      record["AccountId"],
    ]);
    expect(stored.sort()).toEqual([
      ["Adams", "one\ntwo\nthree", id],
      ["Brown", null, null],
      ["Cla\nrk", "#", null],
    ]);
    expect((await place.sandbox.jobs()).map((job) => job["state"])).toEqual(key === "Ext__c" ? [] : ["JobComplete"]);
    const again = await place.project.run("run", "job.yaml", "--json");
    expect(again.summary().streams["contacts"]).toMatchObject({ unchanged: 3, updates: 0 });
  },
);

test("an id with a line end inside is rejected, not sent", async () => {
  const map = "      Ext__c: id\n      LastName: last\n      AccountId: account";
  const csv = 'id,last,account\n1,A,"0010000000\r00000"\n2,B,00100000_000000\n3,C,\n';
  await using place = await rehearse(contactsJob({ map }), { "inbox/contacts.csv": csv });
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.summary().streams["contacts"]).toMatchObject({ extracted: 3, rejected: 2, creates: 1, loaded: 1 });
});

test("redact hides the key of a parent by the name that the job gives the field", async () => {
  const job = `version: 1
name: pair
streams:
  accounts:
    source: { connection: drop, files: "accounts.csv" }
    target: { connection: salesforce, object: Account, key: Acc__c, mode: upsert }
    map: { Acc__c: id, Name: id }
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: id, LastName: id, AccountId: { parent: accounts, from: account } }
rejects: { max: 100% }
redact: [AccountId]
`;
  const inputs = {
    "inbox/accounts.csv": "id\npublic\n",
    "inbox/contacts.csv": `id,account\n1,public\n2,secret-1\n3,${"secret-2".repeat(9)}\n`,
  };
  await using place = await rehearse(job, inputs);
  const plan = await place.project.run("plan", "job.yaml");
  const { creates, rejected } =
    (await place.project.run("plan", "job.yaml", "--json")).summary().streams["contacts"] ?? {};
  expect([creates, rejected]).toEqual([1, 2]);
  const shown = plan.stdout.slice(plan.stdout.indexOf("contacts"));
  expect(shown).toContain("Account.Acc__c");
  expect(shown).not.toContain("public");
  const [folder = ""] = place.project.runFolders();
  const told = place.project.read(`${folder.slice(place.project.folder.length + 1)}/rejects/contacts.csv`);
  expect(told).toContain("(hidden)");
  const reasons = told.split("\n").map((line) => line.split(",").slice(2).join(","));
  expect(reasons.join("\n")).not.toContain("secret");
});
