import { expect } from "vitest";
import { contactsJob, hubspotProperties, type Rehearsal, rehearse, schema } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const north = "id,last\nA,Ann\nB,Bob\n";
const south = "id,last\nC,Cid\nD,Dan\n";
const map = "      Ext__c: id\n      LastName: last";
const top = "guards: { deletes: 5 }";

const left = async (place: Rehearsal) => [...(await place.contacts()).keys()].sort().join("");

const copy = (source: string, target = "") => `version: 1
name: copy
streams:
  c:
    source: { connection: salesforce, object: Contact${source} }
    target: { connection: hubspot, object: contacts, key: ext_id, mode: mirror${target} }
    map: { ext_id: Ext__c, lastname: LastName }
${top}
`;

caseOf("mirror/part-of-the-source", "a part of the source is not all of it", async () => {
  const objects = { ...schema, hubspot: { contacts: { properties: hubspotProperties } } };
  await using place = await rehearse(
    contactsJob({ map }),
    { "inbox/contacts_n.csv": north, "inbox/contacts_s.csv": south },
    objects,
  );
  const { project, sandbox } = place;
  await project.run("run", "job.yaml");

  // What the job alone says can never be whole is an error of check.
  const impossible: [string, string][] = [
    ["after", contactsJob({ mode: "mirror", map, top, source: ", after: { move: done }" })],
    ["after", contactsJob({ mode: "mirror", map, top, source: ", after: { delete: true }" })],
    ["once", contactsJob({ mode: "mirror", map, top, source: ", once: content_hash" })],
    ["incremental", copy(", incremental: { overlap: 1s }")],
  ];
  for (const [key, job] of impossible) {
    project.write({ "job.yaml": job });
    const checked = await project.run("check", "job.yaml");
    expect([checked.code, checked.stderr]).toEqual([2, expect.stringContaining(`${key} does not go with mode mirror`)]);
    expect((await project.run("run", "job.yaml")).code).toBe(2);
  }

  // What a run finds out keeps it from deleting, and is said.
  const run = async (what: string, job: string, why: string, ...options: string[]) => {
    project.write({ "job.yaml": job });
    const done = await project.run("run", "job.yaml", "--json", ...options);
    const deletes = Object.values(done.summary().streams).map(({ mirrorDeletes }) => mirrorDeletes);
    expect([what, deletes, await left(place)]).toEqual([what, [0], "ABCD"]);
    expect([what, done.stderr]).toEqual([what, expect.stringContaining(why)]);
  };
  project.write({ "inbox/contacts_n.csv.done": "" });
  const waiting = contactsJob({ mode: "mirror", map, top, source: ', ready: { done_file: "{name}.done" }' });
  await run("not ready", waiting, "contacts_s.csv is not ready: its done file is not there");
  const kept = contactsJob({ mode: "mirror", map, top, source: ", keep: last <> 'Bob'" });
  await run("keep", kept, "keep leaves rows of the source out");
  project.write({ "keys.txt": "A\n" });
  const all = contactsJob({ mode: "mirror", map, top });
  await run("limit", all, "--limit takes a part of the source", "--limit", "1");
  await run("keys", all, "--keys takes a part of the source", "--keys", "keys.txt");

  // A run that was killed keeps in mind what it left out.
  project.write({ "job.yaml": waiting });
  await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "chosen:1" } }).finished;
  project.write({ "inbox/contacts_s.csv.done": "" });
  const resumed = await project.run("resume", "--json");
  expect(resumed.summary().streams["contacts"]).toMatchObject({ extracted: 2, mirrorDeletes: 0 });
  expect(await left(place)).toBe("ABCD");

  // A filter of the source makes it whole of what the scope says, and of nothing without one.
  await project.run("run", "job.yaml");
  const live = async () =>
    (await sandbox.dumpHubSpot("contacts")).flatMap((one) => (one.archived ? [] : [one.properties["ext_id"]])).sort();
  project.write({ "job.yaml": copy("") });
  await project.run("run", "job.yaml");
  expect(await live()).toEqual(["A", "B", "C", "D"]);
  project.write({ "job.yaml": copy(`, where: "LastName != 'Bob'"`) });
  const unscoped = await project.run("run", "job.yaml", "--json");
  expect(unscoped.stderr).toContain("no target.scope says which records it stands for");
  expect(await live()).toEqual(["A", "B", "C", "D"]);
  const scope = `, scope: '[{"propertyName": "lastname", "operator": "EQ", "value": "Bob"}]'`;
  project.write({ "job.yaml": copy(`, where: "LastName != 'Bob'"`, scope) });
  const scoped = await project.run("run", "job.yaml", "--json");
  expect(scoped.summary().streams["c"]?.mirrorDeletes).toBe(1);
  expect(await live()).toEqual(["A", "C", "D"]);
});
