import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { tryValues } from "./try-values.ts";

const right = "a value is sent as it is, or that it is rounded is told";

caseOf("values/decimals-beyond-the-scale", right, async () => {
  await using place = await tryValues({
    salesforce: [
      { into: "Rate__c", value: "12.345", is: "12.345" },
      { into: "Rate__c", value: "12.344", is: "12.344" },
      { into: "Amount__c", value: "10.005", is: "10.005" },
      { into: "Amount__c", value: "10.50", is: "10.5" },
      { into: "Revenue__c", value: "10.5", is: "10.5" },
      { into: "Amount__c", value: "0.333333333333333", is: "0.333333333333333" },
      // A double keeps neither.
      { into: "Amount__c", value: "49.9999999999999972", is: /double/ },
      { into: "Amount__c", value: "1222333444555666.84", is: /double/ },
    ],
  });
  // What the org holds is extracted as it is; computed with, it is a decimal.
  place.project.write({
    "out.yaml": `version: 1
name: out
streams:
  c:
    source: { connection: salesforce, object: Contact, where: "Rate__c != null" }
    target: { connection: drop, files: "out.csv" }
    map: { rate: Rate__c, twice: Rate__c * 2, held: "coalesce(Rate__c, 0)" }
`,
  });
  await place.project.run("run", "out.yaml");
  const [header, ...rows] = place.project.read("inbox/out.csv").trim().split("\n");
  expect([header, ...rows.sort()]).toEqual(["rate,twice,held", "12.344,24.688,12.344", "12.345,24.69,12.345"]);

  // Rounded where the job says so, and counted.
  place.project.write({
    "inbox/round.csv": "k,a,b,c\nR1,2.345,2.5,-2.345\nR2,2.355,3.5,2.349\nR3,2.34,4,2.3\n",
    "round.yaml": `version: 1
name: round
streams:
  c:
    source: { connection: drop, files: "round.csv" }
    target: { connection: salesforce, object: Contact, key: Ext__c, mode: upsert }
    map:
      Ext__c: k
      LastName: k
      Amount__c: { from: a, round: half_even }
      Whole__c: { from: b, round: half_up }
      Rate__c: { from: c, round: down }
`,
  });
  const plan = await place.project.run("plan", "round.yaml");
  expect(plan.stdout.replace(/\s+/g, " ")).toContain("6 values rounded");
  const { streams } = (await place.project.run("run", "round.yaml", "--json")).summary();
  expect(streams["c"]).toMatchObject({ loaded: 3, rejected: 0, rounded: 6 });
  const held = await place.contacts();
  const values = ["R1", "R2", "R3"].map((key) =>
    ["Amount__c", "Whole__c", "Rate__c"].map((field) => held.get(key)?.[field]),
  );
  expect(values).toEqual([
    [2.34, 3, -2.34],
    [2.36, 4, 2.34],
    [2.34, 4, 2.3],
  ]);
  const again = (await place.project.run("plan", "round.yaml", "--json")).summary();
  expect(again.streams["c"]).toMatchObject({ updates: 0, unchanged: 3 });
});
