// Numbers against arithmetic of our own on BigInt: every digit arrives, or the value is none.

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { literal } from "../../src/core/sql.ts";
import { fillDecimals, type NumberLimits, numberText, storeNumber } from "../../src/values/number.ts";
import type { Rounding } from "../../src/values/value.ts";
import { Rig } from "../stage/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

const hubspot: NumberLimits = { wholeMax: 26, decimalsMax: 12, decimalsShown: 0, holder: "HubSpot" };
const salesforce: NumberLimits = { wholeMax: 16, decimalsShown: 2, nearest: "DOUBLE", holder: "Salesforce" };
const whole: NumberLimits = { ...hubspot, wholeMax: 18, decimalsMax: 0 };

async function compute(texts: readonly string[], sql: string): Promise<(string | null)[]> {
  const rows = texts.map((text, index) => `(${index}, ${literal(text)})`).join(", ");
  const found = await rig.engine.all(`SELECT ${sql} AS value FROM (VALUES ${rows}) t(n, v) ORDER BY n`);
  return found.map(({ value }) => value as string | null);
}

const store = (texts: readonly string[], limits: NumberLimits, round?: Rounding) =>
  compute(texts, storeNumber({ column: "v", type: "VARCHAR" }, limits, round).stored);

/** A number as a whole count of 10^-40. */
function scaled(text: string): bigint {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [before = "", after = ""] = mantissa.replace(/^[+-]/, "").split(".");
  const digits = BigInt(before + after) * 10n ** BigInt(40 + Number(exponent) - after.length);
  return mantissa.startsWith("-") ? -digits : digits;
}

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const sign = fc.constantFrom("", "-", "+");
const decimal = fc
  .tuple(sign, digits(26), fc.option(digits(12)))
  .map(([s, a, b]) => s + a + (b === null ? "" : `.${b}`));
const scientific = fc
  .tuple(sign, digits(1), digits(14), fc.integer({ min: -12, max: 12 }))
  .map(([s, a, b, e]) => `${s}${a}.${b}E${e}`);

describe("a number", () => {
  test("keeps its value to the last digit, in one form", async () => {
    const texts = fc.sample(fc.oneof(decimal, scientific), { numRuns: 400, seed: 1 });
    const plain = await compute(texts, numberText("v"));
    expect(plain.map((text) => scaled(text ?? "9"))).toEqual(texts.map(scaled));
    for (const text of plain) expect(text).toMatch(/^(0|-?(0|[1-9]\d*)(\.\d*[1-9])?)$/);
    const stored = await store(texts, hubspot);
    const fits = (text: string) => scaled(text) % 10n ** 28n === 0n;
    expect(stored).toEqual(plain.map((text, index) => (fits(texts[index] ?? "") ? text : null)));
    expect(
      await store(
        stored.map((text) => text ?? "0"),
        hubspot,
      ),
    ).toEqual(stored.map((text) => text ?? "0"));
  });

  test("is sent to a system that keeps doubles only where the double is that number", async () => {
    const texts = fc.sample(
      fc.tuple(digits(9), digits(11)).map((parts) => parts.join(".")),
      { numRuns: 300, seed: 2 },
    );
    const stored = await store(texts, salesforce);
    const kept = (text: string) => scaled(String(Number(text))) === scaled(text);
    expect(stored.map((text) => text !== null)).toEqual(texts.map(kept));
    for (const [index, text] of stored.entries()) {
      if (text !== null) expect(scaled(text)).toBe(scaled(texts[index] ?? ""));
    }
  });

  test("is the same whether it is read by its text alone or by its value", async () => {
    const written = fc.tuple(
      sign,
      digits(17),
      fc.constantFrom("", ".", ".0", ".00", ".000", ".5", ".05", ".50", ".005"),
    );
    const others = ["", " 1", "1 ", "x", "x.0", "1E5", "1.0E7", "1.5e-2", ".5", "-.0", "1..0", "١.0", "NaN", "1,5.0"];
    const texts = [...fc.sample(written, { numRuns: 300, seed: 4 }).map((parts) => parts.join("")), ...others];
    for (const decimalsShown of [0, 1, 2, 5]) {
      const limits = { ...salesforce, wholeMax: 18 - decimalsShown, decimalsShown };
      const read = await store(texts, limits);
      // What is no column takes the way of values that expressions compute.
      const computed = await compute(texts, storeNumber({ column: "concat(v)", type: "JSON" }, limits).stored);
      expect(computed).toEqual(read);
      const usual = await compute(texts, fillDecimals("v", decimalsShown));
      const full = await compute(texts, `coalesce(${numberText("v", decimalsShown)}, '')`);
      // Whatever text it gives: where it is a stored number, it is that of the value.
      const isStored = new RegExp(
        `^(0|-?[1-9]\\d*|-?0(?=\\.))${decimalsShown === 0 ? "" : `\\.\\d{${decimalsShown}}`}$`,
      );
      for (const [index, text] of usual.entries()) {
        if (text !== null && isStored.test(text) && !/^-0[.0]*$/.test(text))
          expect([texts[index], text]).toEqual([texts[index], full[index]]);
      }
    }
    expect(await compute(["5.0", "1.5", "-0.25", "", "7"], fillDecimals("v", 2))).toEqual([
      "5.00",
      "1.50",
      "-0.25",
      null,
      "7",
    ]);
  });

  test("is whole or none in a field without decimals", async () => {
    const texts = fc.sample(
      fc.tuple(sign, digits(15), digits(3)).map(([s, a, b]) => `${s}${a}.${b}`),
      { numRuns: 200, seed: 3 },
    );
    const stored = await store(texts, whole);
    expect(stored.map((text) => text !== null)).toEqual(texts.map((text) => /\.0+$/.test(text)));
  });

  test("is rounded as it is said", async () => {
    const texts = [
      "0.5",
      "1.5",
      "2.5",
      "-0.5",
      "-1.5",
      "-2.5",
      "2.500001",
      "2.49",
      "-2.49",
      "99.9",
      "7",
      "0.4e1",
      "-0.2",
    ];
    expect(await store(texts, whole, "half_even")).toEqual([
      "0",
      "2",
      "2",
      "0",
      "-2",
      "-2",
      "3",
      "2",
      "-2",
      "100",
      "7",
      "4",
      "0",
    ]);
    expect(await store(texts, whole, "half_up")).toEqual([
      "1",
      "2",
      "3",
      "-1",
      "-2",
      "-3",
      "3",
      "2",
      "-2",
      "100",
      "7",
      "4",
      "0",
    ]);
    expect(await store(texts, whole, "down")).toEqual([
      "0",
      "1",
      "2",
      "0",
      "-1",
      "-2",
      "2",
      "2",
      "-2",
      "99",
      "7",
      "4",
      "0",
    ]);
  });

  test("is no word, group, other base or two numbers", async () => {
    const texts = [
      "",
      ".",
      "-",
      "+-1",
      "1_000",
      "1,5",
      "1 000",
      "0x1F",
      "1e",
      "e5",
      "nan",
      "inf",
      "Infinity",
      "1.2.3",
      "12 13",
      "1e999",
      "１２",
    ];
    for (const limits of [hubspot, salesforce, whole])
      expect(await store(texts, limits)).toEqual(texts.map(() => null));
  });
});
