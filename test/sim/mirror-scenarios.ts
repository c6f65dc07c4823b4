// npm run mirror:scenarios [-- --seeds 10000 --seed 1]: mirror under faults against a model. Exit 1 on a wrong delete.

import { parseArgs } from "node:util";
import { Rig } from "../stage/rig.ts";
import { tryScenarios } from "./mirror.ts";

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});

using rig = await Rig.open();
const started = performance.now();
await tryScenarios(rig, { numRuns: Number(values.seeds), seed: Number(values.seed) });
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(`${values.seeds} scenarios from seed ${values.seed}: 0 wrong deletes, ${seconds} s\n`);
