import { expect } from "vitest";
import { contactsJob, rehearse, schema } from "../../run/support.ts";
import { caseOf } from "../case.ts";

const objects = {
  salesforce: {
    ...schema.salesforce,
    Contact: {
      fields: { ...schema.salesforce.Contact.fields, acme__Score__c: { type: "double", precision: 5, scale: 1 } },
    },
  },
};

caseOf("messages/names-that-are-nearly-right", "a wrong field name is answered with the right one", async () => {
  const fields = ["Name", "MailingAddress", "Score__c", "AccountId.Acc__c", "account.Acc__c"];
  const map = ["Ext__c", "LastName", ...fields].map((name) => `      ${name}: id`).join("\n");
  await using rehearsal = await rehearse(contactsJob({ map }), { "inbox/contacts.csv": "id\n1\n" }, objects);
  const { code, stderr } = await rehearsal.project.run("check", "job.yaml");
  expect(code).toBe(2);
  const at = (name: string) => {
    const [, said = ""] = stderr.split(new RegExp(`^job\\.yaml:${10 + fields.indexOf(name)}:7: `, "m"));
    return said.split(/^job\.yaml:/m)[0] ?? "";
  };
  expect(at("Name")).toMatch(/map .*FirstName.*LastName/);
  expect(at("MailingAddress")).toMatch(/map MailingStreet, MailingCity/);
  expect(at("Score__c")).toContain("acme__Score__c");
  expect(at("AccountId.Acc__c")).toContain("Account.Acc__c");
  expect(at("account.Acc__c")).toContain("Account.Acc__c");
});
