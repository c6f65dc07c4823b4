// The command `loadline sandbox`.

import { type Command, Option } from "commander";
import type { CommandResult, Globals } from "../commands/globals.ts";
import { wholeNumber } from "./options.ts";

/** `act` makes an action of what gives an exit code. */
export function addSandboxCommand(
  program: Command,
  globals: () => Globals,
  act: <Arguments extends unknown[]>(
    run: (...args: Arguments) => CommandResult,
  ) => (...args: Arguments) => Promise<void>,
): void {
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
