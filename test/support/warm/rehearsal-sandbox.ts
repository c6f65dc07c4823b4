// What a warm run starts for `--sandbox` in place of the program: a sandbox of the pool's instead of a process of its own,
// which costs as much as the run. In: the flags that the program gives `loadline sandbox` (pipeline/runs/rehearsal.ts). Out:
// its one line. It ends as that does, by a signal or with its parent.

import { once } from "node:events";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { startWarmSandbox } from "./client.ts";

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    "salesforce-port": { type: "string" },
    "hubspot-port": { type: "string" },
    "sftp-port": { type: "string" },
    seed: { type: "string" },
    data: { type: "string", default: "" },
    schema: { type: "string" },
  },
});
const { data, schema } = values;
// The sandbox's process has another working folder.
const files = schema === undefined ? {} : { schema: resolve(schema) };
const sandbox = await startWarmSandbox({ folder: resolve(data), files });
if (sandbox === undefined) throw new Error("there is no pool of sandboxes");
process.stdout.write(`${JSON.stringify(sandbox.addresses)}\n`);
await Promise.race([once(process, "SIGTERM"), once(process, "disconnect")]);
await sandbox.stop("SIGTERM");
process.exit(0);
