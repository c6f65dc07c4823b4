// The life of a batch, in one table. In: the state a batch is in. Out: the states it may go to.
//
//   planned   its file is written; and written anew, once what its rows name has ids
//   intent    its hash and keys are durable; not a byte has been sent
//   handle    the remote's handle is durable; the remote has not been told to act, so the handle may be thrown away
//   committed the remote was told to act, or is just about to be: from here on a batch is never sent again, unless its
//             rows go by id or external id and there is no handle (any more) to ask
//   settled   its per-row results are stored; from `planned` or `intent`
//             on: rows that are held back, of which nothing was sent, or which another has changed since they may have been
//   refused   the remote won't act on its handle, which is to be thrown away for a new one; or it refused, without effect,
//             a call that can't be made twice
//   in-doubt  what the remote did can't be found out; a person decides

export type BatchStateName = "planned" | "intent" | "handle" | "committed" | "settled" | "refused" | "in-doubt";

const transitions: Record<BatchStateName, readonly BatchStateName[]> = {
  planned: ["planned", "intent", "settled"],
  intent: ["handle", "committed", "refused", "settled"],
  handle: ["committed", "intent", "refused"],
  committed: ["settled", "in-doubt", "refused"],
  settled: [],
  refused: ["intent", "committed"],
  "in-doubt": ["settled", "intent"],
};

/** Throws on a transition that would break exactly-once loading: a defect, never a person's fault. */
export function assertTransition(from: BatchStateName, to: BatchStateName): void {
  if (!transitions[from].includes(to)) throw new Error(`a batch can't go from ${from} to ${to}`);
}
