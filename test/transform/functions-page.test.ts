// docs/functions.md, which `loadline help` reads: every function that an expression may call, and none of its examples lies.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { literal } from "../../src/core/sql.ts";
import { listFunctions } from "../../src/help/topics.ts";
import { Engine } from "../../src/stage/engine.ts";
import { inspectExpression, parseStatement } from "../../src/transform/expressions.ts";
import { allowedFunctions, defineFunctions } from "../../src/transform/functions.ts";

test("has each function once", () => {
  expect(
    listFunctions()
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...allowedFunctions].sort());
});

test("has examples that a job may write, with the results that the engine gives", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-functions-"));
  using engine = await Engine.open({ folder, spillFolder: folder });
  for (const sql of defineFunctions(new Date("2026-01-31T08:00:00Z"), "Europe/Berlin")) await engine.run(sql);
  const functions = listFunctions();
  const trees = functions.map(({ example }) => `json_serialize_sql(${literal(parseStatement(example))})`);
  const [parsed = {}] = await engine.all(`SELECT [${trees.join(", ")}] AS trees`);
  const problems = functions.flatMap(({ example }, index) =>
    inspectExpression(String((parsed["trees"] as unknown[])[index]), example).problems.map(({ message }) => message),
  );
  expect(problems).toEqual([]);
  const values = functions.map(({ example }) => `coalesce(CAST(${example} AS VARCHAR), 'NULL')`);
  const [row = {}] = await engine.all(`SELECT [${values.join(", ")}] AS results`);
  const results = functions.map(({ name, result }) => ({ name, result }));
  expect(functions.map(({ name }, index) => ({ name, result: (row["results"] as unknown[])[index] }))).toEqual(results);
  rmSync(folder, { recursive: true, force: true });
});
