// `loadline rejects`.

import type { Command } from "commander";
import type { Globals } from "../commands/globals.ts";
import type { RejectsFlags } from "../commands/rejects.ts";
import type { Act } from "./options.ts";

export function addRejectsCommand(program: Command, globals: () => Globals, act: Act): void {
  program
    .command("rejects [run-id]")
    .description("rows that a run did not load, by reason; exported to be mended, loaded again, or dropped")
    .option("--job <name>", "those of all runs of a job; with an id or `latest`, the run of this job")
    .option("--stream <name>", "only those of a stream")
    .option("--export <file>", "write them to a CSV file, with the reasons and an id for each row")
    .option("--bom", "with --export: begin the file as spreadsheets want UTF-8")
    .option("--retry [file]", "load them again: as they are in a file that was exported and mended, or as they were")
    .option("--older", "with --retry: also over newer rows of the same key that came since")
    .option("--drop", "end them: they are not to be loaded")
    .option("--reason <text>", "with --drop: why")
    .option("--yes", "with --retry: load into a protected connection")
    .action(
      act(async (id: string | undefined, flags: RejectsFlags) =>
        (await import("../commands/rejects.ts")).showRejects(globals(), id, flags),
      ),
    );
}
