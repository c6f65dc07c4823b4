// A call inside a call is computed as a column of its own, and gives what it gives where it stands.

import { afterAll, beforeAll, expect, test } from "vitest";
import { failureName, nestedName } from "../../src/core/columns.ts";
import { namesOf, tryOver, withNestedCalls } from "../../src/core/nested-rows.ts";
import { literal } from "../../src/core/sql.ts";
import { deserialize, serialize } from "../../src/stage/bind.ts";
import { parseStatement } from "../../src/transform/expressions.ts";
import { type CompiledField, mapRows } from "../../src/transform/mapping.ts";
import { takeNestedCalls } from "../../src/transform/nested-calls.ts";
import { Rig } from "../stage/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

const texts = new Map(["p", "q", "r", "x", "y", "z"].map((name) => [name, "VARCHAR"]));

async function takeFrom(sql: string, types: ReadonlyMap<string, string> = texts) {
  const tree = await serialize(rig.engine, parseStatement(sql));
  return takeNestedCalls(tree, (statement) => deserialize(rig.engine, statement), nameCall, types);
}

function nameCall(sql: string): string {
  return nestedName("column", sql);
}

test.each([
  ["proper(split_name(x).first)", ["split_name(x)"]],
  ["((x ->> 'a') ->> 'b') ->> 'c'", ["(x ->> 'a')", `("${nameCall("(x ->> 'a')")}" ->> 'b')`]],
  ["parse_decimal(trim(x), 'en') * 1e3", ['main."trim"(x)']],
  ["concat(proper(split_name(x).last), '!')", ["split_name(x)"]],
  // Each level over the one below; the same call once.
  [
    "truncate(proper(collapse_spaces(x)) || collapse_spaces(x), 5)",
    ["collapse_spaces(x)", `proper("${nameCall("collapse_spaces(x)")}")`],
  ],
  // Of conditions too: both sides of a comparison are computed for every row, and the first of several values.
  ["proper(split_name(x).first) = proper(split_name(y).first)", ["split_name(x)", "split_name(y)"]],
  ["NOT (proper(split_name(x).first) IS NULL)", ["split_name(x)"]],
  ["CASE WHEN proper(split_name(x).first) = 'A' THEN x END", ["split_name(x)"]],
  ["count(*) FILTER (WHERE proper(split_name(x).first) = 'A')", ["split_name(x)"]],
  ["max(proper(split_name(x).first)) FILTER (WHERE x <> 'a')", undefined],
  // What fails for none may be computed anywhere.
  ["x = 'a' AND proper(collapse_spaces(x)) = 'B'", ["collapse_spaces(x)"]],
  ["CASE WHEN x = 'a' THEN parse_decimal(collapse_spaces(lower(x)), 'en') END", ["collapse_spaces(lower(x))"]],
  ["TRY(parse_decimal(collapse_spaces(x), 'en'))", ["collapse_spaces(x)"]],
  [
    "blank_to(x, proper(collapse_spaces(x)))",
    ["collapse_spaces(x)", `proper("${nestedName("column", "collapse_spaces(x)")}")`],
  ],
  // What fails for some is computed for the rows that come to it.
  [
    "if(x = 'a', proper(split_name(y).first), proper(split_name(z).last))",
    [
      "CASE  WHEN ((x = 'a')) THEN (split_name(y)) ELSE NULL END",
      "CASE  WHEN ((x = 'a')) THEN (NULL) ELSE split_name(z) END",
    ],
  ],
  [
    "coalesce(proper(split_name(x).first), proper(split_name(y).first))",
    [
      "split_name(x)",
      `CASE  WHEN ((proper(("${nameCall("split_name(x)")}")."first") IS NOT NULL)) THEN (NULL) ELSE split_name(y) END`,
    ],
  ],
  // Of AND and OR those for which the operands before leave it open.
  [
    "x = 'a' AND proper(split_name(x).first) = 'B'",
    ["CASE  WHEN ((NOT (x = 'a'))) THEN (NULL) ELSE split_name(x) END"],
  ],
  ["x = 'a' OR proper(split_name(x).first) = 'B'", ["CASE  WHEN ((x = 'a')) THEN (NULL) ELSE split_name(x) END"]],
  ["x IN ('a', proper(split_name(x).first))", ["split_name(x)"]],
  // Where nobody knows which these are, it stays where it stands.
  ["TRY(proper(split_name(x).first))", undefined],
  ["blank_to(x, proper(split_name(x).first))", undefined],
  ["list_transform([x], lambda y: proper(collapse_spaces(y)))", undefined],
  // Nothing of ours is inside.
  ["proper(upper(x))", undefined],
  ["collapse_spaces(x)", undefined],
])("of %s", async (sql, calls) => {
  expect((await takeFrom(sql))?.calls.map((call) => call.sql)).toEqual(calls);
});

test("AND and OR are computed from the left, with the values of SQL", async () => {
  const values = ["t", "f", "NULL", "fails"];
  const rows = values.flatMap((p) => values.flatMap((q) => values.map((r) => [p, q, r])));
  const list = rows.map((row) => `(${row.map((one) => (one === "NULL" ? "NULL" : literal(one))).join(", ")})`);
  await rig.engine.run(
    `CREATE TEMP TABLE operands AS SELECT *, row_number() OVER () AS place FROM (VALUES ${list.join(", ")}) AS v(p, q, r)`,
  );
  const [p, q, r] = ["p", "q", "r"].map((column) => `CAST(${column} AS BOOLEAN)`);
  type Value = boolean | null | "fails";
  const read = (text = ""): Value => (text === "fails" ? "fails" : text === "NULL" ? null : text === "t");
  /** `settles`: the operand after which no other is looked at. */
  const join = (settles: boolean, left: Value, right: Value): Value => {
    if (left === "fails" || left === settles) return left;
    if (right === "fails" || right === settles) return right;
    return left === null || right === null ? null : !settles;
  };
  const and = (left: Value, right: Value) => join(false, left, right);
  const or = (left: Value, right: Value) => join(true, left, right);
  const cases: [sql: string, by: (p: Value, q: Value, r: Value) => Value][] = [
    [`${p} AND ${q} AND ${r}`, (a, b, c) => and(and(a, b), c)],
    [`${p} OR ${q} OR ${r}`, (a, b, c) => or(or(a, b), c)],
    [`${p} AND (${q} OR ${r})`, (a, b, c) => and(a, or(b, c))],
    [`${p} OR ${q} AND ${r}`, (a, b, c) => or(a, and(b, c))],
    [`list_transform([1], lambda one: ${p} AND ${q})[1]`, (a, b) => and(a, b)],
  ];
  for (const [sql, by] of cases) {
    const nested = (await takeFrom(sql)) ?? { calls: [], sql };
    const told = tryOver(namesOf(nested), nested.sql, (value) => `TRY(${value})`);
    const scan = withNestedCalls("operands", [nested], true);
    const computed = await rig.engine.all(`SELECT ${told} AS v FROM ${scan} ORDER BY place`);
    const values = computed.map(({ v }) => (v === null ? "fails" : (v as { v: boolean | null }).v));
    const wanted = rows.map(([one, two, three]) => by(read(one), read(two), read(three)));
    expect(values, sql).toEqual(wanted);
  }
});

test.each([
  ["AND", " AND ", ""],
  ["OR", " OR ", ""],
  ["AND in OR", " OR kind = 'n' AND ", ""],
  ["each in the other, from the left", ") AND kind = 'n') OR ", "("],
])("of 20 operands with %s none is written more than twice", async (_, between, open) => {
  const operands = Array.from({ length: 20 }, (_, index) => `proper(split_name(x).first) = '${index}'`);
  const sql = `${open.repeat(38)}${operands.join(between)}`;
  const nested = await takeFrom(sql, new Map([...texts, ["kind", "VARCHAR"]]));
  // What each looks at is computed once, and so is each but the last.
  expect(nested?.calls.filter(({ sql }) => sql.includes("split_name("))).toHaveLength(1);
  for (const part of [nested, ...(nested?.calls ?? [])]) expect(part?.sql.length).toBeLessThan(6000);
});

test.each([
  ["BOOLEAN", "x = 'n' AND t", true],
  ["VARCHAR", "x = 'n' AND t", false],
  ["BIGINT", "x = 'n' AND t > 1.5", true],
  ["HUGEINT", "x = 'n' AND t > d", false],
  ["DECIMAL(38,2)", "x = 'n' AND t > d", false],
  ["DECIMAL(18,2)", "x = 'n' AND t > d", true],
  ["DOUBLE", "x = 'n' AND t > d", true],
])("where t is %s, %s: it may stand without a guard: %s", async (type, sql, isSafe) => {
  const nested = await takeFrom(sql, new Map([...texts, ["t", type], ["d", "DECIMAL(38,12)"]]));
  expect(nested === undefined).toBe(isSafe);
});

test("values and failures are those of the expression as it was written", async () => {
  const values = ["Ann Lee", "dr. ANNA-MARIA  o'neil", "x", "", " 1.234,50 ", "12", "a@b.example", "R2 D2", "Japan"];
  const expressions = [
    "proper(split_name(x).last) || ' ' || split_name(x).first",
    "parse_decimal(collapse_spaces(x), 'de') * 2",
    "email(collapse_spaces(x))",
    "proper(struct_pack(a := collapse_spaces(x)).a)",
    "CAST(parse_decimal(truncate(collapse_spaces(x), 5), 'de') AS VARCHAR)",
    "CASE WHEN x = '12' THEN parse_decimal(collapse_spaces(x), 'de') END IS NOT NULL",
    "coalesce(email(collapse_spaces(x)), 'none') || ' collapse_spaces(x)'",
    "CASE WHEN x = '12' THEN country_name(country_code(x)) WHEN x = 'Japan' THEN country_name(country_code(x)) ELSE coalesce(nullif(x, 'x'), country_name(country_code(x))) END",
  ];
  const rows = [...values.map(literal), "NULL"].map((value) => `(CAST(${value} AS VARCHAR))`);
  await rig.engine.run(`CREATE TEMP TABLE given AS SELECT * FROM (VALUES ${rows.join(", ")}) AS v(x)`);
  for (const sql of expressions) {
    const nested = await takeFrom(sql);
    const field = {
      field: { target: "f", expression: { sql } },
      columns: ["x"],
      type: "",
      value: "NULL",
      typed: "NULL",
    };
    const told: unknown[] = [];
    const written = { calls: [], sql };
    for (const compiled of [written, nested].map((one) => ({ ...field, nested: one })) as unknown as CompiledField[]) {
      const scan = withNestedCalls("given", [compiled.nested], true);
      const mapped = mapRows({ scan, handed: ["x"], fields: [compiled], absent: new Set(), careful: new Map() });
      told.push(
        await rig.engine.all(`SELECT x, CAST("v:f" AS VARCHAR) AS v, ${failureName("f")} AS failed FROM (${mapped})`),
      );
    }
    expect(nested?.calls, sql).not.toHaveLength(0);
    expect(told[1], sql).toEqual(told[0]);
    expect(new Set((told[0] as { failed: boolean }[]).map(({ failed }) => failed)), sql).toContain(false);
  }
});
