// A sandbox in a process of its own, for the tests that kill it. Prints its origins, a line each, once it is ready.

import { startSandbox } from "../../src/sandbox/sandbox.ts";

const [dataFolder = "", schemaFile = ""] = process.argv.slice(2);
const sandbox = await startSandbox({
  salesforcePort: 0,
  hubspotPort: 0,
  dataFolder,
  schemaFile,
  seed: "empty",
  faultSeed: 1,
});
process.stdout.write(`${sandbox.salesforce}\n${sandbox.hubspot}\n`);
