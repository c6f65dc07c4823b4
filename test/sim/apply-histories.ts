// npm run apply:histories [-- --seeds 5000 --seed 1]: kept plans under the hands of others, against a model. Prints every
// history that ends otherwise, and exits with 1 on any.

import { parseArgs } from "node:util";
import { setup } from "../support/build-program.ts";
import { startSandbox } from "../support/rig.ts";
import { schema } from "./apply-org.ts";
import { proofOf, tryHistory } from "./apply-runs.ts";

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "5000" }, seed: { type: "string", default: "1" } },
});
const total = Number(values.seeds);
const first = Number(values.seed);
/** A sandbox is renewed: what it has deleted stays in it. */
const chunk = 50;

const started = performance.now();
const end = await setup();
const proofs = new Map<string, number>();
let wrong = 0;
try {
  for (let done = 0; done < total; ) {
    await using sandbox = await startSandbox({ schema });
    for (const last = Math.min(total, done + chunk); done < last; done += 1) {
      const seed = first + done;
      proofs.set(proofOf(seed), (proofs.get(proofOf(seed)) ?? 0) + 1);
      await tryHistory(sandbox, seed).catch((error: Error) => {
        wrong += 1;
        process.stdout.write(`${error.message}\n`);
      });
    }
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    process.stdout.write(`${done} histories from seed ${first}: ${wrong} end otherwise, ${minutes} min\n`);
  }
} finally {
  await end();
}
process.stdout.write(`${[...proofs].map(([proof, count]) => `${count} ${proof}`).join(", ")}\n`);
process.exitCode = wrong === 0 ? 0 : 1;
