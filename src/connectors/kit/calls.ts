// Calls of a connector that speaks HTTP, made again where that is safe. In: a call, and whether a second one does harm.
// Out: its answer, or the CallFault that ended it.

import type { ConnectionContext } from "../../contract/connection.ts";
import type { CallFault } from "../../http/outcome.ts";
import { withRetries } from "../../http/retry.ts";

export interface RepeatableCall {
  /** Whether an unknown outcome may be answered by sending again. */
  idempotent: boolean;
  signal?: AbortSignal | undefined;
  /** Told of each call that is made again, why. */
  onFault?(fault: CallFault): void;
}

/** Calls until it is done, refused for good, or out of attempts; each wait is told to the person. */
export function callRepeatedly<T>(
  { onRetry, signal }: Pick<ConnectionContext, "onRetry" | "signal">,
  call: RepeatableCall,
  act: () => Promise<T>,
): Promise<T> {
  return withRetries(act, {
    idempotent: call.idempotent,
    signal: call.signal ?? signal,
    onRetry: (fault, attempt, delayMs) => {
      call.onFault?.(fault);
      onRetry(`${fault.message}; try ${attempt + 1} in ${Math.round(delayMs)} ms`);
    },
  });
}
