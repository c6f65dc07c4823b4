// What expressions of a job may call, made known to an engine. In: the job with all its expressions. Out: an engine that
// binds them. Must hold: a function that the job does not name costs nothing, a library that it needs is not loaded.

import { createHash } from "node:crypto";
import type { Secret } from "../../core/secret.ts";
import type { Engine } from "../../stage/engine.ts";
import { answerCalls, engineName } from "../../transform/computed.ts";
import { computedFunctions, defineFunctions } from "../../transform/functions.ts";

/** `usedIn`: the job; without it all functions are defined. */
export async function defineFunctionsIn(
  engine: Engine,
  runStart: Date,
  timezone: string,
  usedIn?: unknown,
  pseudonymKey?: Secret,
): Promise<void> {
  for (const { name, load, remembers = true } of computedFunctions(usedIn)) {
    engine.define(engineName(name), answerCalls(await load(), { remembers }));
  }
  for (const sql of defineFunctions(
    runStart,
    timezone,
    usedIn,
    pseudonymKey === undefined ? undefined : blockOf(pseudonymKey),
  ))
    await engine.run(sql);
}

const blockBytes = 64;

/** A longer key is its hash. https://www.rfc-editor.org/rfc/rfc2104 */
function blockOf(key: Secret): Uint8Array {
  const bytes = Buffer.from(key.reveal());
  const block = Buffer.alloc(blockBytes);
  (bytes.length > blockBytes ? createHash("sha256").update(bytes).digest() : bytes).copy(block);
  return block;
}
