// Values that must be unique and that another record holds: the plan says so, before the target refuses them.

import { expect, test } from "vitest";
import { hubspotProperties, rehearse, schema } from "./support.ts";

const job = (connection: string, object: string, map: string, top = "") => `version: 1
name: ${connection}
streams:
  s:
    source: { connection: drop, files: "a.csv" }
    target: { connection: ${connection}, object: ${object}, key: ${connection === "hubspot" ? "ext_id" : "Ext__c"}, mode: upsert }
    map: ${map}
rejects: { max: 100% }
${top}`;

test("a unique value of another record is told by the plan, one's own is not, and a hidden one is not shown", async () => {
  const other = { Other__c: { type: "string", length: 40, unique: true } };
  const contact = { fields: { ...schema.salesforce.Contact.fields, ...other } };
  const objects = { salesforce: { Contact: contact }, hubspot: { contacts: { properties: hubspotProperties } } };
  const files = {
    "sf.yaml": job("salesforce", "Contact", "{ Ext__c: id, LastName: last, Other__c: email }", "redact: [Other__c]\n"),
    "inbox/a.csv": "id,last,email\nk1,One,a@x.de\nk2,Two,B@x.de\nk3,Three,new@x.de\n",
  };
  const toHubSpot = job("hubspot", "contacts", "{ ext_id: id, lastname: last, email: email }");
  await using place = await rehearse(toHubSpot, files, objects);
  const { project, sandbox } = place;
  const make = async (properties: object) =>
    ((await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties })).body as { id: string }).id;
  const makeInOrg = async (fields: object) =>
    ((await sandbox.api("POST", "sobjects/Contact", { LastName: "Old", ...fields })).body as { id: string }).id;
  const holder = await make({ email: "a@x.de", ext_id: "other" });
  await make({ email: "b@x.de", ext_id: "k2", lastname: "Old" });
  const holderInOrg = await makeInOrg({ Other__c: "A@x.de", Ext__c: "other" });
  await makeInOrg({ Other__c: "b@x.de", Ext__c: "k2" });

  const told = async (file: string) => (await project.run("plan", file)).stdout.replaceAll(/\s+/g, " ");
  expect(await told("job.yaml")).toContain(
    `email: 1 row of this plan set a value that must be unique and that another record holds ("a@x.de" by ${holder})`,
  );
  const hidden = await told("sf.yaml");
  expect(hidden).toContain(`Other__c: 1 row of this plan set a value that must be unique`);
  expect(hidden).toContain(`(one by ${holderInOrg})`);
  expect(hidden).not.toContain("a@x.de");
  for (const file of ["job.yaml", "sf.yaml"]) {
    const done = (await project.run("run", file, "--json")).summary();
    expect(done.streams["s"]).toMatchObject({ creates: 2, updates: 1, loaded: 2, failed: 1 });
  }
  expect(await told("job.yaml")).toContain("that another record holds");
});
