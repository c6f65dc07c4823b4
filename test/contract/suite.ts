// What every connector holds, tried on each by the same checks. In: a rig. Out: a test for each check. What must hold: a
// check fails for a connector that breaks its part of the contract (broken.test.ts breaks each).

import { test } from "vitest";
import type { Check } from "./check.ts";
import { faultChecks } from "./checks/faults.ts";
import { checkKills } from "./checks/kills.ts";
import { modeChecks } from "./checks/modes.ts";
import { quotaChecks } from "./checks/quotas.ts";
import { refusalChecks } from "./checks/refusals.ts";
import { valueChecks } from "./checks/values.ts";
import { windowChecks } from "./checks/windows.ts";
import { ownTime } from "./own-time.ts";
import type { ConnectorRig, RigRequest } from "./rig.ts";

export const checks: Check[] = [
  ...modeChecks,
  ...valueChecks,
  ...windowChecks,
  checkKills,
  ...faultChecks,
  ...quotaChecks,
  ...refusalChecks,
];

/** Nobody waits: time is the check's own. */
export async function tryCheck(run: Check["run"], rig: ConnectorRig): Promise<void> {
  using _time = ownTime(rig.passTime ?? (async () => undefined));
  await run(rig);
}

/** One test for each check; `open` gives an empty system each time. */
export function testConnector(open: (request?: RigRequest) => Promise<ConnectorRig>): void {
  // By the whole name: `test.each` cuts it off, and with it the cells and the seed.
  for (const { name, run, given } of checks) {
    test(name, async () => {
      await using rig = await open(given);
      await tryCheck(run, rig);
    });
  }
}
