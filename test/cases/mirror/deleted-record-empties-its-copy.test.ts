import { expect } from "vitest";
import { hubspotProperties, rehearse, schema } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const gone = { type: "string", fieldType: "text" };
const objects = { ...schema, hubspot: { contacts: { properties: { ...hubspotProperties, gone } } } };

const toHubSpot = `version: 1
name: copy
streams:
  c:
    source: { connection: salesforce, object: Contact, incremental: { overlap: 1s }, deletes: emit }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: upsert }
    map: { ext_id: Id, lastname: LastName, email: Email, gone: CAST(IsDeleted AS VARCHAR) }
rejects: { max: 100% }
`;
const toSalesforce = `version: 1
name: back
streams:
  c:
    source: { connection: hubspot, object: contacts, incremental: { overlap: 1s }, deletes: emit }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: hs_object_id, LastName: lastname, Title: "coalesce(merged_into, CAST(archived AS VARCHAR))" }
rejects: { max: 100% }
`;

caseOf("mirror/deleted-record-empties-its-copy", "what is not known of a deleted record is left alone", async () => {
  await using place = await rehearse(toHubSpot, { "back.yaml": toSalesforce }, objects);
  const { sandbox, project } = place;
  const make = async (LastName: string) =>
    (await sandbox.api("POST", "sobjects/Contact", { LastName, Email: `${LastName.toLowerCase()}@mail.example` })).body;
  // A window takes what is two seconds old.
  const settle = () => sandbox.advance(3000);
  const purge = async (id: string) => {
    await sandbox.api("DELETE", `sobjects/Contact/${id}`);
    await sandbox.api("POST", "/__sandbox/salesforce/purge", { object: "Contact", ids: [id] });
  };
  const ann = ((await make("Ann")) as { id: string }).id;
  await settle();
  await project.run("run", "job.yaml");
  const bob = ((await make("Bob")) as { id: string }).id;
  await purge(ann);
  // Made and gone between two runs: there is nothing to be told of, and nothing to make.
  await purge(bob);
  await sandbox.api("POST", "/__sandbox/salesforce/delete-log", { seconds: true });
  await settle();
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.summary().streams["c"]).toMatchObject({
    extracted: 2,
    updates: 1,
    creates: 0,
    unmatched: 1,
    rejected: 0,
  });
  const copies = (await sandbox.dumpHubSpot("contacts")).map(({ properties }) => properties);
  expect(copies).toMatchObject([{ ext_id: ann, lastname: "Ann", email: "ann@mail.example", gone: "true" }]);

  // HubSpot's merges tell an id too, its archived records all of their properties.
  const inputs = ["Cid", "Dan", "Eve"].map((lastname) => ({ properties: { lastname } }));
  const created = (await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts/batch/create", { inputs })).body;
  // Answers don't come in the order of what was asked.
  const { results } = created as { results: { id: string; properties: { lastname: string } }[] };
  const idOf = (name: string) => results.find(({ properties }) => properties.lastname === name)?.id;
  const [cid, dan, eve] = ["Cid", "Dan", "Eve"].map(idOf);
  await settle();
  await project.run("run", "back.yaml");
  const merge = { primaryObjectId: cid, objectIdToMerge: dan };
  expect((await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts/merge", merge)).status).toBeLessThan(300);
  await sandbox.hubspotApi("DELETE", `/crm/v3/objects/contacts/${eve}`);
  await settle();
  const back = await project.run("run", "back.yaml", "--json");
  expect([back.code, back.summary().streams["c"]?.rejected]).toEqual([0, 0]);
  const contacts = await place.contacts();
  expect(contacts.get(dan ?? "")).toMatchObject({ LastName: "Dan" });
  expect(contacts.get(dan ?? "")?.["Title"]).not.toBe("false");
  expect(contacts.get(eve ?? "")).toMatchObject({ LastName: "Eve", Title: "true" });
});
