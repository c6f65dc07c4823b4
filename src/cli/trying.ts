// The commands that try a job without running it.

import type { Command } from "commander";
import type { Globals } from "../commands/globals.ts";
import type { TestFlags } from "../commands/test.ts";
import type { Act } from "./options.ts";

export function addTryingCommands(program: Command, globals: () => Globals, act: Act): void {
  program
    .command("test [job...]")
    .description(
      "run the tests of jobs, offline: rows that are given against rows, rejects and changes that are expected",
    )
    .option("--schema <file>", "custom objects and fields (default: sandbox.yaml of the project)")
    .option("--junit <file>", "write the results as JUnit XML too")
    .action(
      act(async (files: string[], flags: TestFlags) =>
        (await import("../commands/test.ts")).testJobs(globals(), files, flags),
      ),
    );
}
