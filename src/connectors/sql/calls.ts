// What clients of databases do alike with a transaction: again where what ended it passes, told as a person can act on it.

import type { ConnectionContext } from "../../contract/connection.ts";
import type { Failure } from "../../core/errors.ts";
import { CallFault } from "../../http/outcome.ts";
import { withRetries } from "../../http/retry.ts";

/** `name`: of the connection. */
export function transactAgain<T>(
  name: string,
  { signal, onRetry }: Pick<ConnectionContext, "signal" | "onRetry">,
  transactOnce: () => Promise<T>,
): Promise<T> {
  return withRetries(transactOnce, {
    idempotent: true,
    signal,
    onRetry: ({ message }, attempt, delayMs) =>
      onRetry(`${name}: ${message}; attempt ${attempt + 1} in ${Math.round(delayMs)} ms`),
  });
}

/** What a call's fault means; other errors are as they are. */
export async function explainCall<T>(
  act: () => Promise<T>,
  explain: (fault: CallFault) => Failure | CallFault,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw error instanceof CallFault ? explain(error) : error;
  }
}
