// program.ts with all that it imports as files that Node reads at once: a run that is killed at every step starts it a dozen
// times, and from some hundred TypeScript files each start took twice as long. Lies below node_modules, where native
// modules are found; whoever asks for it clears it away.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { repository } from "../../support/child.ts";

export interface Bundle extends Disposable {
  program: string;
}

export async function bundleProgram(): Promise<Bundle> {
  const dir = join(repository, `node_modules/.cache/contract-${process.pid}`);
  const bundle = await rolldown({
    cwd: repository,
    input: { program: join(import.meta.dirname, "program.ts") },
    platform: "node",
    external: [/^@duckdb\/node-bindings/, /^ssh2/, /^openpgp/, /^iconv-lite/, /^saxes/, /^yauzl/, /^nodemailer/],
    logLevel: "silent",
  });
  await bundle.write({ dir });
  return { program: join(dir, "program.js"), [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}
