import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const map = "      Ext__c: id\n      LastName: last\n      Title: { from: title, policy: fill_empty }";
const csv = "id,last,title\nA,Ann,From the feed\nB,Bob,From the feed\nC,Cid,From the feed\nD,Dan,From the feed\n";

caseOf("plans/policy-on-a-stale-plan", "fill_empty and create_only hold when the row is written", async () => {
  await using place = await rehearse(contactsJob({ map }), { "inbox/contacts.csv": csv });
  const { sandbox, project } = place;
  const make = async (Ext__c: string) =>
    ((await sandbox.api("POST", "sobjects/Contact", { LastName: "x", Ext__c })).body as { id: string }).id;
  const titles = async () => [...(await place.contacts())].map(([key, one]) => `${key} ${one["Title"]}`).sort();
  const ann = await make("A");
  await make("B");
  const killed = await project.start(["run", "job.yaml"], { env: { LOADLINE_FAILPOINT: "intent:1" } }).finished;
  expect(killed.signal).toBe("SIGKILL");
  // Meanwhile a person fills a field, and makes a record that was to be created.
  await sandbox.api("PATCH", `sobjects/Contact/${ann}`, { Title: "By a person" });
  const cid = await make("C");
  await sandbox.api("PATCH", `sobjects/Contact/${cid}`, { Title: "By a person" });
  const resumed = await project.run("resume", "--json");
  expect(resumed.summary().streams["contacts"]).toMatchObject({
    ...{ extracted: 4, creates: 1, updates: 1, conflicts: 2, loaded: 2, failed: 0 },
  });
  expect(resumed.stderr).toContain("changed in the target since the plan: not written");
  expect(await titles()).toEqual(["A By a person", "B From the feed", "C By a person", "D From the feed"]);
  const [run = ""] = project.list(".loadline/runs");
  const results = project.list(`.loadline/runs/${run}/results`).map((name) => {
    return project.read(`.loadline/runs/${run}/results/${name}`);
  });
  expect(results.join("")).toMatch(/"conflict","Title","the field was filled since the plan"/);
  expect(results.join("")).toMatch(/"conflict","Ext__c","the record was made since the plan"/);
  // The next run compares anew, and leaves alone what is filled.
  const done = await project.run("run", "job.yaml", "--json");
  expect(done.summary().streams["contacts"]).toMatchObject({ conflicts: 0, creates: 0 });
  expect(await titles()).toEqual(["A By a person", "B From the feed", "C By a person", "D From the feed"]);
});
