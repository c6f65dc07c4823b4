// Rows that share a key or a value that is to be unique. In: the rows of a run that go on. Out: those of them that stay
// behind, and those that are only told of.

import {
  clashesTable,
  findSharedKeys,
  findSharedValues,
  leaveClashes,
  makeClashes,
  type UniqueRule,
} from "../../diff/clashes.ts";
import { type KeysInput, mayShareKeys } from "../../diff/keys.ts";
import type { Engine } from "../../stage/engine.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { fieldByName, isKeyHidden } from "./diff-input.ts";

export async function leaveClashing(engine: Engine, compiled: CompiledStream, keys: KeysInput): Promise<void> {
  await engine.run(makeClashes);
  if (mayShareKeys(keys)) {
    await engine.run(findSharedKeys(keys.key.map(({ name }) => name).join(", "), isKeyHidden(compiled)));
  }
  for (const rule of uniqueRules(compiled)) await engine.run(findSharedValues(keys.stage, rule));
  const { clashes } = await engine.one(`SELECT count(*) AS clashes FROM ${clashesTable}`);
  if (Number(clashes) > 0) await engine.run(leaveClashes);
}

function uniqueRules(compiled: CompiledStream): UniqueRule[] {
  return compiled.rules.flatMap(({ rule, fields }) => {
    if (rule.unique !== true) return [];
    const { index, severity, message } = rule;
    return {
      index,
      fields: fields.map((name) => fieldByName(compiled, name)),
      severity,
      isHidden: fields.some((name) => compiled.redacted.has(name.toLowerCase())),
      ...(message === undefined ? {} : { message }),
    };
  });
}
