// Rows that load though they break a rule of severity warn, or have a doubtful value. In: the staged rows, those of them that go on, what clashes.
// Out: a table of what is said of them. Must hold: a row that does not load has no warning.

import { clashesTable } from "../../diff/clashes.ts";
import { keysTable } from "../../diff/keys.ts";
import type { Engine } from "../../stage/engine.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import type { StagedStream } from "../stage/staged-stream.ts";

/** Each warning of each row: _row_, warning. Made where the job may have any. */
export const warnedTable = "warned_rows";

/** Rows that go on and have a warning. */
export async function countWarned(engine: Engine, compiled: CompiledStream, { view }: StagedStream): Promise<number> {
  const isAnyTold = compiled.fields.some(({ doubt }) => doubt !== undefined);
  if (!isAnyTold && !compiled.rules.some(({ rule }) => rule.severity === "warn")) return 0;
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${warnedTable} AS
    SELECT _row_, unnest(_warnings_) AS warning FROM (SELECT _row_, _warnings_ FROM ${view} WHERE _warnings_ IS NOT NULL)
      SEMI JOIN ${keysTable} USING (_row_)
    UNION ALL SELECT _row_, _reason_ FROM ${clashesTable} SEMI JOIN ${keysTable} USING (_row_) WHERE severity = 'warn'`);
  return Number((await engine.one(`SELECT count(DISTINCT _row_) AS rows FROM ${warnedTable}`))["rows"]);
}
