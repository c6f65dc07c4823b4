// Answers that are JSON and not the system's: of a gateway that is just starting, say.

import { expect, test } from "vitest";
import { hubspotProperties, rehearse, schema } from "./support.ts";

const job = (stream: string) => `version: 1
name: strange
streams:
  s:
${stream}
rejects: { max: 100% }
`;
const jobs = {
  "to-hubspot.yaml": job(`    source: { connection: drop, files: "a.csv" }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: update }
    map: { ext_id: id, lastname: last }`),
  "to-salesforce.yaml": job(`    source: { connection: drop, files: "a.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: update }
    map: { Ext__c: id, LastName: last }`),
  "from-hubspot.yaml":
    job(`    source: { connection: hubspot, object: contacts, where: '[{"propertyName": "ext_id", "operator": "HAS_PROPERTY"}]' }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { last: lastname }`),
  "from-list.yaml": job(`    source: { connection: hubspot, object: contacts }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { last: lastname }`),
};

const hubspotCalls = [
  "GET /account-info/*/details",
  "GET /crm/properties/*/*",
  "GET /crm-object-schemas/*/schemas",
  "GET /crm/objects/*/contacts",
  "POST /crm/objects/*/contacts/search",
  "POST /crm/objects/*/contacts/batch/read",
];

test("are asked for again: no record is taken for absent, and nothing is called a defect", async () => {
  const objects = { ...schema, hubspot: { contacts: { properties: hubspotProperties } } };
  const files = { ...jobs, "inbox/a.csv": "id,last\nk1,New\n" };
  await using place = await rehearse(job(""), files, objects);
  const { project, sandbox } = place;
  await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties: { lastname: "Old", ext_id: "k1" } });
  await sandbox.api("POST", "sobjects/Contact", { LastName: "Old", Ext__c: "k1" });
  const bodies = [{}, { status: "ok" }, []];
  const faults = [...hubspotCalls, "GET /services/data/*/query"].map((match, index) => {
    return { match, nth: [1], do: { status: 200, body: JSON.stringify(bodies[index % bodies.length]) } };
  });
  for (const file of Object.keys(jobs)) {
    await sandbox.setFaults(faults);
    const done = await project.run("run", file, "--json");
    expect(done.code, file + done.stderr).toBe(0);
    expect(done.summary().streams["s"], file).toMatchObject({ extracted: 1, unmatched: 0, loaded: 1 });
  }
  expect((await place.contacts()).get("k1")).toMatchObject({ LastName: "New" });

  // What is not asked again is told with its cause.
  const described = { match: "GET /services/data/*/sobjects/Contact/describe", do: { status: 200, body: "{}" } };
  await sandbox.setFaults([described]);
  const refused = await project.run("plan", "to-salesforce.yaml");
  expect([refused.code, refused.stdout + refused.stderr]).toEqual([
    1,
    expect.stringContaining("describing Contact failed"),
  ]);
});
