import { describe } from "vitest";
import { openSalesforceRig } from "./salesforce-rig.ts";
import { testConnector } from "./suite.ts";

describe("Salesforce", () => {
  testConnector(openSalesforceRig);
});
