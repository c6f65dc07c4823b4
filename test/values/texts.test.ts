// The one trim, here and in the engine; how languages write numbers, against Intl; formats of dates.

import { afterAll, beforeAll, expect, test } from "vitest";
import { renderField as renderHubSpot } from "../../src/connectors/hubspot/render.ts";
import { fieldOf } from "../../src/connectors/kit/field.ts";
import { renderField as renderSalesforce } from "../../src/connectors/salesforce/render.ts";
import { literal } from "../../src/core/sql.ts";
import { complainAboutDayFormat, complainAboutFormat } from "../../src/values/day-format.ts";
import { knownLocales, separatorsOf } from "../../src/values/locale.ts";
import { trimInvisible, trimmed } from "../../src/values/trim.ts";
import { storedReading } from "../../src/values/value.ts";
import { Rig } from "../stage/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

test("every character is trimmed here as in the engine", async () => {
  const rows = await rig.engine.all(`SELECT i FROM range(0, 65536) r(i) WHERE i NOT BETWEEN 55296 AND 57343
    AND ${trimmed("(chr(CAST(i AS INTEGER)) || 'a' || chr(CAST(i AS INTEGER)))")} = 'a'`);
  const codes = Array.from({ length: 65536 }, (_, code) => code).filter((code) => code < 0xd800 || code > 0xdfff);
  const here = codes.filter(
    (code) => trimInvisible(`${String.fromCharCode(code)}a${String.fromCharCode(code)}`) === "a",
  );
  expect(rows.map(({ i }) => i)).toEqual(here);
  for (const seen of ["a", "-", "é", "中", "'"]) expect(here).not.toContain(seen.charCodeAt(0));
});

test("a NUL in a value does not cut the statement", async () => {
  const { value } = await rig.engine.one(`SELECT ${literal("a\0b'c")} || '!' AS value`);
  expect(value).toBe("a\0b'c!");
});

test("locales write decimals as Intl says", () => {
  for (const locale of knownLocales) {
    const parts = new Intl.NumberFormat(locale, { numberingSystem: "latn" }).formatToParts(1234567.5);
    const part = (type: string) => parts.find((one) => one.type === type)?.value;
    const separators = separatorsOf(locale);
    expect([locale, separators?.decimal]).toEqual([locale, part("decimal")]);
  }
  expect(separatorsOf("xx")).toBeUndefined();
  expect(separatorsOf("de_CH")).toEqual(separatorsOf("de-CH"));
});

test("a format says what it has and lacks", () => {
  expect(["%d.%m.%Y", "%-d/%b/%y", "%Y%j", "100%% %Y-%m-%d"].map(complainAboutDayFormat)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(complainAboutDayFormat("%d.%m.")).toContain("%Y");
  expect(complainAboutDayFormat("%G-%V-%u")).toContain('"%G"');
  expect(complainAboutFormat("")).toContain("no place");
  expect(complainAboutFormat("%H:%M")).toBeUndefined();
});

test("what is no text goes into a text as it is written elsewhere, and not as the engine shows it", async () => {
  const values = [
    ["CAST(1200 AS DECIMAL(38, 12))", "DECIMAL(38,12)", "1200"],
    ["CAST(0.1 AS DECIMAL(38, 12)) * 2", "DECIMAL(38,12)", "0.2"],
    ["CAST(1e20 AS DOUBLE)", "DOUBLE", "100000000000000000000"],
    ["CAST(-0.5 AS DECIMAL(18, 2))", "DECIMAL(18,2)", "-0.50"],
    ["TIMESTAMPTZ '2026-03-29 03:30:00+02'", "TIMESTAMP WITH TIME ZONE", "2026-03-29T01:30:00.000Z"],
    ["TIMESTAMPTZ '2026-03-29 03:30:00.123456+02'", "TIMESTAMP WITH TIME ZONE", "2026-03-29T01:30:00.123456Z"],
    ["TIMESTAMP '2026-03-29 02:30:00'", "TIMESTAMP", "2026-03-29T02:30:00"],
    ["DATE '2026-03-29'", "DATE", "2026-03-29"],
    ["true", "BOOLEAN", "true"],
  ] as const;
  const field = fieldOf({ name: "x", vendorType: "string", externalId: false, caseSensitive: true });
  for (const render of [renderHubSpot, renderSalesforce]) {
    for (const [sql, type, text] of values) {
      const { value } = render(field, "v", type, storedReading);
      const row = await rig.engine.one(`SELECT ${value} AS text FROM (SELECT ${sql} AS v)`);
      expect([sql, row["text"]]).toEqual([sql, text]);
    }
  }
});
