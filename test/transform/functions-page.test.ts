// docs/functions.md, which `loadline help` reads: every function that an expression may call, and none of its examples lies.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeOwnFunctions } from "../../scripts/functions-page.ts";
import { Secret } from "../../src/core/secret.ts";
import { literal } from "../../src/core/sql.ts";
import { listFunctions } from "../../src/help/topics.ts";
import { defineFunctionsIn } from "../../src/pipeline/compile/define-functions.ts";
import { Engine } from "../../src/stage/engine.ts";
import { inspectExpression, parseStatement } from "../../src/transform/expressions.ts";
import { allowedFunctions } from "../../src/transform/functions.ts";

/** What the examples of pseudonym are made with. */
const exampleKey = new Secret("a key of the examples, and of nothing else");

test("has each function once", () => {
  expect(
    listFunctions()
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...allowedFunctions].sort());
});

test("says of our own functions what they say of themselves (npm run functions)", () => {
  const page = readFileSync("docs/functions.md", "utf8");
  expect(page).toBe(writeOwnFunctions(page));
});

test("has examples that a job may write, with the results that the engine gives", async () => {
  const folder = mkdtempSync(join(tmpdir(), "loadline-functions-"));
  using engine = await Engine.open({ folder, spillFolder: folder });
  await defineFunctionsIn(engine, new Date("2026-01-31T08:00:00Z"), "Europe/Berlin", undefined, exampleKey);
  const examples = listFunctions().flatMap(({ examples }) => examples);
  const trees = examples.map(({ call }) => `json_serialize_sql(${literal(parseStatement(call))})`);
  const [parsed = {}] = await engine.all(`SELECT [${trees.join(", ")}] AS trees`);
  const problems = examples.flatMap(({ call }, index) =>
    inspectExpression(String((parsed["trees"] as unknown[])[index]), call).problems.map(({ message }) => message),
  );
  expect(problems).toEqual([]);
  const values = examples.map(({ call }) => `coalesce(CAST(${call} AS VARCHAR), 'NULL')`);
  const [row = {}] = await engine.all(`SELECT [${values.join(", ")}] AS results`);
  const results = row["results"] as unknown[];
  expect(examples.map(({ call }, index) => ({ call, gives: results[index] }))).toEqual(examples);
  rmSync(folder, { recursive: true, force: true });
});
