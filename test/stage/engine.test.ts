// What the engine says where a statement fails.

import { afterAll, beforeAll, expect, test } from "vitest";
import { explain } from "../../src/core/errors.ts";
import { EngineError } from "../../src/stage/engine.ts";
import { Rig } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.open("UTC");
});
afterAll(() => rig[Symbol.dispose]());

test("no error that data causes quotes a value, whoever shows it", async () => {
  const failing = [
    "CAST(value AS INTEGER)",
    "CAST(CAST(value AS VARCHAR) || '''' AS DATE)",
    "CAST(70001 AS SMALLINT) + length(value)",
    "CAST(2147483647 AS INTEGER) * CAST(length(value) AS INTEGER)",
    "strptime(value, '%Y')",
  ];
  for (const sql of failing) {
    const error: unknown = await rig.engine.all(`SELECT ${sql} FROM (SELECT 'secret' AS value)`).catch((one) => one);
    if (!(error instanceof EngineError)) throw new Error(`${sql} does not fail`);
    expect(error.isAboutData).toBe(true);
    for (const shown of [explain(error), error.stack ?? ""]) expect(shown).not.toMatch(/secret|70001|2147483647/);
  }
});

test("takes a second thread for megabytes, and has no other setting that can be changed", async () => {
  const threads = async () => (await rig.engine.one("SELECT current_setting('threads') AS threads"))["threads"];
  await rig.engine.prepareFor(1000);
  expect(await threads()).toBe(1);
  await rig.engine.prepareFor(100_000_000);
  expect(await threads()).toBe(2);
  await rig.engine.prepareFor(1000);
  expect(await threads()).toBe(2);
  const closed = ["memory_limit = '8GB'", "enable_external_access = true", "allowed_configs = []"];
  for (const setting of [
    ...closed,
    "allowed_directories = []",
    "lock_configuration = false",
    "disabled_optimizers = ''",
  ])
    await expect(rig.engine.run(`SET ${setting}`), setting).rejects.toThrow(EngineError);
});
