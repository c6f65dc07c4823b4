// The commands that try a job without running it.

import type { Command } from "commander";
import type { SystemFlags } from "../commands/connections.ts";
import type { Globals } from "../commands/globals.ts";
import type { DuplicateFlags } from "../commands/near-duplicates.ts";
import type { PreviewFlags } from "../commands/preview.ts";
import type { TestFlags } from "../commands/test.ts";
import { type Act, addSandboxOptions, wholeNumber } from "./options.ts";

export function addTryingCommands(program: Command, globals: () => Globals, act: Act): void {
  program
    .command("test [job...]")
    .description(
      "run the tests of jobs, offline: rows that are given against rows, rejects and changes that are expected",
    )
    .option("--schema <file>", "custom objects and fields (default: sandbox.yaml of the project)")
    .option("--junit <file>", "write the results as JUnit XML too")
    .option("--update", "write what came into what failing tests expect")
    .option("--watch", "again whenever a job, connections.yaml or the schema file is written, until Ctrl-C")
    .option("--from-run <run-id>", "print a test made from a row that a run took; hidden values become stand-ins")
    .option("--row <line>", "of --from-run: the row, by its line in the source file", wholeNumber)
    .option("--stream <name>", "of --from-run: the stream, where the job has several")
    .option("--file <name>", "of --from-run: the file, where several have such a row")
    .action(
      act(async (files: string[], flags: TestFlags) =>
        (await import("../commands/test.ts")).testJobs(globals(), files, flags),
      ),
    );

  program
    .command("preview <job>")
    .description("the first rows of a job as they come, beside what would be written; writes nothing")
    .option("--limit <n>", "so many rows of each stream", wholeNumber, 20)
    .option("--where <sql>", "only rows of which this is true, SQL over columns of the source")
    .option("--stream <names>", "only these streams, separated by commas")
    .option("--sandbox", "against a local sandbox")
    .option("--schema <file>", "custom fields of that sandbox (default: sandbox.yaml of the project)")
    .action(
      act(async (file: string, flags: PreviewFlags) =>
        (await import("../commands/preview.ts")).preview(globals(), file, flags),
      ),
    );

  addSandboxOptions(program.command("profile <file...>"))
    .description("what columns hold: of files, or of <connection> <object>: blanks, distinct values, ranges, patterns")
    .option("--near-duplicates", "of files: rows that may be of one company, by names that are alike, domain and phone")
    .option("--name <column>", "of near-duplicates: the column of names")
    .option("--domain <column>", "of near-duplicates: the column of domains, web or e-mail addresses")
    .option("--phone <column>", "of near-duplicates: the column of phone numbers")
    .action(
      act(async (named: string[], flags: SystemFlags & DuplicateFlags) =>
        (await import("../commands/profile.ts")).profile(globals(), named, flags),
      ),
    );
}
