// loadline doctor: what is wrong with the machine, the state and the connections, and what to do.

import { exitCode } from "../core/exit-code.ts";
import { examine } from "../pipeline/tools/doctor/doctor.ts";
import { findingLines } from "../report/doctor-view.ts";
import { lookOfOut, printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";
import { findProjectIfAny, readProjectEnvironment, sandboxState } from "./project.ts";

export async function doctor(globals: Globals, flags: { offline?: boolean }): CommandResult {
  const { project } = findProjectIfAny(globals);
  const findings = await examine({
    ...project,
    sandboxState: sandboxState(project),
    environment: readProjectEnvironment(globals, project.folder),
    offline: flags.offline === true,
    signal: globals.signal,
  });
  const code = findings.some(({ state }) => state === "wrong") ? exitCode.failed : exitCode.done;
  if (globals.json) printOut(JSON.stringify({ checks: findings, exitCode: code }));
  else printOut(findingLines(findings, lookOfOut(globals.color)));
  return code;
}
