import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";
import { readRejects } from "./try-values.ts";

const invisible = [
  "\u00a0",
  "\u200b",
  "\u200d",
  "\u2060",
  "\t",
  "\n",
  "\ufeff",
  "\u202a",
  "\u200f",
  "\u001f",
  "\u0085",
  "\u3000",
];

caseOf("values/invisible-around-an-address", "nothing invisible gets into an address", async () => {
  const rows = invisible.flatMap((one, index) => [
    `E${index},"${one}Ann.${index}@mail.example${one}"`,
    `I${index},"in${one}side@mail.example"`,
  ]);
  const job = `version: 1
name: mail
streams:
  salesforce:
    source: { connection: drop, files: "in.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map: { Ext__c: k, LastName: trim(v), Email: email(v) }
  hubspot:
    source: { connection: drop, files: "in.csv" }
    target: { connection: hubspot, object: contacts, key: email, mode: upsert }
    map: { email: email(v), lastname: rtrim(ltrim(v)) }
rejects: { max: 100% }
`;
  await using place = await rehearse(job, { "inbox/in.csv": `k,v\n${rows.join("\n")}\n` });
  await place.project.run("run", "job.yaml");
  const wanted = invisible.map((_, index) => [`ann.${index}@mail.example`, `Ann.${index}@mail.example`]);
  const held = [...(await place.contacts()).values()].map(({ Email, LastName }) => [Email, LastName]);
  expect(held.sort()).toEqual([...wanted].sort());
  const others = (await place.sandbox.dumpHubSpot("contacts")).map(({ properties }) => [
    properties["email"],
    properties["lastname"],
  ]);
  expect(others.filter(([email]) => email?.endsWith("mail.example")).sort()).toEqual([...wanted].sort());
  expect([...readRejects(place).keys()].sort()).toEqual(invisible.map((_, index) => `I${index}`).sort());
  const again = (await place.project.run("plan", "job.yaml", "--json")).summary().streams;
  for (const counts of Object.values(again)) expect(counts).toMatchObject({ creates: 0, updates: 0 });
});
