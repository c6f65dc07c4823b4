import { expect } from "vitest";
import { hubspotProperties, rehearse, schema } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const objects = { ...schema, hubspot: { contacts: { properties: hubspotProperties } } };
const job = `version: 1
name: copy
streams:
  c:
    source: { connection: hubspot, object: contacts, incremental: { overlap: 1s } }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: hs_object_id, LastName: lastname, Email: email }
    validate:
      - { field: LastName, required: true }
rejects: { max: 5% }
`;

/** Until the windows of runs to come no longer reach back to what was done by now. */
const outOfReachMs = 3300;

caseOf(
  "state/one-bad-record-stops-the-feed",
  "a record that stays bad does not stop those that come after",
  async () => {
    await using place = await rehearse(job, {}, objects);
    const { sandbox, project } = place;
    const add = (properties: object) => sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", { properties });
    await sandbox.hubspotApi("POST", "/__sandbox/hubspot/seed", {
      object: "contacts",
      count: 60,
      properties: { lastname: "L{n}" },
    });
    await add({ email: "nameless@mail.example" });
    await sandbox.advance(outOfReachMs);
    const take = async () => {
      const done = await project.run("run", "job.yaml", "--json");
      return { code: done.code, told: done.stderr, ...done.summary().streams["c"] };
    };
    expect(await take()).toMatchObject({ code: 0, extracted: 61, rejected: 1, loaded: 60 });

    for (const name of ["Anna", "Bert"]) await add({ lastname: name });
    await sandbox.advance(outOfReachMs);
    expect(await take()).toMatchObject({ code: 0, extracted: 3, rejected: 1, loaded: 2 });

    // Where the job does not say how many may stay away, the one that does is told every time, with the rest loaded.
    project.write({ "job.yaml": job.replace("rejects: { max: 5% }\n", "") });
    await add({ lastname: "Carl" });
    await sandbox.advance(outOfReachMs);
    expect(await take()).toMatchObject({ code: 3, extracted: 2, rejected: 1, loaded: 1 });

    // One that is new counts.
    project.write({ "job.yaml": job });
    await add({ email: "another@mail.example" });
    await sandbox.advance(outOfReachMs);
    expect(await take()).toMatchObject({
      code: 4,
      rejected: 2,
      told: expect.stringContaining("1 row rejected, at most 5 %"),
    });
  },
);
