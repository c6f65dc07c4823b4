// `loadline conflicts`.

import { type Command, Option } from "commander";
import type { ConflictsFlags } from "../commands/conflicts.ts";
import type { Globals } from "../commands/globals.ts";
import type { Act } from "./options.ts";

export function addConflictsCommand(program: Command, globals: () => Globals, act: Act): void {
  program
    .command("conflicts <job>")
    .description("what a two-way job wants decided, field by field; --take decides it")
    .addOption(new Option("--take <side>", "whose values count from now on").choices(["ours", "theirs"]))
    .option("--keys <file>", "with --take: only records with these keys or ids, one a line")
    .option("--sandbox", "of runs against the local sandbox")
    .action(
      act(async (file: string, flags: ConflictsFlags) =>
        (await import("../commands/conflicts.ts")).showConflicts(globals(), file, flags),
      ),
    );
}
