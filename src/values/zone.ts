// From the time on a clock to the instant that it is, by the rules of a zone. In: SQL of a TIMESTAMP. Out: SQL of a
// TIMESTAMPTZ. What must hold: a time that the clocks skip, or pass twice, is nobody's guess: it is none, or the one that
// the job asks for. A local time becomes an instant here and nowhere else.

import { literal } from "../core/sql.ts";
import type { Reading } from "./value.ts";
import { bind } from "./value.ts";

/** The instant of a local time; NULL for none, and where the job does not say which of two is meant. */
export function instantOfLocal(local: string, { timezone, onAmbiguousTime }: Reading): string {
  if (isUtc(timezone)) return `timezone('UTC', ${local})`;
  return bind("clock", local, (clock) => {
    // The engine takes the offset before where there is none, and the later of two.
    const instant = `timezone(${literal(timezone)}, ${clock})`;
    return `CASE WHEN ${isFarFromChange(clock, timezone)} THEN ${instant} ELSE ${chosen(clock, { timezone, onAmbiguousTime })} END`;
  });
}

/** VARCHAR: why a local time is not one instant; NULL where it is. */
export function complainAboutLocal(local: string, { timezone }: Reading): string {
  if (isUtc(timezone)) return "NULL";
  const zone = timezone.replaceAll("'", "");
  return bind("clock", local, (clock) => {
    const [before, after] = candidates(clock, timezone);
    const both = `${isAt(before, clock, timezone)} AND ${isAt(after, clock, timezone)}`;
    const none = `NOT ${isAt(before, clock, timezone)} AND NOT ${isAt(after, clock, timezone)}`;
    return `CASE WHEN ${before} = ${after} THEN NULL
      WHEN ${both} THEN 'comes twice in ${zone}, where the clocks are put back: on_ambiguous_time says which one is meant'
      WHEN ${none} THEN 'does not exist in ${zone}, where the clocks skip that hour: on_ambiguous_time says what is meant' END`;
  });
}

export function isUtc(timezone: string): boolean {
  return ["UTC", "ETC/UTC", "Z", "GMT"].includes(timezone.toUpperCase());
}

const dayUs = 86_400_000_000;

function usOf(local: string, timezone: string): string {
  return `epoch_us(timezone(${literal(timezone)}, ${local}))`;
}

/** No change of the clocks within a day before and after: then two days have their length. */
function isFarFromChange(clock: string, timezone: string): string {
  const dayAfter = usOf(`${clock} + INTERVAL 1 DAY`, timezone);
  const dayBefore = usOf(`${clock} - INTERVAL 1 DAY`, timezone);
  return `${dayAfter} - ${dayBefore} = ${2 * dayUs}`;
}

/** The instants of a local time by the offsets of a day before and a day after it, in microseconds. */
function candidates(clock: string, timezone: string): [before: string, after: string] {
  const before = `(${usOf(`${clock} - INTERVAL 1 DAY`, timezone)} + ${dayUs})`;
  const after = `(${usOf(`${clock} + INTERVAL 1 DAY`, timezone)} - ${dayUs})`;
  return [before, after];
}

function isAt(us: string, clock: string, timezone: string): string {
  return `timezone(${literal(timezone)}, ${instantOfUs(us)}) = ${clock}`;
}

function instantOfUs(us: string): string {
  return `timezone('UTC', make_timestamp(${us}))`;
}

function chosen(clock: string, { timezone, onAmbiguousTime }: Reading): string {
  const [before, after] = candidates(clock, timezone);
  const ambiguous = { reject: "NULL", earlier: `least(${before}, ${after})`, later: `greatest(${before}, ${after})` };
  const us = `CASE WHEN ${isAt(before, clock, timezone)} AND (${before} = ${after} OR NOT ${isAt(after, clock, timezone)}) THEN ${before}
    WHEN ${isAt(after, clock, timezone)} AND NOT ${isAt(before, clock, timezone)} THEN ${after}
    ELSE ${ambiguous[onAmbiguousTime]} END`;
  return instantOfUs(us);
}
