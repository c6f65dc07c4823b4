// A run that waits at its first call of a kind, so that a test can change the org behind its back.

import { expect } from "vitest";
import type { Running } from "../support/rig.ts";
import type { Rehearsal } from "./support.ts";

/** Starts a command, and returns once a call that matches has reached the org, which lets it wait a moment. */
export async function startHeld(
  place: Rehearsal,
  match: string,
  args: readonly string[],
  heldMs = 1500,
): Promise<Running> {
  const count = async () => Object.values(await place.sandbox.calls()).length;
  const before = await count();
  await place.sandbox.setFaults([{ match, nth: [1], do: { delay_ms: heldMs } }]);
  const running = place.project.start(args);
  const pattern = new RegExp(`^${match.replaceAll("*", "[^/]+")}$`);
  await expect
    .poll(async () => Object.keys(await place.sandbox.calls()).some((name) => pattern.test(name)), { timeout: 240_000 })
    .toBe(true);
  expect(await count()).toBeGreaterThan(before);
  return running;
}
