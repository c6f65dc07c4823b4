// When a plan that is applied was made, against what runs have done since.

import type { RunContext } from "./context.ts";

/** Whether a run began after the plan that this one applies: what it has done the plan does not know. */
export function beganAfterPlan({ ledger, run }: Pick<RunContext, "ledger" | "run">, id: string): boolean {
  const started = (one: string) => ledger.run(one)?.started ?? "";
  return started(id) > started(run.options.plan ?? "");
}
