import { expect } from "vitest";
import { hubspotProperties, rehearse, schema } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const objects = { ...schema, hubspot: { contacts: { properties: hubspotProperties } } };

function copyJob(name: string, mode: string, key: string): string {
  return `version: 1
name: ${name}
streams:
  c:
    source: { connection: hubspot, object: contacts, incremental: { overlap: 1s } }
    target: { connection: salesforce, object: Contact, key: ${key}, mode: ${mode} }
    map: { ${key}: ext_id, LastName: lastname }
rejects: { max: 100% }
`;
}

/** Until the windows of runs to come no longer reach back to what was done by now. */
const outOfReachMs = 3300;

caseOf("state/conflict-is-lost-by-the-watermark", "a row that was not loaded comes again", async () => {
  await using place = await rehearse(
    copyJob("conflict", "upsert", "Loose__c"),
    {
      "update.yaml": copyJob("update", "update", "Ext__c"),
    },
    objects,
  );
  const { sandbox, project } = place;
  const make = async (fields: object) => {
    const { body } = await sandbox.api("POST", "sobjects/Contact", fields);
    return (body as { id: string }).id;
  };
  const first = await make({ LastName: "Old", Loose__c: "k1" });
  await make({ LastName: "Old", Loose__c: "k1" });
  await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties: { ext_id: "k1", lastname: "New" } });
  await sandbox.advance(outOfReachMs);
  const take = async (job: string) => (await project.run("run", job, "--json")).summary().streams["c"];
  expect(await take("job.yaml")).toMatchObject({ extracted: 1, conflicts: 1 });
  expect(await take("update.yaml")).toMatchObject({ extracted: 1, unmatched: 1 });

  await sandbox.api("DELETE", `sobjects/Contact/${first}`);
  await make({ LastName: "Late", Ext__c: "k1" });
  await sandbox.advance(outOfReachMs);
  expect(await take("job.yaml")).toMatchObject({ extracted: 1, updates: 1, loaded: 1 });
  expect(await take("update.yaml")).toMatchObject({ extracted: 1, updates: 1, loaded: 1 });
  const live = (await sandbox.dump("Contact")).filter((record) => record["IsDeleted"] !== true);
  expect(live.map((record) => record["LastName"])).toEqual(["New", "New"]);

  // What is settled well is not taken again.
  await sandbox.advance(outOfReachMs);
  expect(await take("job.yaml")).toMatchObject({ extracted: 0 });
});
