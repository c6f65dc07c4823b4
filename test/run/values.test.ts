// Values of all kinds into both systems, through the real binary: stored as they are meant, or rejects. Many in a run.

import { expect, test } from "vitest";
import { tryValues } from "../cases/values/try-values.ts";

test("choices go by the picklist's own writing, whatever their case and what is around them", async () => {
  const gold = ["gold", "GOLD", " Gold ", "Gold\u00a0", "\ufeffGold"];
  await tryValues({
    salesforce: [
      ...gold.map((value) => ({ into: "Tier__c", value, is: "Gold" })),
      { into: "Tier__c", value: "Bronze", is: '"Bronze" is not in its restricted picklist (Gold, Silver)' },
      { into: "Tier__c", value: "Gold;Silver", is: /restricted picklist/ },
      { into: "Region__c", value: "north", is: "North" },
      { into: "Region__c", value: "Norht", is: "Norht" },
      { into: "Tags__c", value: "RED", is: "Red" },
      { into: "Tags__c", value: "sky blue; red;RED", is: "Red;Sky Blue" },
      { into: "Tags__c", value: "\u200bred\u00a0;;Green\t;", is: "Red;Green" },
      { into: "Tags__c", value: "; ;", is: "" },
      { into: "Tags__c", value: "Red;Purple", is: /"Red;Purple" is not in its restricted picklist/ },
      { into: "Tags__c", value: "Sky  Blue", is: /restricted picklist/ },
    ],
    hubspot: [
      ...gold.map((value) => ({ into: "tier", value, is: "g" })),
      { into: "tier", value: "İzmir", is: "i" },
      // A small letter that is another one's own is nobody's guess.
      { into: "tier", value: "izmir", is: /"izmir" is not an option of tier/ },
      { into: "tags", value: "SKY BLUE;\u00a0Red", is: "r;s" },
      { into: "tags", value: " ; ", is: "" },
      { into: "tags", value: "Red;Purple", is: /"Red;Purple" is not among the options/ },
    ],
  });
});

test("an address keeps its letters but for capitals, and nothing invisible stays at its ends", async () => {
  const addresses = [
    ["Ann@Mail.Example", "ann@mail.example"],
    ["b@mail.example\u200b", "b@mail.example"],
    ["\u202ac@mail.example\u202c", "c@mail.example"],
    ["MÜLLER@mail.example", "müller@mail.example"],
  ] as const;
  const refused = ["a\u200bb@mail.example", "Ann <a@mail.example>", "a@b.example;c@d.example", "n/a"];
  const into = (field: string) => [
    ...addresses.map(([value, is]) => ({ into: field, value, is })),
    ...refused.map((value) => ({ into: field, value, is: /is not an email address/ })),
  ];
  const place = await tryValues({ salesforce: into("Mail__c"), hubspot: into("email"), expression: "v" });
  const { sandbox, project } = place;
  // Another person's address would be one that the row does not have.
  project.write({ "inbox/salesforce.csv": "k,f,v\nx,Mail__c,İnes@mail.example\n" });
  await project.run("run", "job.yaml");
  const mails = (await sandbox.dump("Contact")).map((record) => record["Mail__c"]);
  expect(mails).not.toContain("ines@mail.example");
  expect(mails).toHaveLength(addresses.length + 1);
});

test("text keeps what Salesforce keeps of it, no-break blanks at its ends among them", async () => {
  const kept = ["a\u00a0", "\u200bb", "c\u2028d", "&amp;", "NULL", "\\N", "e\u0301", "👨\u200d👩\u200d👧", "a\u0007b"];
  await tryValues({
    salesforce: [
      ...kept.map((value) => ({ into: "Text__c", value, is: value })),
      { into: "Text__c", value: " d\t", is: "d" },
      { into: "Text__c", value: "😀".repeat(41), is: "has 41 characters, the field takes 40" },
    ],
  });
});

test("times reach to the last one that a system holds", async () => {
  await tryValues({
    salesforce: [
      { into: "Seen__c", value: "4000-12-31T00:00:00Z", is: /^4000-12-31T00:00:00/ },
      {
        into: "Seen__c",
        value: "4000-12-31T00:00:01Z",
        is: /and 4000-12-31T00:00:00Z, the times that Salesforce holds/,
      },
    ],
    hubspot: [
      { into: "seen_at", value: "9999-12-31T23:59:59.999Z", is: "9999-12-31T23:59:59.999Z" },
      { into: "seen_at", value: "0001-01-01", is: "0001-01-01T00:00:00.000Z" },
      { into: "seen_at", value: "0000-12-31T23:59:59Z", is: /is not/ },
    ],
  });
});
