import { test } from "vitest";
import { startSandbox } from "../support/rig.ts";
import { schema } from "./apply-org.ts";
import { tryHistory } from "./apply-runs.ts";
import { tryFilePlans } from "./file-plans.ts";
import { schema as retrySchema, tryRetries } from "./retry-loops.ts";
import { tryRollback } from "./rollbacks.ts";
import { tryTablePlan } from "./table-plans.ts";

/** Other seeds, and many of them: npm run apply:histories. */
test("apply writes what nobody else touched, and holds the rest back, whoever was at work since the plan", async () => {
  await using sandbox = await startSandbox({ schema });
  // Each proof, both systems, parents, each way to treat conflicts.
  for (const seed of [9, 11, 12, 13, 14]) await tryHistory(sandbox, seed);
});

test("a file that plans have written is the one that runs write", async () => {
  await tryFilePlans(1);
});

test("a kept plan of a table writes what nobody else touched, and holds the rest back", async () => {
  // Mirror, upsert, and a new content: over what the plan saw, and over another.
  for (const seed of [3, 7, 30, 36]) await tryTablePlan(seed);
});

test("a run that is taken back leaves what others changed, and all else as it was", async () => {
  await using sandbox = await startSandbox({ schema });
  // An upsert into HubSpot, and a mirror with parents in Salesforce.
  for (const seed of [3, 14]) await tryRollback(sandbox, seed);
});

test("rows that people mend, lose and double are loaded once each, or stay open", async () => {
  await using sandbox = await startSandbox({ schema: retrySchema });
  await tryRetries(sandbox, 1);
});
