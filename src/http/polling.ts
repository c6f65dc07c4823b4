// How long to wait between questions to a remote that works on something: short at first, growing to 30 s.

const firstDelayMs = 100;
const growth = 1.6;
const delayMsMax = 30_000;

/** Never ends. */
export function* pollDelays(): Generator<number> {
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * growth, delayMsMax)) yield Math.round(delayMs);
}
