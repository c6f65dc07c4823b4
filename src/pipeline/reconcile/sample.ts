// The part of the keys that a pass looks at. In: a share, or about how many; the day. Out: SQL that is true for keys of the
// part. Must hold: parts of as many days together are all keys, each in one of them, whichever side it is read from.

import type { SampleOptions } from "../../checkpoint/ledger.ts";

export interface DailyPart {
  /** From 0. */
  part: number;
  parts: number;
}

const dayMs = 86_400_000;

export function partOfDay(sample: SampleOptions, rows: number, started: string): DailyPart {
  const parts = Math.max(1, Math.round("share" in sample ? 1 / sample.share : rows / sample.rows));
  return { part: Math.floor(Date.parse(started) / dayMs) % parts, parts };
}

/** BOOLEAN over a key, folded. A hash that is the same in every version of the engine: a part is what it was yesterday. */
export function isOfPart({ part, parts }: DailyPart): (key: string) => string {
  return (key) => `md5_number_lower(${key}) % ${parts} = ${part}`;
}
