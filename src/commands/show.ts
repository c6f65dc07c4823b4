// loadline show: one run.

import { Ledger } from "../checkpoint/ledger.ts";
import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProject, sandboxState } from "./project.ts";

export async function showRun(globals: Globals, id: string): CommandResult {
  const project = findProject(globals);
  for (const folder of [project.stateFolder, sandboxState(project)]) {
    if (!Ledger.exists(folder)) continue;
    using ledger = Ledger.open(folder);
    const run = ledger.run(id);
    if (run === undefined) continue;
    const streams = ledger
      .streams(id)
      .map((stream) => ({ ...stream, parts: ledger.parts(id, stream.name), batches: ledger.batches(id, stream.name) }));
    printOut(JSON.stringify({ ...run, streams }));
    return exitCode.done;
  }
  throw usageFailure(`there is no run ${id}`, { next: "loadline runs" });
}
