// hard_delete and assignment_rule: what is asked of the org beside the rows.

import { expect, test } from "vitest";
import { contactsJob, rehearse } from "./support.ts";

const ids = "      Ext__c: id";
const three = "id\n1\n2\n3\n";
const refused = 'the permission "Bulk API Hard Delete" is missing';

test("an org that does not allow hard deletes says so by name before a row is read or deleted", async () => {
  const job = contactsJob({ mode: "mirror", target: ", hard_delete: true", top: "guards: { deletes: 9 }" });
  await using place = await rehearse(job, { "inbox/contacts.csv": "id,last,email\n9,New,n@x.com\n" });
  await place.sandbox.api("POST", "sobjects/Contact", { LastName: "One", Ext__c: "1" });
  for (const command of ["check", "plan", "run"]) {
    const stopped = await place.project.run(command, "job.yaml");
    expect(stopped.code, stopped.stderr).toBe(8);
    expect(`${stopped.stdout}${stopped.stderr}`).toContain(refused);
  }
  expect([...(await place.contacts()).keys()]).toEqual(["1"]);
});

test("a hard delete goes by a job of its own operation, and deletes what was planned", async () => {
  const job = contactsJob({ mode: "delete", map: ids, target: ", hard_delete: true" });
  await using place = await rehearse(job, { "inbox/contacts.csv": three });
  for (const key of ["1", "2", "4"]) {
    await place.sandbox.api("POST", "sobjects/Contact", { LastName: `Number ${key}`, Ext__c: key });
  }
  await fetch(`${place.sandbox.origin}/__sandbox/salesforce/permissions`, {
    method: "POST",
    body: JSON.stringify({ bulkHardDelete: true }),
  });
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  expect(run.summary().streams["contacts"]).toMatchObject({ deletes: 2, unmatched: 1, loaded: 2 });
  expect([...(await place.contacts()).keys()]).toEqual(["4"]);
  const all = await place.sandbox.api("GET", `queryAll?q=${encodeURIComponent("SELECT Ext__c FROM Contact")}`);
  expect(all.body).toMatchObject({ totalSize: 1 });
});

test("hard_delete with a mode that deletes nothing is refused at its place", async () => {
  await using place = await rehearse(contactsJob({ target: ", hard_delete: true" }), { "inbox/contacts.csv": three });
  const checked = await place.project.run("check", "job.yaml");
  expect(checked.code).toBe(2);
  expect(checked.stderr).toContain("job.yaml:6:");
  expect(checked.stderr).toContain("hard_delete goes with modes delete and mirror");
});

const leads = (rule: string, object = "Lead") => `version: 1
name: leads
streams:
  leads:
    source: { connection: drop, files: "leads.csv" }
    target: { connection: salesforce, object: ${object}, key: LastName, mode: insert, assignment_rule: "${rule}" }
    map: { LastName: last${object === "Lead" ? ", Company: company" : ""} }
`;

test("an assignment rule reaches the job, and is refused where Salesforce has none", async () => {
  const files = { "inbox/leads.csv": "last,company\nAdams,Acme\n" };
  await using place = await rehearse(leads("01QD0000000EqAn"), files);
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.code, run.stderr).toBe(0);
  const [job] = await place.sandbox.jobs();
  const { body } = await place.sandbox.api("GET", `jobs/ingest/${String(job?.["id"])}`);
  expect(body).toMatchObject({ assignmentRuleId: "01QD0000000EqAn", numberRecordsProcessed: 1 });
  place.project.write({ "job.yaml": leads("01QD0000000EqAn", "Contact") });
  const otherObject = await place.project.run("check", "job.yaml");
  expect(otherObject.code).toBe(2);
  expect(otherObject.stderr).toContain("assignment rules for Case and Lead only");
  place.project.write({ "job.yaml": leads("Standard") });
  const noId = await place.project.run("check", "job.yaml");
  expect(noId.code).toBe(2);
  expect(noId.stderr).toContain('"Standard" is not the id of an assignment rule');
});
