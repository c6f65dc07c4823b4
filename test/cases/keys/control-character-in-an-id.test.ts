import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const right = "two keys that nobody can tell apart are one, refused or told";

caseOf("keys/control-character-in-an-id", right, async () => {
  const pairs = ["\u001f", "\u200b", "\u200f", "\u00a0"].flatMap((one, index) => [
    `${one}0001${index},Ann`,
    `0001${index},Bob`,
  ]);
  await using place = await rehearse(contactsJob({ map: "      Ext__c: trim(id)\n      LastName: last" }), {
    "inbox/contacts.csv": `id,last\n${pairs.join("\n")}\n00099,Cid\n\u001f00100\u001f,Dee\n`,
  });
  const run = await place.project.run("run", "job.yaml", "--json");
  expect(run.summary().streams["contacts"]).toMatchObject({ rejected: 8, loaded: 2 });
  expect([...(await place.contacts()).keys()].sort()).toEqual(["00099", "00100"]);
});
