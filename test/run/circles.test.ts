// Records of one stream that name each other.

import { expect, test } from "vitest";
import { rehearse } from "./support.ts";

const job = (via: string) => `version: 1
name: circles
streams:
  contacts:
    source: { connection: drop, files: "contacts.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert${via} }
    map: { Ext__c: id, LastName: last, ReportsToId: { parent: contacts, from: boss } }
rejects: { max: 100% }
`;
/** Ann and Bob name each other, Sue herself; Dan and Eve hang on a circle; Kid and Kin on a row whose name is too long, Wit on one that nobody leads. */
const csv = `id,last,boss
Eve,E,Dan
Dan,D,ann
Ann,A,Bob
Bob,B,Ann
Sue,S,SUE
Top,T,
Low,L,Top
Old,O,Ann
Kin,K,Kid
Bad,${"x".repeat(81)},
Kid,K,Bad
Who,W,Nobody
Wit,W,who
`;

test.each([
  ["", ["parted:1", "committed:1"]],
  [", via: bulk", ["settled:2"]],
])("records that name each other are created, and then given their parents (%s, killed at %s)", async (via, at) => {
  await using place = await rehearse(job(via), { "inbox/contacts.csv": csv });
  const { sandbox, project } = place;
  await sandbox.api("POST", "sobjects/Contact", { LastName: "O", Ext__c: "Old" });
  for (const [index, LOADLINE_FAILPOINT] of at.entries()) {
    const command = index === 0 ? ["run", "job.yaml"] : ["resume"];
    const killed = await project.start(command, { env: { LOADLINE_FAILPOINT } }).finished;
    expect([LOADLINE_FAILPOINT, killed.signal]).toEqual([LOADLINE_FAILPOINT, "SIGKILL"]);
  }
  const done = await project.run("resume", "--json");
  expect(done.code, done.stderr).toBe(0);
  expect(done.summary().streams["contacts"]).toMatchObject({
    ...{ extracted: 13, creates: 7, updates: 1, loaded: 8, failed: 0, conflicts: 0, rejected: 5 },
  });
  const contacts = await place.contacts();
  expect((await sandbox.dump("Contact")).length).toBe(8);
  const names = new Map([...contacts].map(([key, one]) => [one["Id"], key]));
  const bosses = [...contacts].map(([key, one]) => `${key} ${names.get(one["ReportsToId"]) ?? "-"}`).sort();
  expect(bosses).toEqual(["Ann Bob", "Bob Ann", "Dan Ann", "Eve Dan", "Low Top", "Old Ann", "Sue Sue", "Top -"]);
  const again = await project.run("run", "job.yaml", "--json");
  expect(again.summary().streams["contacts"]).toMatchObject({ unchanged: 8, loaded: 0 });
});
