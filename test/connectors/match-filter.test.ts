import { expect, test } from "vitest";
import { matchesFilter } from "../../src/connectors/hubspot/match-filter.ts";
import type { Filter } from "../../src/connectors/hubspot/search.ts";
import type { FieldSchema } from "../../src/core/model.ts";

const field = (name: string, more: Partial<FieldSchema>): [string, FieldSchema] => [
  name,
  {
    ...{ name, label: name, kind: "text", vendorType: "string", createable: true, updateable: true, nillable: true },
    ...{ defaultedOnCreate: false, externalId: false, unique: false, caseSensitive: false, referenceTo: [] },
    ...more,
  },
];
const options = { values: ["A", "b"], restricted: true };
const fields = new Map([
  field("name", {}),
  field("score", { kind: "number" }),
  field("born", { kind: "date" }),
  field("seen", { kind: "datetime" }),
  field("active", { kind: "boolean" }),
  field("kind", { picklist: options }),
  field("kinds", { picklist: options, vendorType: "multipicklist" }),
]);
const record = {
  id: "7",
  properties: {
    ...{ name: "Ann Smith", score: "1.0", born: "2026-05-01", seen: "2026-05-01T10:00:00Z", active: "true" },
    ...{ kind: "A", kinds: "A;b", empty: "", gone: null },
  },
};

const cases: [string, Partial<Filter>, boolean | undefined][] = [
  ["name", { operator: "EQ", value: "ANN smith" }, true],
  ["name", { operator: "NEQ", value: "ann smith" }, false],
  ["name", { operator: "IN", values: ["x", "ann smith"] }, true],
  ["name", { operator: "NOT_IN", values: ["x"] }, true],
  ["name", { operator: "GT", value: "a" }, undefined],
  ["name", { operator: "CONTAINS_TOKEN", value: "ann" }, undefined],
  ["name", { operator: "of tomorrow", value: "ann" }, undefined],
  ["name", { operator: "EQ" }, undefined],
  ["empty", { operator: "HAS_PROPERTY" }, false],
  ["gone", { operator: "NOT_HAS_PROPERTY" }, true],
  ["unread", { operator: "NEQ", value: "x" }, true],
  ["unread", { operator: "EQ", value: "x" }, false],
  ["score", { operator: "EQ", value: "1" }, true],
  ["score", { operator: "BETWEEN", value: "1", highValue: "2" }, true],
  ["score", { operator: "LT", value: "1" }, false],
  ["score", { operator: "EQ", value: "one" }, undefined],
  ["born", { operator: "GTE", value: String(Date.parse("2026-05-01")) }, true],
  ["seen", { operator: "LTE", value: "2026-05-01T09:59:59Z" }, false],
  ["seen", { operator: "GT", value: "1770000000000" }, true],
  ["active", { operator: "EQ", value: "false" }, false],
  ["kind", { operator: "EQ", value: "a" }, false],
  ["kinds", { operator: "IN", values: ["b"] }, true],
  ["kinds", { operator: "NOT_IN", values: ["c"] }, true],
  ["hs_object_id", { operator: "EQ", value: "7" }, true],
  ["associations.company", { operator: "EQ", value: "9" }, true],
  ["associations.company", { operator: "NOT_HAS_PROPERTY" }, false],
  ["associations.deal", { operator: "EQ", value: "9" }, undefined],
];

test("a filter is judged on a record where that is certain, and not where only HubSpot can tell", () => {
  const judged = { record, associated: new Map([["company", ["9"]]]) };
  const judge = (...groups: [string, Partial<Filter>][][]) =>
    matchesFilter(
      groups.map((group) => group.map(([propertyName, filter]) => ({ propertyName, operator: "", ...filter }))),
      judged,
      fields,
    );
  for (const [name, filter, right] of cases)
    expect([name, filter, judge([[name, filter]])]).toEqual([name, filter, right]);
  const [yes, no, unknown] = [true, false, undefined].map((right) => {
    const found = cases.find(([, , verdict]) => verdict === right);
    return [found?.[0] ?? "", found?.[1] ?? {}] as [string, Partial<Filter>];
  }) as [[string, Partial<Filter>], [string, Partial<Filter>], [string, Partial<Filter>]];
  expect(judge([no], [yes])).toBe(true);
  expect(judge([unknown], [yes])).toBe(true);
  expect(judge([no], [unknown])).toBeUndefined();
  expect(judge([yes, unknown])).toBeUndefined();
  expect(judge([no, unknown])).toBe(false);
});
