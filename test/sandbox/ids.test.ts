import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalId, makeId } from "../../src/sandbox/salesforce/ids.ts";

test("the check characters are Salesforce's", () => {
  expect(canonicalId("001D000000IRFma")).toBe("001D000000IRFmaIAH");
});

test("an id of 15 characters, and one that lost its case in the check characters, means the same record", () => {
  fc.assert(
    fc.property(fc.nat(), (serial) => {
      const id = makeId("003", serial);
      expect(canonicalId(id.slice(0, 15))).toBe(id);
      expect(canonicalId(id.slice(0, 15) + id.slice(15).toLowerCase())).toBe(id);
    }),
  );
});

test("ids sort as their numbers do", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (left, right) => {
      fc.pre(left !== right);
      expect(makeId("003", left) < makeId("003", right)).toBe(left < right);
    }),
  );
});

test("what is no id is not taken for one", () => {
  for (const text of ["", "003", "001D000000IRFmaIAA", "001D000000IRF/a", "001D000000IRFmaI"])
    expect(canonicalId(text)).toBeUndefined();
});
