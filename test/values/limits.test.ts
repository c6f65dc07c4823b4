// What is known of a field before anything is sent, and when two values of it are one, against a model in plain code.

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldOf } from "../../src/connectors/kit/field.ts";
import type { FieldSchema } from "../../src/core/model.ts";
import { literal } from "../../src/core/sql.ts";
import { joinChoices } from "../../src/values/choices.ts";
import { differs, type Equality } from "../../src/values/equality.ts";
import { objectToBlank, objectToNothing, objectToValue, remarkOnValue } from "../../src/values/limits.ts";
import { Rig } from "../stage/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open();
});
afterAll(() => rig[Symbol.dispose]());

const plain: FieldSchema = fieldOf({ name: "F", vendorType: "string", caseSensitive: true });

const sqlOf = (text: string | null) => (text === null ? "CAST(NULL AS VARCHAR)" : literal(text));

/** Values of `sql` over each text in the column `value`. */
async function computeEach(sql: string, texts: readonly (string | null)[]): Promise<unknown[]> {
  const rows = texts.map((text, index) => `(${index}, ${sqlOf(text)})`).join(", ");
  const found = await rig.engine.all(`SELECT ${sql} AS result FROM (VALUES ${rows}) v(n, value) ORDER BY n`);
  return found.map((row) => row["result"]);
}

/** Which of the texts are objected to. */
async function refused(schema: Partial<FieldSchema>, texts: readonly (string | null)[]): Promise<(string | null)[]> {
  const objections = objectToValue({ ...plain, ...schema }, "value", false);
  const condition = objections.map((objection) => `coalesce(${objection.condition}, false)`).join(" OR ") || "false";
  const results = await computeEach(condition, texts);
  return texts.filter((_, index) => results[index] === true);
}

const values = ["Red", "Green", "Blue", "it's"];
const choice = fc.constantFrom(...values, "Pink", "red", "Ünï");
const blank = fc.constantFrom("", " ", "\t", "\n ", "\u00a0");
const written = fc.array(fc.tuple(blank, fc.option(choice, { nil: "" }), blank), { maxLength: 6 });

test("several choices are equal exactly where their sets are, and stay so when they are read again", async () => {
  const drawn = fc.sample(written, { numRuns: 400, seed: 9 }).map((parts) => parts.map((part) => part.join("")));
  const texts = drawn.map((parts) => parts.join(";"));
  const joined = await computeEach(joinChoices("value", values), texts);
  const model = drawn.map((parts) => {
    // A picklist does not tell case.
    const own = (part: string) => values.find((value) => value.toLowerCase() === part.toLowerCase()) ?? part;
    const set = new Set(parts.map((part) => own(part.trim())).filter((part) => part !== ""));
    const strange = [...set].filter((part) => !values.includes(part)).sort();
    return [...values.filter((value) => set.has(value)), ...strange].join(";") || null;
  });
  expect(joined).toEqual(model);
  const again = await computeEach(
    joinChoices("value", values),
    joined.map((text) => text as string | null),
  );
  expect(again).toEqual(joined);
});

test("a text is too long by its characters, whatever bytes they take", async () => {
  const texts = ["", "abcde", "abcdef", "äöüßé", "äöüßéx", "😀😀😀😀😀", "😀😀😀😀😀😀", null];
  expect(await refused({ maxLength: 5 }, texts)).toEqual(["abcdef", "äöüßéx", "😀😀😀😀😀😀"]);
  expect(await refused({}, texts)).toEqual([]);
});

test("a number has too many digits before the point, or is beyond the range, by its digits and not by a double", async () => {
  const texts = [
    "9999999999999999.99",
    "-9999999999999999.99",
    "10000000000000000",
    "000012.5",
    "0.00000000000000000001",
    null,
  ];
  expect(await refused({ kind: "number", wholeDigits: 16 }, texts)).toEqual(["10000000000000000"]);
  const range = { min: "-2147483648", max: "2147483647" };
  const whole = [
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "0",
    "99999999999999999999999999999999999999999",
    null,
  ];
  expect(await refused({ kind: "integer", range }, whole)).toEqual([
    "2147483648",
    "-2147483649",
    "99999999999999999999999999999999999999999",
  ]);
});

test("an address is refused only where no system takes it", async () => {
  const good = [
    "a@b.example",
    "A.B+c_d@x-y.example",
    "ä..ö.@bücher.example",
    "x'y@b.example",
    "a@b (home)",
    '"a b"@c.example',
  ];
  const bad = [
    "a",
    "a@b",
    "@b.example",
    ".a@b.example",
    "a b@c.example",
    "a@b@c.example",
    "a@b..example",
    "a@b.",
    "a@.b.c",
    "\ufeffa@b.example",
    "a@b.example\u200b",
    "a\u00a0@b.example",
    "a@b.example\n",
  ];
  expect(await refused({ isAddress: true }, [...good, ...bad, null])).toEqual(bad);
});

test("a restricted picklist takes its active values as they are written, an open one anything with a remark", async () => {
  const picklist = { values: ["Gold", "it's"], restricted: true, inactive: ["Old"] };
  const texts = ["Gold", "it's", "gold", "Old", "Tin", null];
  expect(await refused({ picklist }, texts)).toEqual(["gold", "Old", "Tin"]);
  const several = { picklist, vendorType: "multipicklist" };
  expect(await refused(several, ["Gold;it's", "Gold;Old", "Tin", null])).toEqual(["Gold;Old", "Tin"]);
  const open = { ...plain, picklist: { ...picklist, restricted: false } };
  expect(await refused(open, texts)).toEqual([]);
  const [remark] = remarkOnValue(open, "value", "value");
  // What comes here is written as the picklist has it.
  expect(await computeEach(remark?.condition ?? "", texts)).toEqual([false, false, true, false, true, null]);
});

test("what must have a value is not made or emptied without one", async () => {
  const needed: FieldSchema = { ...plain, nillable: false, clearable: false };
  const conditionOf = (objections: { condition: string }[]) => objections[0]?.condition ?? "false";
  expect(await computeEach(conditionOf(objectToNothing(needed, "value")), ["x", null])).toEqual([false, true]);
  expect(await computeEach(conditionOf(objectToBlank(needed, "value", "false")), ["x", null])).toEqual([false, true]);
  expect(await computeEach(conditionOf(objectToBlank(needed, "value", "true")), [null])).toEqual([false]);
  expect([objectToNothing(plain, "value"), objectToBlank(plain, "value", "false")]).toEqual([[], []]);
});

test("a coarser time never differs from the finer one that it came from, and a finer one from another does", async () => {
  const times = ["2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:06.000Z", null];
  const differing = async (equality: Equality, present: string | null) =>
    computeEach(differs(equality, "value", sqlOf(present)), times);
  expect(await differing("instant", times[1] ?? null)).toEqual([false, false, true, true]);
  expect(await differing("instant", times[0] ?? null)).toEqual([false, true, true, true]);
  expect(await differing("second", times[0] ?? null)).toEqual([false, false, true, true]);
  expect(await differing("instant", null)).toEqual([true, true, true, false]);
  expect(await computeEach(differs("caseless", "value", "'Ann'"), ["ANN", "Anne", null])).toEqual([false, true, true]);
});
