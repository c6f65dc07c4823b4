// `loadline apply`.

import { type Command, Option } from "commander";
import type { ApplyFlags } from "../commands/apply.ts";
import type { Globals } from "../commands/globals.ts";
import { type Act, metricsOption } from "./options.ts";

type Flags = ApplyFlags & { metrics?: string };

export function addApplyCommand(program: Command, globals: (flags?: { metrics?: string }) => Globals, act: Act): void {
  program
    .command("apply <run-id>")
    .description(
      "write a plan that was kept, once: those rows and fields, and nothing else; `latest` is the newest one",
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
      act(async (id: string, flags: Flags) =>
        (await import("../commands/apply.ts")).applyPlan(globals(flags), id, flags),
      ),
    );
}
