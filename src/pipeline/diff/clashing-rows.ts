// Rows that share a key or a value that is to be unique. In: the rows of a run that go on. Out: those of them that stay
// behind, and those that are only told of.

import { mappedName, renderedName } from "../../core/columns.ts";
import { withNestedCalls } from "../../core/nested-rows.ts";
import { identifier } from "../../core/sql.ts";
import {
  clashesTable,
  findMismatched,
  findSharedKeys,
  findSharedValues,
  leaveClashes,
  makeClashes,
  sharedKeys,
  type UniqueRule,
} from "../../diff/clashes.ts";
import { type KeysInput, keysTable, mayShareKeys } from "../../diff/keys.ts";
import { mergedTable } from "../../diff/merge.ts";
import type { Engine } from "../../stage/engine.ts";
import { checkRule } from "../../validate/checks.ts";
import { defineShape } from "../../values/shape.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { selectStored } from "../compile/stored-fields.ts";
import { fieldByName, isKeyHidden } from "./diff-input.ts";

export async function leaveClashing(engine: Engine, compiled: CompiledStream, keys: KeysInput): Promise<void> {
  await engine.run(makeClashes);
  if (mayShareKeys(keys) && (await isAnyShared(engine))) {
    await engine.run(findSharedKeys(keys.key.map(({ name }) => name).join(", "), isKeyHidden(compiled)));
  }
  await findBroken(engine, compiled, keys.stage);
  for (const rule of uniqueRules(compiled)) await engine.run(findSharedValues(keys.stage, rule));
  const { clashes } = await engine.one(`SELECT count(*) AS clashes FROM ${clashesTable}`);
  if (Number(clashes) > 0) await engine.run(leaveClashes);
}

/** Seldom so: to say which rows they are joins all of them. */
async function isAnyShared(engine: Engine): Promise<boolean> {
  const { shared } = await engine.one(`SELECT count(*) AS shared FROM (${sharedKeys})`);
  return Number(shared) > 0;
}

/** Rows whose values `dedupe` has put together, and don't go together. */
async function findBroken(engine: Engine, compiled: CompiledStream, stage: string): Promise<void> {
  if (compiled.rules.some(({ merged }) => merged !== undefined)) defineShape(engine);
  for (const one of compiled.rules) {
    if (one.merged === undefined) continue;
    const rows = `(SELECT * FROM ${identifier(stage)} SEMI JOIN ${mergedTable} USING (_row_) SEMI JOIN ${keysTable} USING (_row_))`;
    const used = one.merged.map(({ name }) => ({
      target: name,
      rendered: renderedName(name),
      mapped: mappedName(name),
      isKey: false,
      isHidden: compiled.redacted.has(name.toLowerCase()),
      rejectNull: false,
      absent: false,
    }));
    // Told already where the row broke it by itself: only a rule that warns lets it come here.
    const stored = `(${selectStored(rows, one.merged, "_row_, _warnings_")})`;
    const computed = one.expression === undefined ? [] : [one.expression];
    const select = `SELECT * FROM ${withNestedCalls(stored, computed, true)}`;
    for (const check of checkRule(one, used, true))
      await engine.run(findMismatched(select, { ...check, index: one.rule.index, severity: one.rule.severity }));
  }
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
