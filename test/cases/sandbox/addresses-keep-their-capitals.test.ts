import { expect } from "vitest";
import { startSandbox } from "../../support/rig.ts";
import { caseOf } from "../case.ts";

const name = "sandbox/addresses-keep-their-capitals";

caseOf(name, "the sandbox stores fields of type email in small letters, and no others", async () => {
  const fields = { Work__c: { type: "email" }, Note__c: { type: "string" } };
  await using sandbox = await startSandbox({ schema: { salesforce: { Contact: { fields } } } });
  const address = "Ines.Ito@Mail.Example";
  await sandbox.api("POST", "sobjects/Contact", {
    LastName: "Ito",
    Email: address,
    Work__c: address,
    Note__c: address,
  });
  const small = address.toLowerCase();
  expect((await sandbox.dump("Contact"))[0]).toMatchObject({ Email: small, Work__c: small, Note__c: address });
});
