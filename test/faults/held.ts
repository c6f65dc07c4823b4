// A run that is held at a call of its own: the org takes the call and lets it wait. So a test can stop, kill or overtake
// a run at a known place without a guess about time.

import { vi } from "vitest";
import type { Lane, Load } from "../crash/load.ts";
import { runJob } from "../crash/load.ts";
import type { Running } from "../support/rig.ts";

/** Longer than any test: the sandbox is gone by then. */
const heldMs = 300_000;

/** Calls by method and path, as faults match them and as the sandbox counts them. */
export const calls = {
  "signing in": ["POST /services/oauth2/token", /^POST .*oauth2\/token$/],
  "reading the object's fields": ["GET /services/data/*/sobjects/*/describe", /^GET .*\/describe$/],
  "reading present values": ["GET /services/data/*/query", /^GET .*\/query$/],
  "making a job": ["POST /services/data/*/jobs/ingest", /^POST .*\/jobs\/ingest$/],
  uploading: ["PUT /services/data/*/jobs/ingest/*/batches", /^PUT .*\/batches$/],
  "closing a job": ["PATCH /services/data/*/jobs/ingest/*", /^PATCH .*\/jobs\/ingest\/[^/]+$/],
  "waiting for a job": ["GET /services/data/*/jobs/ingest/*", /^GET .*\/jobs\/ingest\/[^/]+$/],
  "fetching results": ["GET /services/data/*/jobs/ingest/*/successfulResults", /^GET .*\/successfulResults$/],
} as const;

export type Call = keyof typeof calls;

/** Starts a run, or goes on with one, and returns once its first call of this kind has reached the org. */
export async function startHeldAt(
  { sandbox }: Lane,
  load: Load,
  call: Call,
  { ms = heldMs, args = runJob }: { ms?: number; args?: readonly string[] } = {},
): Promise<Running> {
  const [match, counted] = calls[call];
  await sandbox.setFaults([{ match, nth: [1], do: { delay_ms: ms } }]);
  const count = async () => {
    const all = Object.entries(await sandbox.calls()).filter(([name]) => counted.test(name));
    return all.reduce((sum, [, times]) => sum + times, 0);
  };
  const before = await count();
  const running = load.start(args);
  await vi.waitFor(
    async () => {
      if ((await count()) === before) throw new Error(`the run has not come to ${call}`);
    },
    { timeout: 60_000 },
  );
  return running;
}
