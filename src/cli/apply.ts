// `loadline apply` and `loadline approve`.

import { type Command, Option } from "commander";
import type { ApplyFlags } from "../commands/apply.ts";
import type { ApproveFlags } from "../commands/approve.ts";
import type { Globals } from "../commands/globals.ts";
import { type Act, addUnlockOption, metricsOption } from "./options.ts";

type Flags = ApplyFlags & { metrics?: string };

export function addApplyCommand(program: Command, globals: (flags?: { metrics?: string }) => Globals, act: Act): void {
  addUnlockOption(program.command("apply <plan>"))
    .description(
      "write a plan that was kept, once: those rows and fields, and nothing else; its run-id, `latest`, or its file",
    )
    .addOption(
      new Option("--on-conflict <how>", "rows whose record changed since the plan (default: hold)").choices([
        "hold",
        "overwrite",
        "fail",
      ]),
    )
    .option("--strict", "a change of any mapped field is a conflict, not only of those that the plan writes")
    .option("--max-age <duration>", "how old the plan may be (default: 24h)")
    .option("--yes", "load into a protected connection")
    .addOption(metricsOption())
    .action(
      act(async (plan: string, flags: Flags) =>
        (await import("../commands/apply.ts")).applyPlan(globals(flags), plan, flags),
      ),
    );

  addUnlockOption(program.command("approve <plan>"))
    .description("record that a plan may be applied: in the ledger, and in its file")
    .option("--by <name>", "who approves it (default: who is signed in to this machine)")
    .option("--note <text>", "why, for whoever reads it later")
    .option("--guard <name>", "what objects to the plan and may be passed this once: guards.deletes, say", collect, [])
    .action(
      act(async (plan: string, flags: ApproveFlags) =>
        (await import("../commands/approve.ts")).approvePlan(globals(), plan, flags),
      ),
    );
}

function collect(one: string, before: string[]): string[] {
  return [...before, ...one.split(",")];
}
