// The commands below `loadline state`.

import type { Command } from "commander";
import type { Globals } from "../commands/globals.ts";
import type { StateFlags } from "../commands/state.ts";
import type { Act } from "./options.ts";

export function addStateCommands(program: Command, globals: () => Globals, act: Act): void {
  const state = program
    .command("state")
    .description("what later runs go by: watermarks and memories; export and import carry it to another machine");

  state
    .command("export <file>")
    .description("write all of it to one file, for a machine that goes; refused where the file moved on meanwhile")
    .action(act(async (file: string) => (await import("../commands/state.ts")).exportProject(globals(), file)));

  state
    .command("import <file>")
    .description("take it from a file; refused where what is here is newer, or was never exported")
    .action(act(async (file: string) => (await import("../commands/state.ts")).importProject(globals(), file)));

  state
    .command("show [job]")
    .description("watermarks and what they are of, rows and files that are remembered, unfinished runs")
    .option("--sandbox", "of the sandbox")
    .action(
      act(async (job: string | undefined, flags: StateFlags) =>
        (await import("../commands/state.ts")).showState(globals(), job, flags),
      ),
    );

  state
    .command("set <job> <stream>")
    .description("move a watermark; forward skips what changed in between, and wants --yes")
    .requiredOption("--watermark <instant>", "up to when the source counts as taken, e.g. 2026-01-31T08:00:00Z")
    .option("--org <id>", "of the target, where the stream has a watermark in several")
    .option("--yes", "forward: skip what changed in between")
    .option("--sandbox", "of the sandbox")
    .action(
      act(async (job: string, stream: string, flags: StateFlags & { watermark: string; org?: string; yes?: boolean }) =>
        (await import("../commands/state.ts")).setWatermark(globals(), job, stream, flags),
      ),
    );

  state
    .command("purge")
    .description("delete the folders of old runs; the history stays, and what can be gone on with")
    .requiredOption("--older-than <duration>", "30d, say")
    .option("--sandbox", "of the sandbox")
    .action(
      act(async (flags: StateFlags & { olderThan: string }) =>
        (await import("../commands/state.ts")).purgeState(globals(), flags),
      ),
    );
}
