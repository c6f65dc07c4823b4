// What fails is NULL and nothing else is: the engine gives wrong values, or ends, where COALESCE stands in TRY itself.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

test("a COALESCE of which some rows fail has the values of the others, and the process goes on", () => {
  const child = spawnSync(process.execPath, [join(import.meta.dirname, "tried.ts")], { encoding: "utf8" });
  expect([child.signal, child.stderr, child.stdout]).toEqual([null, "", "[0,0,0,0,0]"]);
});
