import { expect } from "vitest";
import { rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const job = (incremental: string) => `version: 1
name: feed
streams:
  c:
    source: { connection: salesforce, object: Contact, incremental: { overlap: 1s${incremental} } }
    target: { connection: drop, files: "contacts-{run}.csv" }
    map: { no: Ext__c, last: LastName, company: Account.Name }
`;

caseOf("state/field-of-a-parent-goes-stale", "that a parent's field does not move a window is said", async () => {
  await using place = await rehearse(job(""), { "refresh.yaml": job(", refresh: 1s").replace("feed", "fresh") });
  const { sandbox, project } = place;
  const settle = () => sandbox.advance(3500);
  const account = (await sandbox.api("POST", "sobjects/Account", { Name: "Old Name Ltd" })).body as { id: string };
  await sandbox.api("POST", "sobjects/Contact", { Ext__c: "C1", LastName: "Ito", AccountId: account.id });
  await settle();
  const said = /Account\.Name changes without a change of the Contact record.*incremental\.refresh/s;
  const checked = await project.run("check", "job.yaml");
  expect([checked.code, checked.stdout + checked.stderr]).toEqual([0, expect.stringMatching(said)]);
  const planned = await project.run("plan", "job.yaml");
  expect(planned.stdout.replaceAll(/\s+/g, " ")).toMatch(said);
  const refreshed = await project.run("check", "refresh.yaml");
  expect(refreshed.stdout + refreshed.stderr).not.toMatch(said);
  await project.run("run", "job.yaml");
  await project.run("run", "refresh.yaml");
  await sandbox.api("PATCH", `sobjects/Account/${account.id}`, { Name: "New Name GmbH" });
  await settle();
  // Without a refresh no window has it; with one all is taken again.
  expect((await project.run("run", "job.yaml", "--json")).summary().streams["c"]?.extracted).toBe(0);
  const done = (await project.run("run", "refresh.yaml", "--json")).summary();
  expect(done.streams["c"]).toMatchObject({ extracted: 1, watermark: { from: null } });
  const files = project.list("inbox").map((name) => project.read(`inbox/${name}`));
  expect(files.filter((text) => text.includes("New Name GmbH"))).toHaveLength(1);
});
