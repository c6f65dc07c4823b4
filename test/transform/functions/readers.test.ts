// Functions that read money, shares, words for yes and no, dates and times.

import { afterAll, beforeAll, expect, test } from "vitest";
import { monthLocales, monthNames } from "../../../src/values/month-names.ts";
import { Rig } from "../../stage/rig.ts";
import { computeOver, refused } from "./computing.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

type Readings = Record<string, string | null | typeof refused>;

const money: Readings = {
  "1.234,50 €": "1234.5",
  "EUR 1.234": "1234.0",
  "-5 €": "-5.0",
  "€ -5": "-5.0",
  "1.234,50-": "-1234.5",
  "(1.234,50 €)": "-1234.5",
  "$5 CAD": "5.0",
  "1.234,50 EUR": "1234.5",
  "£+5": "5.0",
  "$5 EUR": refused,
  "5 €€": refused,
  "USD5,": refused,
  "zł 5": "5.0",
  "0,07": "0.07",
  " ": null,
  "5 Mio": refused,
  "€5 USD": refused,
  "-(5)": refused,
  "(5": refused,
  "--5": refused,
  "1,234.50 €": refused,
  "1.5": refused,
  "€": refused,
  "5 XYZ": refused,
  "５ €": refused,
};

const percents: Readings = {
  "12,5 %": "12.5",
  "12,5%": "12.5",
  "-3": "-3.0",
  "": null,
  "5 %%": refused,
  "%": refused,
  "12.5 %": refused,
  "5 ‰": refused,
};

const days: Readings = {
  "28/02/2026": "2026-02-28",
  "02/28/2026": "2026-02-28",
  "2026-02-28": "2026-02-28",
  "03/04/2026": "2026-04-03",
  "46081": "2026-02-28",
  "46081.0": "2026-02-28",
  "59": "1900-02-28",
  "61": "1900-03-01",
  "2958465": "9999-12-31",
  " \u00a028/02/2026 ": "2026-02-28",
  "\t": null,
  "60": refused,
  "0": refused,
  "2958466": refused,
  "46081.5": refused,
  "30/02/2026": refused,
  "28/02/26": refused,
  "28/02/2026 08:00": refused,
};

const times: Readings = {
  "28.02.2026 08:15": "2026-02-28 08:15:00",
  "28.02.2026": "2026-02-28 00:00:00",
  "46081.333333333": "2026-02-28 08:00:00",
  "28.02.2026 24:15": refused,
  "60.5": refused,
  "59.99999": "1900-02-28 23:59:59.136",
  // To the millisecond these are days that never were, and never will be held.
  "59.9999999999": refused,
  "2958465.99999999999": refused,
  "": null,
};

const zoned: Readings = {
  "2026-02-28T08:15:00Z": "2026-02-28 08:15:00+00",
  "2026-02-28T08:15:00+02:00": "2026-02-28 06:15:00+00",
  "Z 28.02.2026 08:15": "2026-02-28 08:15:00+00",
  "-01:00 28.02.2026 08:15": "2026-02-28 09:15:00+00",
  "08:15Z20260228 (U)": "2026-02-28 08:15:00+00",
  "08:15Y20260228 (U)": refused,
};

const german: Readings = {
  "3. März 2026": "2026-03-03",
  "3. mrz 2026": "2026-03-03",
  "12. OKT. 2026": "2026-10-12",
  "1. Jänner 2026": "2026-01-01",
  "3. Marz 2026": refused,
  "3. March 2026": "2026-03-03",
};

/** The engine's expressions take ſ for an s, and no locale of ours does. */
const turkish: Readings = {
  "1 nisan 2024": "2024-04-01",
  "1 nısan 2024": "2024-04-01",
  "1 NİSAN 2024": "2024-04-01",
  "1 KASIM 2024": "2024-11-01",
  "1 kasım 2024": "2024-11-01",
  "1 kaſim 2024": refused,
  "1  2024": "2024-01-01",
};

test.each([
  ["CAST(parse_money(x, 'de') AS DOUBLE)", money],
  ["CAST(parse_percent(x, 'de') AS DOUBLE)", percents],
  ["parse_date(x, ['%d/%m/%Y', '%m/%d/%Y', '%Y-%m-%d', 'excel'])", days],
  ["parse_datetime(x, ['%d.%m.%Y %H:%M', '%d.%m.%Y', 'excel'])", times],
  ["parse_datetime(x, ['%Y-%m-%dT%H:%M:%S%z', '%z %d.%m.%Y %H:%M', '%H:%M%z%Y%m%d (U)'])", zoned],
  ["parse_date(x, '%d. %b %Y', 'de-AT')", german],
  ["parse_date(x, ['%d %b %Y', '%d  %Y'], 'tr')", turkish],
  ["parse_bool(x, 'de')", { Ja: "true", nein: "false", WAHR: "true", "1": "true", oui: refused, " ": null }],
  [
    "parse_bool(x, ['x', 'WAHR'], ['', 'FALSCH'])",
    { X: "true", wahr: "true", "": "false", falsch: "false", ja: refused },
  ],
  ["parse_bool(x, ['x'])", { x: "true", "": null, y: refused }],
] as [string, Readings][])("%s", async (sql, readings) => {
  const given = await computeOver(rig, sql, Object.keys(readings));
  expect(Object.fromEntries(given)).toEqual(readings);
});

test("a time with a zone is an instant, one without is none", async () => {
  const zoned = "parse_datetime(x, ['%Y-%m-%dT%H:%M:%S%z', '%d.%m.%Y %H:%M%z'])";
  expect(await computeOver(rig, zoned, ["2026-01-01T00:00:00+02:00"])).toEqual(
    new Map([["2026-01-01T00:00:00+02:00", "2025-12-31 22:00:00+00"]]),
  );
});

/** What Intl writes for a month with a day. Of languages that it writes without names (zh), there is none in our list. */
test.each(monthLocales)("the months of %s are those of Intl", (locale) => {
  for (const month of ["long", "short"] as const) {
    const format = new Intl.DateTimeFormat(locale, { day: "numeric", month, timeZone: "UTC" });
    const written = Array.from(
      { length: 12 },
      (_, index) => format.formatToParts(Date.UTC(2026, index, 3)).find(({ type }) => type === "month")?.value,
    );
    const known = monthNames(locale);
    const missing = written.flatMap((name, index) => {
      const plain = name?.toLocaleLowerCase(locale).replace(/[.]$/, "") ?? "";
      return /^\d+$/.test(plain) || known[index]?.includes(plain) ? [] : [plain];
    });
    expect(missing).toEqual([]);
  }
  const names = monthNames(locale).flat();
  expect(new Set(names).size).toBe(names.length);
});
