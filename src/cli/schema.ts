// The commands about shapes: of job files, and of what a job reads and writes.

import type { Command } from "commander";
import type { SystemFlags } from "../commands/connections.ts";
import type { Globals } from "../commands/globals.ts";
import type { SchemaFlags } from "../commands/schema.ts";
import { type Act, addSandboxOptions } from "./options.ts";

export function addSchemaCommands(program: Command, globals: () => Globals, act: Act): void {
  const schema = addSandboxOptions(program.command("schema [file]"))
    .description("JSON Schema of job files, connection files, or both")
    .option("--write", "into .loadline/, where the editor line of a job looks; of jobs with the names of the systems")
    .action(
      act(async (which: string | undefined, flags: SchemaFlags) =>
        (await import("../commands/schema.ts")).printSchema(globals(), which, flags),
      ),
    );

  addSandboxOptions(schema.command("diff <job>"))
    .description(
      "what is other in source and target than the last run kept: columns, fields, picklists; writes nothing",
    )
    .action(
      act(async (file: string, _flags: object, command: Command) => {
        // Options of both commands come to the outer one.
        const flags = command.optsWithGlobals<SystemFlags>();
        return (await import("../commands/schema-diff.ts")).diffSchema(globals(), file, flags);
      }),
    );
}
