// Days and offsets of the account's time zone.

const hourMs = 3_600_000;

/** The day that an instant lies in: YYYY-MM-DD. */
export function dayOf(at: Date, timeZone: string): string {
  return localText(at, timeZone).slice(0, 10);
}

/** The first instant of the day after. */
export function startOfNextDay(at: Date, timeZone: string): Date {
  const day = dayOf(at, timeZone);
  // Steps of an hour find the next day however long this one is; then back to its first millisecond.
  let later = at.getTime();
  while (dayOf(new Date(later), timeZone) === day) later += hourMs;
  let earlier = later - hourMs;
  while (later - earlier > 1) {
    const middle = Math.floor((earlier + later) / 2);
    if (dayOf(new Date(middle), timeZone) === day) earlier = middle;
    else later = middle;
  }
  return new Date(later);
}

/** Wall clock time: YYYY-MM-DD HH:MM:SS. */
export function localText(at: Date, timeZone: string): string {
  return formatOf(timeZone).format(at);
}

/** Milliseconds that the zone is ahead of UTC. */
export function offsetMs(at: Date, timeZone: string): number {
  const whole = Math.floor(at.getTime() / 1000) * 1000;
  return Date.parse(`${localText(at, timeZone).replace(" ", "T")}Z`) - whole;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  // Sweden writes what ISO 8601 says.
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  formats.set(timeZone, format);
  return format;
}
