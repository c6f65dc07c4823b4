import { expect, test } from "vitest";
import { changesValues, compareShapes } from "../../src/pipeline/shape/compare-shapes.ts";
import type { FieldShape, Shape } from "../../src/pipeline/shape/shape.ts";

const field: FieldShape = {
  type: "double",
  length: null,
  scale: 2,
  digits: 16,
  required: false,
  unique: false,
  externalId: false,
  createable: true,
  updateable: true,
  values: null,
};

function target(fields: [string, FieldShape | null][], missing: string[] = []): Shape {
  return { source: null, target: { object: "Deal", fields, missing } };
}

/** What is said where a field is not as it was. */
function tell(was: Partial<FieldShape>, is: Partial<FieldShape>): string[] {
  const shape = (change: Partial<FieldShape>) => target([["A", { ...field, ...change }]]);
  expect(compareShapes(shape(is), shape(is))).toEqual([]);
  return compareShapes(shape(was), shape(is)).map(({ message }) => message);
}

test("each thing of a field is told by itself, both ways", () => {
  expect(tell({}, { type: "string" })).toEqual(["Deal.A was a double, is a string now"]);
  // Kept with the width by an earlier version.
  expect(tell({ type: "bigint(20) unsigned" }, { type: "bigint unsigned" })).toEqual([]);
  expect(tell({ type: "tinyint(1)" }, { type: "tinyint" })).toEqual(["Deal.A was a tinyint(1), is a tinyint now"]);
  expect(tell({ length: null }, { length: 40 })).toEqual([
    "Deal.A takes 40 characters now, it took no fixed number of characters",
  ]);
  expect(tell({}, { scale: 0, digits: 18 })).toEqual([
    "Deal.A has 0 digits after the decimal point now, it had 2",
    "Deal.A has 18 digits before the decimal point now, it had 16",
  ]);
  expect(tell({}, { required: true, unique: true, externalId: true, createable: false, updateable: false })).toEqual([
    "Deal.A is required now",
    "Deal.A is unique now",
    "Deal.A is an external id now",
    "Deal.A can't be written into new records any more",
    "Deal.A can't be updated any more",
  ]);
  expect(tell({ required: true }, { required: false })).toEqual(["Deal.A is not required any more"]);
  expect(tell({ values: null }, { values: ["x"] })).toEqual(["Deal.A takes only the values of its list now"]);
  expect(tell({ values: ["x"] }, { values: null })).toEqual(["Deal.A takes any value now"]);
  expect(tell({ values: ["x", "y"] }, { values: ["y", "z"] })).toEqual([
    'Deal.A does not take "x" any more',
    'Deal.A takes "z" too now',
  ]);
});

test("a wider field changes no value, a narrower one and one of another type may", () => {
  const isChanged = (was: Partial<FieldShape>, is: Partial<FieldShape>) => {
    const shape = (change: Partial<FieldShape>) => target([["A", { ...field, ...change }]]);
    return compareShapes(shape(was), shape(is)).some(changesValues);
  };
  for (const [narrow, wide] of [
    [{ type: "varchar(50)" }, { type: "varchar(100)" }],
    [{ type: "nvarchar(50)" }, { type: "nvarchar(max)" }],
    [{ type: "numeric(10,2)" }, { type: "numeric(12,2)" }],
    [{ type: "NUMBER(10, 2)" }, { type: "NUMBER" }],
    [{ type: "enum('a','b')" }, { type: "enum('a','it''s',')','b')" }],
    [{ length: 80 }, { length: 120 }],
    [{ length: 80 }, { length: null }],
    [
      { digits: 8, scale: 2 },
      { digits: 9, scale: 3 },
    ],
    [{ values: ["x"] }, { values: ["x", "y"] }],
  ] satisfies [Partial<FieldShape>, Partial<FieldShape>][]) {
    expect(isChanged(narrow, wide), JSON.stringify(wide)).toBe(false);
    if (!("values" in narrow)) expect(isChanged(wide, narrow), JSON.stringify(narrow)).toBe(true);
  }
  for (const [was, is] of [
    ["numeric(10,2)", "numeric(10,4)"],
    ["decimal(10,2)", "decimal(12,2) unsigned"],
    ["char(5)", "char(9)"],
    ["varchar(5)", "nvarchar(9)"],
  ] as const) {
    expect(isChanged({ type: was }, { type: is }), is).toBe(true);
  }
});

test("a field that went is told; what is mapped now or no more is not, nor what such a field is required for", () => {
  const messages = (was: Shape, is: Shape) => compareShapes(was, is).map(({ message }) => message);
  expect(messages(target([["A", field]]), target([["A", null]]))).toEqual([
    "Deal.A is not there any more, or this user can't see it",
  ]);
  expect(messages(target([["A", field]]), target([["B", field]]))).toEqual([]);
  expect(messages(target([["A", { ...field, required: true }]]), target([], ["A"]))).toEqual([]);
  expect(messages(target([], ["A"]), target([], ["A", "B"]))).toEqual([
    "a new Deal must have B now, and it is not in the map",
  ]);
  expect(messages(target([["A", field]]), { source: null, target: null })).toEqual([]);
});

test("a column is renamed where one that went is like one that came, each only once", () => {
  const files = (...names: string[]): Shape => ({
    source: { kind: "files", columns: names.map((name) => [name, "VARCHAR"]) },
    target: null,
  });
  const changes = (was: Shape, is: Shape) =>
    compareShapes(was, is).map(({ change, before, after }) => [change, before, after]);
  expect(changes(files("First Name", "Phone"), files("first_name", "Fax number"))).toEqual([
    ["renamed", "First Name", "first_name"],
    ["came", null, "Fax number"],
    ["went", "Phone", null],
  ]);
  expect(changes(files("phone_1", "phone_2"), files("phone_3"))).toEqual([
    ["renamed", "phone_1", "phone_3"],
    ["went", "phone_2", null],
  ]);
  expect(changes(files("a", "b"), files("b", "a"))).toEqual([]);
});

test("of a table all columns are compared, of an object those that the job takes", () => {
  const source = (columns: Record<string, string | null>, all?: string[]): Shape => ({
    source: { kind: "object", columns: Object.entries(columns), ...(all === undefined ? {} : { all }) },
    target: null,
  });
  const tell = (before: Shape, now: Shape) => compareShapes(before, now).map(({ message }) => message);
  const before = source({ id: "BIGINT", name: "VARCHAR", age: "BIGINT" }, ["age", "gone", "id", "name"]);
  expect(tell(before, before)).toEqual([]);
  expect(tell(before, source({ id: "BIGINT", name: null, age: "VARCHAR" }, ["age", "extra", "id", "nmae"]))).toEqual([
    'the source has a column "nmae" in place of "name": was it renamed?',
    "the source has a new column: extra",
    "the source lacks a column that it had: gone",
    "field age of the source was a BIGINT, is a VARCHAR now",
  ]);
  // What an earlier release kept names no others; an org's object never does.
  expect(tell(source({ id: "BIGINT" }), source({ id: "BIGINT" }, ["extra", "id"]))).toEqual([]);
});
