// The window of a stream, for records that no query of the system chose by it.

import type { Window } from "../../contract/source.ts";

/** Half open: from its start, up to its end. */
export function isWithin(time: string, window: Window | undefined): boolean {
  if (window === undefined) return true;
  const at = Date.parse(time);
  return (window.from === undefined || at >= Date.parse(window.from)) && at < Date.parse(window.to);
}
