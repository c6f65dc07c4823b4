import { test } from "vitest";
import { startSandbox } from "../support/rig.ts";
import { schema } from "./apply-org.ts";
import { tryHistory } from "./apply-runs.ts";

/** From this one on six histories have each proof, both systems, parents, and each way to treat conflicts. */
const first = Number(process.env["LOADLINE_PROPERTY_SEED"] ?? 10);
/** More are for a person who has the time: npm run apply:histories. */
const count = Number(process.env["LOADLINE_SCENARIOS"] ?? 6);

test("apply writes what nobody else touched, and holds the rest back, whoever was at work since the plan", async () => {
  await using sandbox = await startSandbox({ schema });
  for (let seed = first; seed < first + count; seed += 1) await tryHistory(sandbox, seed);
});
