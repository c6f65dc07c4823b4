// npm run mirror:scenarios [-- --seeds 10000 --seed 1]: mirror under faults against a model. Exit 1 on a wrong delete.

import { parseArgs } from "node:util";
import { Rig } from "../stage/rig.ts";
import { tryScenarios } from "./mirror.ts";

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const chunk = 100;

const total = Number(values.seeds);
const started = performance.now();
for (let done = 0; done < total; ) {
  // A rig of its own for each: files of those before only take room.
  using rig = await Rig.open();
  const numRuns = Math.min(chunk, total - done);
  await tryScenarios(rig, { numRuns, seed: Number(values.seed) + done });
  done += numRuns;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${done} scenarios from seed ${values.seed}: 0 wrong deletes, ${seconds} s\n`);
}
