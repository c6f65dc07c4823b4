// What expressions of a job may call, made known to an engine. In: the job with all its expressions. Out: an engine that
// binds them. Must hold: a function that the job does not name costs nothing, a library that it needs is not loaded.

import type { Engine } from "../../stage/engine.ts";
import { answerCalls, engineName } from "../../transform/computed.ts";
import { computedFunctions, defineFunctions } from "../../transform/functions.ts";

/** `usedIn`: the job; without it all functions are defined. */
export async function defineFunctionsIn(
  engine: Engine,
  runStart: Date,
  timezone: string,
  usedIn?: unknown,
): Promise<void> {
  for (const { name, load } of computedFunctions(usedIn)) engine.define(engineName(name), answerCalls(await load()));
  for (const sql of defineFunctions(runStart, timezone, usedIn)) await engine.run(sql);
}
