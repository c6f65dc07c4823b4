import { expect } from "vitest";
import { startSandbox } from "../../support/rig.ts";
import { caseOf } from "../case.ts";

const name = "sandbox/choices-keep-the-order-of-the-input";

caseOf(name, "the sandbox gives choices in the order of the picklist", async () => {
  const Tags__c = { type: "multipicklist", values: ["Red", "Green", "Blue"] };
  await using sandbox = await startSandbox({ schema: { salesforce: { Contact: { fields: { Tags__c } } } } });
  for (const tags of ["Blue;Red", "Blue;Green;Red;Blue", "Pink;Green", "blue;GREEN"])
    await sandbox.api("POST", "sobjects/Contact", { LastName: "Ann", Tags__c: tags });
  const kept = (await sandbox.dump("Contact")).map((record) => record["Tags__c"]);
  expect(kept.sort()).toEqual(["Green;Blue", "Green;Pink", "Red;Blue", "Red;Green;Blue"]);
});
