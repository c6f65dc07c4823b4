// The times of windows: where one begins, whether a clock can be believed, when all is to be taken again.

import type { Watermark, WindowRecord } from "../../checkpoint/ledger.ts";
import type { RecordCatalog } from "../../contract/records.ts";
import type { Incremental, Stream } from "../../job/job.ts";
import { isCounted } from "./positions.ts";

/** What the clocks of one system's servers may be apart. */
const clocksApartMs = 60_000;

/** Whether the server's time is before the watermark, by more than the overlap makes up for. */
export function isBeforeMark(
  clock: string,
  { to }: Watermark,
  { overlapMs }: Incremental,
  catalog: RecordCatalog,
): boolean {
  return Date.parse(to) - Date.parse(clock) > Math.max(clocksApartMs, overlapMs ?? catalog.overlapMs);
}

export function tellClock({ name }: Stream, clock: string, { to }: Watermark): string {
  return `${name}: takes all again, for the source's clock (${clock}) is before the watermark (${to}): one of the two was wrong, and what changed in between can't be known; deletes are told of the day before`;
}

const dayMs = 86_400_000;

/** Deletes are told from the watermark on; from a day before the clock, where that is behind the watermark. */
export function deletedFrom(clock: string, mark: Watermark, incremental: Incremental, catalog: RecordCatalog): string {
  return isBeforeMark(clock, mark, incremental, catalog)
    ? shift(clock, -dayMs)
    : reachBack(mark.to, incremental, catalog);
}

/** Whether so long ago that all is to be taken again. */
export function isDue({ full }: Watermark, { refreshMs }: Incremental, clock: string): boolean {
  if (refreshMs === undefined) return false;
  return full === null || Date.parse(clock) - Date.parse(full) >= refreshMs;
}

/** Whether a window takes all that the source has. */
export function isWhole({ from }: WindowRecord, { since }: Incremental): boolean {
  return from === (since ?? null);
}

/** Where the window after one that ended at `time` begins. */
export function reachBack(time: string, incremental: Incremental, catalog: RecordCatalog): string {
  return isCounted(incremental, catalog) ? time : shift(time, -(incremental.overlapMs ?? catalog.overlapMs));
}

export function shift(time: string, ms: number): string {
  return new Date(Date.parse(time) + ms).toISOString();
}
