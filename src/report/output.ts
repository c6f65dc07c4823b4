// The one door to stdout and stderr. Everything that leaves passes the redactor.

import { redactSecrets } from "../core/secret.ts";

/** Results. */
export function printOut(text: string): void {
  process.stdout.write(`${redactSecrets(text)}\n`);
}

/** Progress, logs and failures. */
export function printError(text: string): void {
  process.stderr.write(`${redactSecrets(text)}\n`);
}
