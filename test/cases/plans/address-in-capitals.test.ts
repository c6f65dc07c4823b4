import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const fields = {
  Ext__c: { type: "string", length: 40, externalId: true, unique: true },
  Work__c: { type: "email" },
  Note__c: { type: "string" },
};
const map = ["Ext__c: id", "LastName: id", "Email: mail", "Work__c: mail", "Note__c: note"].map(
  (line) => `      ${line}`,
);

caseOf("plans/address-in-capitals", "what Salesforce stores otherwise is compared as it stores it", async () => {
  const csv = "id,mail,note\nA,Ines.Ito@Mail.Example,Ann\nB, BO@Mail.Example ,x\n";
  const job = contactsJob({ map: map.join("\n") });
  await using place = await rehearse(job, { "inbox/contacts.csv": csv }, { salesforce: { Contact: { fields } } });
  const load = async () => (await place.project.run("run", "job.yaml", "--json")).summary().streams["contacts"];
  expect(await load()).toMatchObject({ creates: 2, loaded: 2 });
  expect((await place.contacts()).get("A")).toMatchObject({ Email: "ines.ito@mail.example", Note__c: "Ann" });
  expect(await load()).toMatchObject({ unchanged: 2, loaded: 0 });
  // A text field keeps its capitals, so there they are a change.
  place.project.write({ "inbox/contacts.csv": "id,mail,note\nA,ines.ito@mail.example,ANN\nB,bo@MAIL.example,x\n" });
  expect(await load()).toMatchObject({ unchanged: 1, updates: 1, loaded: 1 });
});
