// `loadline reconcile`.

import type { Command } from "commander";
import type { Globals } from "../commands/globals.ts";
import type { ReconcileFlags } from "../commands/reconcile.ts";
import { type Act, metricsOption } from "./options.ts";

type Flags = ReconcileFlags & { metrics?: string };

export function addReconcileCommand(
  program: Command,
  globals: (flags?: { metrics?: string }) => Globals,
  act: Act,
): void {
  program
    .command("reconcile <job...>")
    .description("compare source and target in full, and report what differs; --repair loads it")
    .option("--repair", "load the difference, as far as the job's mode may")
    .option("--yes", "with --repair: load into a protected connection")
    .option("--sample <part>", "a share of the keys (5%), or about so many (1000): another part each day")
    .option("--streams <names>", "only these streams, separated by commas")
    .option("--sandbox", "every connection pointed at a local sandbox")
    .option("--schema <file>", "custom fields of that sandbox (default: sandbox.yaml of the project)")
    .addOption(metricsOption())
    .action(
      act(async (files: string[], flags: Flags) =>
        (await import("../commands/reconcile.ts")).reconcileJobs(globals(flags), files, flags),
      ),
    );
}
