// Formats of dates, `%d.%m.%Y`, as strptime has them. In: a format. Out: the grammar of a text that has it, as SQL. What
// must hold: what a place of a format takes is said here, since the engine takes two digits for a year of four, and the
// words epoch and infinity for any date; a place that is not known here is refused by name.
// https://duckdb.org/docs/stable/sql/functions/dateformat

const places: Readonly<Record<string, string>> = {
  // There is no year 0, which the engine takes for 1 BC.
  Y: "(?:[1-9][0-9]{3}|0(?:[1-9][0-9]{2}|0(?:[1-9][0-9]|0[1-9])))",
  y: "[0-9]{2}",
  m: "[0-9]{1,2}",
  d: "[0-9]{1,2}",
  H: "[0-9]{1,2}",
  I: "[0-9]{1,2}",
  M: "[0-9]{1,2}",
  S: "[0-9]{1,2}",
  j: "[0-9]{1,3}",
  f: "[0-9]{1,6}",
  g: "[0-9]{1,3}",
  p: "[AaPp][Mm]",
  b: "[A-Za-z]{3}",
  h: "[A-Za-z]{3}",
  B: "[A-Za-z]{3,9}",
  a: "[A-Za-z]{3}",
  A: "[A-Za-z]{6,9}",
  // No place on earth is further than 14 hours from UTC; the engine takes +99:99.
  z: "(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)",
};

function placesOf(format: string): string[] {
  return [...format.matchAll(/%(-?.?)/gs)].map(([, place = ""]) => place);
}

/** What is wrong with a format; undefined where texts can be read by it. */
export function complainAboutFormat(format: string): string | undefined {
  const found = placesOf(format);
  const strange = found.find(
    (place) => place !== "%" && places[/^-[ymdHIMSj]$/.test(place) ? place.slice(1) : place] === undefined,
  );
  if (strange !== undefined) return `"%${strange}" is no place of a date that can be read`;
  if (!found.some((place) => place !== "%")) return "it has no place, such as %d, %m or %Y";
  if (format.includes("%z") && format.includes("Z"))
    return "its Z would be read as the zone, as %z does: leave one out";
  const zone = zoneWritten(format);
  return zone === undefined
    ? undefined
    : `its ${zone} is not read as a zone, so that the time would be of another one: write %z, which reads Z and +02:00`;
}

/** What stands for a zone at the end of a time and is none of its places. */
function zoneWritten(format: string): string | undefined {
  if (!/%-?[HI]/.test(format) || format.includes("%z")) return undefined;
  return /(?<![A-Za-z])(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)\s*$/.exec(format.replaceAll(/%-?./gs, " "))?.[0].trim();
}

/** The same of a format of days: a day without its year, say, would be one of 1900. */
export function complainAboutDayFormat(format: string): string | undefined {
  const complaint = complainAboutFormat(format);
  if (complaint !== undefined) return complaint;
  const found = new Set(placesOf(format).map((place) => place.replace(/^-/, "")));
  const hasAny = (names: string) => [...names].some((name) => found.has(name));
  const missing = [
    ...(hasAny("Yy") ? [] : ["a year (%Y)"]),
    ...(hasAny("j") ? [] : [...(hasAny("mbhB") ? [] : ["a month (%m)"]), ...(hasAny("d") ? [] : ["a day (%d)"])]),
  ];
  return missing.length === 0 ? undefined : `a date has ${missing.join(" and ")} as well`;
}

/** Where two places meet without anything between them, each takes all its digits. */
const meeting = "%([mdHIMS])%";
/** Stands for a percent sign, in no format. */
const percent = "\ufdd0";

/** The regular expression of a format, as SQL: computed once where the format is a constant. */
export function grammarOfFormat(format: string): string {
  // Twice, since the place after one may meet the next one too.
  const apart = (sql: string) => `regexp_replace(${sql}, '${meeting}', '%!\\1%', 'g')`;
  const named = `replace(replace(${format}, '%%', '${percent}'), '%-', '%')`;
  let sql = `replace(replace(regexp_escape(${apart(apart(named))}), '\\%', '%'), '\\!', '!')`;
  for (const place of "mdHIMS") sql = `replace(${sql}, '%!${place}', '[0-9]{2}')`;
  for (const [place, grammar] of Object.entries(places)) sql = `replace(${sql}, '%${place}', '${grammar}')`;
  return `replace(${sql}, '${percent}', '%')`;
}
