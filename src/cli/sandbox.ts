// The command `loadline sandbox`.

import { type Command, Option } from "commander";
import type { Globals } from "../commands/globals.ts";
import { type Act, wholeNumber } from "./options.ts";

export function addSandboxCommand(program: Command, globals: () => Globals, act: Act): void {
  program
    .command("sandbox")
    .description("serve a local Salesforce, HubSpot and SFTP server to rehearse against")
    .option("--salesforce-port <port>", "8025, or a free one where that is taken; 0 takes a free one", wholeNumber)
    .option("--hubspot-port <port>", "8026, in the same way", wholeNumber)
    .option("--sftp-port <port>", "8027, in the same way", wholeNumber)
    .option("--data <dir>", "keep its data here")
    .option("--schema <file>", "custom objects and fields")
    .addOption(new Option("--seed <seed>", "what a new org holds").choices(["demo", "empty"]).default("empty"))
    .option("--faults <file>", "faults to inject, a JSON list")
    .option("--fault-seed <n>", "draws faults that have a rate", wholeNumber, 1)
    .action(
      act(async (flags) => {
        return (await import("../commands/sandbox.ts")).serveSandbox(globals(), flags);
      }),
    );
}
