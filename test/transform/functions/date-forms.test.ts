// A job gets those forms of parse_date and parse_datetime that it calls: they read as the whole functions do.

import { afterAll, beforeAll, expect, test } from "vitest";
import { defineFunctions } from "../../../src/transform/functions.ts";
import { Rig } from "../../stage/rig.ts";
import { computeOver } from "./computing.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

const texts = ["", " ", "31.12.1980", "1980-12-31", "3. März 2026", "3. March 2026", "46084", "46084.5", "60", "soon"];
const calls = [
  "parse_date(x, '%d.%m.%Y')",
  "parse_date(x, '%d. %B %Y')",
  "parse_date(x, ['%d.%m.%Y', '%Y-%m-%d'])",
  "parse_date(x, list_value('%d.%m.%Y', '%Y-%m-%d'))",
  "parse_date(x, 'excel')",
  "parse_date(x, ['%Y-%m-%d', 'excel'])",
  "parse_date(x, '%d. %B %Y', 'de')",
  "parse_date(x, ['%Y-%m-%d', '%d. %B %Y', 'excel'], 'de')",
  "parse_date(x /* it's */, '%d. %B %Y', 'de') -- isn't",
  "parse_date(x, '%d. %B %Y', $$de$$)",
  "parse_date(x, e'\\x65xcel')",
  "parse_datetime(x, '%d.%m.%Y')",
  "parse_datetime(x, ['%Y-%m-%d', 'excel'])",
  "parse_datetime(x, '%d. %B %Y', 'de')",
];

test.each(calls)("%s", async (call) => {
  const name = /^\w+/.exec(call)?.[0] ?? "";
  const few = macroOf(name, { map: { Day: call } });
  await rig.engine.run(few.replace(`CREATE MACRO ${name}`, "CREATE OR REPLACE MACRO few"));
  expect(await computeOver(rig, `${call.replace(name, "few")}\n`, texts)).toEqual(
    await computeOver(rig, `${call}\n`, texts),
  );
});

test("a format alone takes less than an eighth of the whole", () => {
  const few = macroOf("parse_date", ["parse_date(born, '%d.%m.%Y')"]);
  expect(few.length).toBeLessThan(macroOf("parse_date", undefined).length / 8);
});

function macroOf(name: string, usedIn: unknown): string {
  const found = defineFunctions(new Date(), "UTC", usedIn).find((sql) => sql.startsWith(`CREATE MACRO ${name}(`));
  return found ?? "";
}
