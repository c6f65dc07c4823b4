// The commands that tell of runs that were.

import type { Command } from "commander";
import type { Globals } from "../commands/globals.ts";
import type { RunsFlags } from "../commands/runs.ts";
import type { ShowFlags } from "../commands/show.ts";
import { type Act, addFormOptions, addUnlockOption } from "./options.ts";

export function addHistoryCommands(program: Command, globals: () => Globals, act: Act): void {
  program
    .command("runs")
    .description("history of runs, newest first")
    .option("--job <name>", "only those of a job")
    .option("--status <names>", "only those that are so: failed, partial, killed, …; several separated by commas")
    .option("--since <time>", "only those that began since then: 2026-01-31, or so long ago: 12h, 7d")
    .option("--html", "as a page, runs.html in .loadline/")
    .option("--out <file>", "with --html: where to instead")
    .action(act(async (flags: RunsFlags) => (await import("../commands/runs.ts")).listRuns(globals(), flags)));

  addUnlockOption(addFormOptions(program.command("show [run-id]")))
    .description("one run, by its id, the beginning of it, or `latest`: what it did, what was rejected, why it stopped")
    .option("--job <name>", "the last run of a job, or the one of it that is named")
    .option("--changes", "every change of its plan, field by field, in place of the rest")
    .option("--stream <name>", "with --changes or --format: only those of a stream")
    .option("--csv", "with --changes: as CSV, a line a field")
    .action(
      act(async (id: string | undefined, flags: ShowFlags) =>
        (await import("../commands/show.ts")).showRun(globals(), id, flags),
      ),
    );

  program
    .command("report <run-id>")
    .description("one run as an HTML page: what changed, what was rejected, how long it took")
    .option("--out <file>", "where to, instead of report.html in the run folder")
    .action(
      act(async (id: string, flags: { out?: string }) =>
        (await import("../commands/report.ts")).writeRunReport(globals(), id, flags),
      ),
    );
}
