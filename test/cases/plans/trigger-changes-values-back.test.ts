import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const map = "      Ext__c: id\n      LastName: last\n      Phone: phone\n      Title: title";
const csv = "id,last,phone,title\nA,Ann,+49 30 5550100,\nB,Bob,+49 30 5550101,Boss\nC,Cid,,\n";

caseOf("plans/trigger-changes-values-back", "a field that is changed back every time is told", async () => {
  await using place = await rehearse(contactsJob({ map }), { "inbox/contacts.csv": csv });
  const told: unknown[] = [];
  for (let night = 1; night <= 4; night += 1) {
    // What the trigger does not touch changes as it should, and is not told.
    place.project.write({ "inbox/contacts.csv": csv.replace("Cid,,", `Cid,,Title ${night}`) });
    const run = await place.project.run("run", "job.yaml", "--json");
    const { changedBack, updates, loaded } = run.summary().streams["contacts"] ?? {};
    const isSaid = run.stderr.replace(/[\s!]+/g, " ").includes("changed back since: 2 (Phone: 2)");
    told.push([updates, loaded, changedBack, isSaid]);
    for (const record of (await place.contacts()).values()) {
      if (record["Phone"] === null) continue;
      await place.sandbox.api("PATCH", `sobjects/Contact/${String(record["Id"])}`, { Phone: "(030) 5550100" });
    }
  }
  expect(told).toEqual([
    [0, 3, 0, false],
    [3, 3, 0, false],
    [3, 3, 2, true],
    [3, 3, 2, true],
  ]);
  const { run = "" } = (await place.project.run("plan", "job.yaml", "--json")).summary();
  expect((await place.project.run("show", run ?? "")).stdout.replace(/\s+/g, " ")).toContain("changed back");

  // An update that the target refused was never written, so it is not changed back either.
  place.project.write({ "inbox/contacts.csv": "id,last,phone,title\nA,Ann,1,\n" });
  await place.sandbox.setFaults([
    { match: "row Contact", nth: [1], do: { rowError: "FIELD_CUSTOM_VALIDATION_EXCEPTION:no:Phone --" } },
  ]);
  for (const failed of [1, 0]) {
    const counts = (await place.project.run("run", "job.yaml", "--json")).summary().streams["contacts"];
    expect(counts).toMatchObject({ updates: 1, failed, changedBack: 0 });
  }
});
