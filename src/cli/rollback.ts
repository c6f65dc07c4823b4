// `loadline rollback`.

import type { Command } from "commander";
import type { Globals } from "../commands/globals.ts";
import type { RollbackFlags } from "../commands/rollback.ts";
import { type Act, collect, metricsOption } from "./options.ts";

type Flags = RollbackFlags & { metrics?: string };

export function addRollbackCommand(
  program: Command,
  globals: (flags?: { metrics?: string }) => Globals,
  act: Act,
): void {
  program
    .command("rollback <run-id>")
    .description("plan how to take back what a run wrote: old values, created records, deleted ones; --yes does it")
    .option("--streams <names>", "only these streams, separated by commas")
    .option("--keys <file>", "only rows with these keys, one a line")
    .option("--fields <names>", "only these fields of records that the run changed, separated by commas")
    .option("--out <file>", "write the plan to one file too, to be shown, approved and applied on another machine")
    .option(
      "--encrypt-to <key>",
      "with --out: a file of public keys of OpenPGP, who may read it; several times",
      collect,
    )
    .option("--yes", "write the plan, also into a protected connection")
    .addOption(metricsOption())
    .action(
      act(async (id: string, flags: Flags) =>
        (await import("../commands/rollback.ts")).rollBack(globals(flags), id, flags),
      ),
    );
}
