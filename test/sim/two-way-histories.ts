// npm run twoway:histories [-- --seeds 5000 --seed 1]: two-way jobs under the hands of people on both sides, against a model.
// Prints every history that ends otherwise, and exits with 1 on any.

import { parseArgs } from "node:util";
import { setup } from "../support/build-program.ts";
import { tryTwins } from "./twin-model.ts";

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "5000" }, seed: { type: "string", default: "1" } },
});
const started = performance.now();
const end = await setup();
let wrong = 0;
let done = 0;
try {
  for (; done < Number(values.seeds); done += 1) {
    await tryTwins(Number(values.seed) + done).catch((error: Error) => {
      wrong += 1;
      process.stdout.write(`${error.message}\n`);
    });
    process.stdout.write(`${done + 1} tried, ${wrong} end otherwise\n`);
  }
} finally {
  await end();
}
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
process.stdout.write(`${done} histories from seed ${values.seed}: ${wrong} end otherwise, ${minutes} min\n`);
process.exitCode = wrong === 0 ? 0 : 1;
