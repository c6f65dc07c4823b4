// Parts of JSON: numbers as they are written, or refused; all else as the engine has it.

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Rig } from "../../stage/rig.ts";
import { computeOver } from "./computing.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

const number = fc.oneof(
  fc.stringMatching(/^-?(0|[1-9][0-9]{0,24})([.][0-9]{1,24})?([eE][+-]?[0-9]{1,3})?$/),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);
const text = fc
  .oneof(fc.string(), fc.constantFrom('1.50, "a": 2.50', "-0 1e5", '\\"1.10'))
  .map((it) => JSON.stringify(it));
const drawn = fc.sample(fc.tuple(text, number, text), { numRuns: 300, seed: 20261127 });

test("a number is what its text says, wherever it stands and whatever stands beside it", async () => {
  const documents = new Map(
    drawn.map(([before, written, after]) => [`{"x": ${before}, "n": [ ${written} ], "y": ${after}}`, written]),
  );
  const expected = Object.fromEntries(documents);
  for (const call of ["json_extract_string(x, '$.n[0]')", "x ->> '/n/0'", "(x ->> '$.n[*]')[1]"]) {
    expect(Object.fromEntries(await computeOver(rig, call, [...documents.keys()])), call).toEqual(expected);
  }
});

test("a part with numbers is the engine's, or it is refused: no number in it is another one", async () => {
  const documents = drawn.map(([, written]) => `{"n": {"a": ${written}}}`);
  for (const call of ["json_extract(x, '$.n')", "json_extract_string(x, '$.n')"]) {
    const parts = await computeOver(rig, `try(${call})`, documents);
    const taken = [...parts].filter(([, part]) => part !== null);
    expect(taken.length).toBeGreaterThan(50);
    expect(taken.length).toBeLessThan(documents.length);
    for (const [document, part] of taken) expect(settled(String(part))).toBe(settled(document.slice(6, -1)));
  }
});

/** A number with all of its digits, in one form. */
function settled(json: string): string {
  const [, sign, whole, fraction = "", exponent = "0"] =
    /"a": ?(-?)(\d+)(?:[.](\d+))?(?:e([+-]?\d+))?\}$/i.exec(json) ?? [];
  const digits = BigInt(whole + fraction) === 0n ? "" : (whole + fraction).replace(/^0+/, "");
  const scale =
    digits === "" ? 0 : Number(exponent) - fraction.length + (digits.length - digits.replace(/0+$/, "").length);
  return `${digits === "" ? "" : sign}${digits.replace(/0+$/, "")}e${scale}`;
}

test("what is no number is as it was", async () => {
  const parts = {
    '{"n": "1.10"}': "1.10",
    '{"n": null, "m": 1.5}': null,
    '{"n": true, "m": 1.5}': "true",
    '{"m": 1.5}': null,
    '{"n": ["a", 1.5]}': '["a",1.5]',
    '{"n": -0}': "-0",
  };
  expect(Object.fromEntries(await computeOver(rig, "x ->> 'n'", Object.keys(parts)))).toEqual(parts);
  const others = { '{"n": {"a": 1}, "m": 0.10000000000000001, "l": 0.12345678901234567890}': '{"a":1}' };
  for (const call of ["x ->> '$.n'", "json_extract(x, '$.n')"])
    expect(Object.fromEntries(await computeOver(rig, call, Object.keys(others))), call).toEqual(others);
  expect([...(await computeOver(rig, "x ->> 1", ["[1.50, 2.50]", "[1, [1.50]]"])).values()]).toEqual(["2.50", "[1.5]"]);
  const none = [
    '{"n": 1.2.3}',
    '{"n": 01.5}',
    '{"n": 1.5x}',
    '{"n": 1.5 2.5}',
    '{"n": 1.5} 2.5',
    '{1.5: 2, "n": 1}',
    "1.5x",
  ];
  expect([...(await computeOver(rig, "try(x ->> 'n')", none)).values()]).toEqual(none.map(() => null));
});
