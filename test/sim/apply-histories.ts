// npm run apply:histories [-- --seeds 5000 --seed 1 --kind crm|files|tables|retry|rollback]: kept plans under the hands of others, plans of
// files, loops of rejects and runs that are taken back, against models. Prints every history that ends otherwise, and exits with 1 on any.

import { parseArgs } from "node:util";
import { setup } from "../support/build-program.ts";
import { type Sandbox, startSandbox } from "../support/rig.ts";
import { schema } from "./apply-org.ts";
import { proofOf, tryHistory } from "./apply-runs.ts";
import { tryFilePlans } from "./file-plans.ts";
import { schema as retrySchema, tryRetries } from "./retry-loops.ts";
import { tryRollback } from "./rollbacks.ts";
import { tryTablePlan } from "./table-plans.ts";

const kinds: Record<string, { schema: object; name: (seed: number) => string; act: typeof tryHistory }> = {
  crm: { schema, name: proofOf, act: tryHistory },
  files: { schema, name: () => "files", act: (_sandbox: Sandbox, seed: number) => tryFilePlans(seed) },
  tables: { schema, name: () => "tables", act: (_sandbox: Sandbox, seed: number) => tryTablePlan(seed) },
  rollback: { schema, name: () => "rollback", act: tryRollback },
  retry: { schema: retrySchema, name: () => "retry", act: tryRetries },
};

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "5000" },
    seed: { type: "string", default: "1" },
    kind: { type: "string", default: "crm" },
  },
});
const total = Number(values.seeds);
const first = Number(values.seed);
const kind = kinds[values.kind];
if (kind === undefined) throw new Error(`--kind is one of ${Object.keys(kinds).join(", ")}`);
/** A sandbox is renewed: what it has deleted stays in it. */
const chunk = 50;

const started = performance.now();
const end = await setup();
const tried = new Map<string, number>();
let wrong = 0;
try {
  for (let done = 0; done < total; ) {
    await using sandbox = await startSandbox({ schema: kind.schema });
    for (const last = Math.min(total, done + chunk); done < last; done += 1) {
      const seed = first + done;
      tried.set(kind.name(seed), (tried.get(kind.name(seed)) ?? 0) + 1);
      await kind.act(sandbox, seed).catch((error: Error) => {
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
process.stdout.write(`${[...tried].map(([name, count]) => `${count} ${name}`).join(", ")}\n`);
process.exitCode = wrong === 0 ? 0 : 1;
