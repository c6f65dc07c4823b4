// A COALESCE that TRY guards is refused; where it is an argument of something it is computed right, and taken.

import { expect, test } from "vitest";
import { serialize } from "../../src/stage/bind.ts";
import { inspectExpression, parseStatement } from "../../src/transform/expressions.ts";
import { Rig } from "../stage/rig.ts";

test("TRY over COALESCE is refused with what to write instead", async () => {
  using rig = await Rig.open("UTC");
  const problems = async (sql: string) =>
    inspectExpression(await serialize(rig.engine, parseStatement(sql)), sql).problems.map(({ next }) => next);
  const guarded = [
    "try(coalesce(a, b))",
    "TRY(ifnull(a, b))",
    "upper(TRY(CASE WHEN a = 'x' THEN b ELSE coalesce(a, b) END))",
  ];
  for (const sql of guarded)
    expect([sql, await problems(sql)]).toEqual([sql, ["guard what may fail alone: coalesce(a, TRY(b))"]]);
  for (const sql of [
    "coalesce(a, TRY(b))",
    "TRY(upper(coalesce(a, b)))",
    "TRY(CASE WHEN coalesce(a, b) = 'x' THEN a END)",
  ])
    expect([sql, await problems(sql)]).toEqual([sql, []]);
});
