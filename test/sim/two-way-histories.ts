// npm run twoway:histories [-- --worlds 125 --histories 40 --seed 1]: two-way jobs under the hands of people on both sides,
// against a model. The histories of a world share its runs, so that a run is paid for once.
// Prints every world that ends otherwise, and exits with 1 on any.

import { parseArgs } from "node:util";
import { setup } from "../support/build-program.ts";
import { nothingMet, tryTwins } from "./twin-model.ts";

const { values } = parseArgs({
  options: {
    worlds: { type: "string", default: "125" },
    histories: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
  },
});
const started = performance.now();
const histories = Number(values.histories);
const end = await setup();
const met = nothingMet();
let wrong = 0;
let done = 0;
const tell = () => {
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  const told = Object.entries(met).map(([name, count]) => `${name} ${count}`);
  process.stdout.write(
    `${done * histories} histories in ${done} worlds from seed ${values.seed}: ${wrong} worlds end otherwise, ${minutes} min; ${told.join(", ")}\n`,
  );
};
try {
  for (; done < Number(values.worlds); ) {
    await tryTwins(Number(values.seed) + done, histories, met).catch((error: Error) => {
      wrong += 1;
      process.stdout.write(`${error.message}\n`);
    });
    done += 1;
    tell();
  }
} finally {
  await end();
}
process.exitCode = wrong === 0 ? 0 : 1;
