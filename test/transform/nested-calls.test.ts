// A call inside a call is computed as a column of its own, and gives what it gives where it stands.

import { afterAll, beforeAll, expect, test } from "vitest";
import { failureName, nestedName } from "../../src/core/columns.ts";
import { literal } from "../../src/core/sql.ts";
import { deserialize, serialize } from "../../src/stage/bind.ts";
import { parseStatement } from "../../src/transform/expressions.ts";
import { type CompiledField, mapRows, withNestedCalls } from "../../src/transform/mapping.ts";
import { overCalls, takeNestedCalls } from "../../src/transform/nested-calls.ts";
import { Rig } from "../stage/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

async function takeFrom(sql: string) {
  const tree = await serialize(rig.engine, parseStatement(sql));
  return takeNestedCalls(tree, (statement) => deserialize(rig.engine, statement), nestedName);
}

test.each([
  ["proper(split_name(x).first)", ["split_name(x)"]],
  ["concat(proper(split_name(x).last), '!')", ["split_name(x)"]],
  // Each level over the one below; the same call once.
  [
    "truncate(proper(collapse_spaces(x)) || collapse_spaces(x), 5)",
    ["collapse_spaces(x)", `proper("${nestedName("collapse_spaces(x)")}")`],
  ],
  // What is not computed for every row stays where it stands.
  ["CASE WHEN x = 'a' THEN parse_decimal(collapse_spaces(x), 'en') END", undefined],
  ["coalesce(proper(collapse_spaces(x)), 'none')", undefined],
  ["proper(coalesce(collapse_spaces(x), 'none'))", undefined],
  ["blank_to(x, proper(collapse_spaces(x)))", undefined],
  ["TRY(parse_decimal(collapse_spaces(x), 'en'))", undefined],
  ["list_transform([x], lambda y: proper(collapse_spaces(y)))", undefined],
  // Nothing of ours is inside.
  ["proper(upper(x))", undefined],
  ["collapse_spaces(x)", undefined],
])("of %s", async (sql, calls) => {
  expect((await takeFrom(sql))?.calls.map((call) => call.sql)).toEqual(calls);
});

test("a question about a call is no such call", () => {
  const nested = { calls: [{ name: "c:1", sql: "split_name(x, 'last')" }], sql: "" };
  expect(overCalls("reads_split_name(x, 'last') OR (split_name(x, 'last')) IS NULL", nested)).toBe(
    `reads_split_name(x, 'last') OR ("c:1") IS NULL`,
  );
});

test("values and failures are those of the expression as it was written", async () => {
  const values = ["Ann Lee", "dr. ANNA-MARIA  o'neil", "x", "", " 1.234,50 ", "12", "a@b.example", "R2 D2"];
  const expressions = [
    "proper(split_name(x).last) || ' ' || split_name(x).first",
    "parse_decimal(collapse_spaces(x), 'de') * 2",
    "email(collapse_spaces(x))",
    "proper(struct_pack(a := collapse_spaces(x)).a)",
    "CAST(parse_decimal(truncate(collapse_spaces(x), 5), 'de') AS VARCHAR)",
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
    for (const compiled of [field, { ...field, nested }] as unknown as CompiledField[]) {
      const scan = withNestedCalls("given", [compiled], new Set(), true);
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
