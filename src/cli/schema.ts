// The commands about shapes: of job files, and of what a job reads and writes.

import type { Command } from "commander";
import type { SystemFlags } from "../commands/connections.ts";
import type { Globals } from "../commands/globals.ts";
import { type Act, addSandboxOptions } from "./options.ts";

export function addSchemaCommands(program: Command, globals: () => Globals, act: Act): void {
  const schema = program
    .command("schema [file]")
    .description("JSON Schema of job files, connection files, or both")
    .option("--write", "into .loadline/, where the editor line of a job looks")
    .action(
      act(async (which: string | undefined, flags: { write?: boolean }) =>
        (await import("../commands/schema.ts")).printSchema(globals(), which, flags),
      ),
    );

  addSandboxOptions(schema.command("diff <job>"))
    .description(
      "what is other in source and target than the last run kept: columns, fields, picklists; writes nothing",
    )
    .action(
      act(async (file: string, flags: SystemFlags) =>
        (await import("../commands/schema-diff.ts")).diffSchema(globals(), file, flags),
      ),
    );
}
