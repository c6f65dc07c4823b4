// Rows whose parent, named by several key fields, is not in the target and is not made before them. In: the staged rows, which
// have a mark for such a parent; the plan of its stream. Out: those rows left behind with why. What must hold: what the
// parent's stream makes counts as there, and nothing else does.

import { problemStart } from "../../core/problem.ts";
import { identifier, literal } from "../../core/sql.ts";
import { keysTable, leftBehindTable, waitingTable } from "../../diff/keys.ts";
import { newRecordMark } from "../../job/lookup.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet } from "../../stage/parquet.ts";
import type { CompiledLookup } from "../compile/compiled-lookup.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";

interface LostParentsInput {
  engine: Engine;
  compiled: CompiledStream;
  stage: string;
  /** Plans of the streams before, by name. */
  plans: ReadonlyMap<string, string>;
  /** SELECT of key and why of the rows of a stream before that are not loaded. */
  leftOut(stream: string): string | undefined;
}

export async function leaveLostParents(input: LostParentsInput): Promise<void> {
  for (const lookup of input.compiled.lookups.filter(({ written }) => written.miss === "parent"))
    await leaveLost(input, lookup);
}

async function leaveLost(
  { engine, compiled, stage, plans, leftOut }: LostParentsInput,
  { field, written, keys, what, hidesKeys }: CompiledLookup,
): Promise<void> {
  const { maker = "" } = written;
  const mark = newRecordMark(written);
  const name = identifier(field);
  const plan = plans.get(maker);
  const made =
    plan === undefined ? "SELECT '' AS key LIMIT 0" : `SELECT key FROM ${readParquet(plan)} WHERE action = 'create'`;
  const missing = leftOut(maker) ?? "SELECT '' AS key, '' AS why LIMIT 0";
  const shown = hidesKeys ? "'(hidden)'" : "replace(s.key, chr(31), ', ')";
  const by = keys.map(({ name: part }) => part).join(", ");
  await engine.run(`CREATE OR REPLACE TEMP TABLE lost_rows AS SELECT s._row_,
      CASE WHEN m.why IS NOT NULL THEN ${literal(`its parent ${maker} `)} || ${shown} || ' ' || m.why
        ELSE ${literal(`no ${what} has ${by} "`)} || ${shown} || ${literal(`", and stream ${maker} creates none`)} END AS why
    FROM (SELECT _row_, substr(${name}, ${mark.length + 1}) AS key FROM ${identifier(stage)} SEMI JOIN ${keysTable} USING (_row_)
      WHERE starts_with(${name}, ${literal(mark)})) s
    LEFT JOIN (SELECT key, max(why) AS why FROM (${missing}) GROUP BY key) m ON m.key = s.key
    WHERE s.key NOT IN (${made})`);
  const parent = compiled.fields.find((one) => one.field.target === field)?.field.parent;
  const waits = parent?.miss === "later";
  if (waits) await engine.run(`INSERT INTO ${waitingTable} SELECT _row_, ${literal(field)}, why FROM lost_rows`);
  const reason = waits ? "'waiting'" : `${literal(problemStart(field, "lookup"))} || why`;
  await engine.run(`INSERT INTO ${leftBehindTable} SELECT _row_, ${reason} FROM lost_rows`);
}
