import { expect } from "vitest";
import { startSandbox } from "../../support/rig.ts";
import { caseOf } from "../case.ts";

const types = ["double", "currency", "percent"] as const;

caseOf("sandbox/decimals-are-cut", "the sandbox keeps all decimals that the API sends", async () => {
  const fields = Object.fromEntries(types.map((type) => [`${type}__c`, { type, precision: 18, scale: 2 }]));
  await using sandbox = await startSandbox({ schema: { salesforce: { Contact: { fields } } } });
  const values = { double__c: 12.345, currency__c: -0.005, percent__c: 99.99999 };
  await sandbox.api("POST", "sobjects/Contact", { LastName: "Ann", ...values });
  expect((await sandbox.dump("Contact"))[0]).toMatchObject(values);
});
