// A sandbox in a process of its own, for the tests that kill it. Prints its origins once it is ready, one a line.

import { startSandbox } from "../../src/sandbox/sandbox.ts";

const [dataFolder = "", schemaFile = ""] = process.argv.slice(2);
const ports = { salesforcePort: 0, hubspotPort: 0 };
const sandbox = await startSandbox({ ...ports, dataFolder, schemaFile, seed: "empty", faultSeed: 1 });
process.stdout.write(`${sandbox.salesforce}\n${sandbox.hubspot}\n`);
