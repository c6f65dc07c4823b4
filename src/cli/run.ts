// The commands that make a plan, load it, go on with it, or give it up.

import { type Command, Option } from "commander";
import type { Globals } from "../commands/globals.ts";
import type { ResumeFlags } from "../commands/resume.ts";
import type { RunFlags } from "../commands/run-options.ts";
import { usageFailure } from "../core/errors.ts";
import { type Act, addFormOptions, addRunOptions, collect, metricsOption } from "./options.ts";

export function addRunCommands(program: Command, globals: (flags?: { metrics?: string }) => Globals, act: Act): void {
  addFormOptions(addRunOptions(program.command("plan <job...>")))
    .description("dry run: show what a load would change, and keep the plan")
    .option("--detailed-exitcode", "exit 10 when the plan has changes")
    .option("--all", "list every change, not only the first ones")
    .option("--adopt", "of a job with a twin: what run --adopt would take as agreed on")
    .option("--out <file>", "write the plan to one file too, to be shown, approved and applied on another machine")
    .option(
      "--encrypt-to <key>",
      "with --out: a file of public keys of OpenPGP, who may read it; several times",
      collect,
    )
    .action(
      act(async (files: string[], flags: RunFlags) => {
        return (await import("../commands/run.ts")).runJobs(globals(), files, flags, "plan");
      }),
    );

  addFormOptions(addRunOptions(program.command("run <job...>")))
    .description("plan, guards, load, checkpoint; an unfinished run of the same job is recovered first")
    .option("--dry-run", "the same as plan")
    .option("--detailed-exitcode", "with --dry-run: exit 10 when the plan has changes")
    .option("--all", "with --dry-run: list every change")
    .option("--again", "insert files that were inserted before")
    .option("--adopt", "of a job with a twin: take what agrees as agreed on, list what does not, write nothing")
    .option("--yes", "load into a protected connection")
    .addOption(metricsOption())
    .action(
      act(async (files: string[], flags: RunFlags & { metrics?: string }) => {
        const { runJobs } = await import("../commands/run.ts");
        if (flags.dryRun === true && flags.metrics !== undefined) throw usageFailure("a dry run has no --metrics");
        return runJobs(globals(flags), files, flags, flags.dryRun === true ? "plan" : "run");
      }),
    );

  program
    .command("resume [run-id]")
    .description("go on with an interrupted or failed run (default: the last one)")
    .option("--plan", "only tell what it would do: no system is asked, nothing is written")
    .addOption(new Option("--in-doubt <decision>", "what became of writes in doubt").choices(["landed", "not-landed"]))
    .option("--keys <file>", "the rows that the decision is about, one key a line")
    .option("--yes", "load into a protected connection, of a run that has loaded nothing yet")
    .addOption(metricsOption())
    .action(
      act(async (id: string | undefined, flags: ResumeFlags & { metrics?: string }) => {
        return (await import("../commands/resume.ts")).resumeRun(globals(flags), id, flags);
      }),
    );

  program
    .command("abandon <run-id>")
    .description("give an unfinished run up: says what has landed and what is in doubt, and frees the job")
    .option("--yes", "give it up; without, it is only told")
    .action(
      act(async (id: string, flags: { yes?: boolean }) =>
        (await import("../commands/abandon.ts")).abandon(globals(), id, flags),
      ),
    );
}
