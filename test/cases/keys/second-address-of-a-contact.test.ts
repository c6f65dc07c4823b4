import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const job = (mode: string) => `version: 1
name: mail
streams:
  c:
    source: { connection: drop, files: "c.csv" }
    target: { connection: hubspot, object: contacts, key: email, mode: ${mode} }
    map: { email: mail, firstname: first, city: town }
rejects: { max: 100% }
guards: { deletes: 100 }
`;

caseOf("keys/second-address-of-a-contact", "a second address finds its contact", async () => {
  await using place = await rehearse(job("upsert"), { "mirror.yaml": job("mirror") }, {});
  const { project, sandbox } = place;
  const make = async (email: string) => {
    const made = await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts", {
      properties: { email, firstname: "Ines" },
    });
    return (made.body as { id: string }).id;
  };
  const live = async () =>
    (await sandbox.dumpHubSpot("contacts"))
      .filter(({ archived }) => !archived)
      .map(({ properties }) => [properties["email"], properties["city"] ?? ""]);
  const [kept, merged] = [await make("new@mail.example"), await make("old@mail.example")];
  await sandbox.hubspotApi("POST", "/crm/v3/objects/contacts/merge", {
    primaryObjectId: kept,
    objectIdToMerge: merged,
  });

  project.write({ "inbox/c.csv": "mail,first,town\nnew@mail.example,Ines,Turin\nOld@mail.example,Ines M.,Milan\n" });
  const both = (await project.run("run", "job.yaml", "--json")).summary();
  expect(both.streams["c"]).toMatchObject({ rejected: 2, creates: 0, updates: 0, conflicts: 0 });
  expect(await live()).toEqual([["new@mail.example", ""]]);
  const rejects = readFileSync(`${project.runFolders().at(-1)}/rejects/c.csv`, "utf8");
  expect(rejects).toContain("name one record");

  project.write({ "inbox/c.csv": "mail,first,town\nOld@mail.example,Ines,Rome\n" });
  const one = (await project.run("run", "job.yaml", "--json")).summary();
  expect(one.streams["c"]).toMatchObject({ rejected: 0, creates: 0, updates: 1, conflicts: 0, loaded: 1 });
  expect(await live()).toEqual([["new@mail.example", "Rome"]]);
  const again = (await project.run("run", "mirror.yaml", "--json")).summary();
  expect(again.streams["c"]).toMatchObject({ unchanged: 1, mirrorDeletes: 0 });
  expect(await live()).toHaveLength(1);
});
