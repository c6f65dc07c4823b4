// Rows of modes update and delete that find no record, because a stream before theirs makes it only in this run. In: the
// rows that stayed, the plans of the streams before. Out: the reason of such a row, and a sentence for the plan.
// What must hold: a row is told what becomes of it; its record's id is not known before the record is there.

import { literal } from "../../core/sql.ts";
import { stayedTable } from "../../diff/compare.ts";
import { keysTable } from "../../diff/keys.ts";
import { isTakenAgain } from "../../job/coming-records.ts";
import type { Stream } from "../../job/job.ts";
import { countOf } from "../../report/numbers.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet } from "../../stage/parquet.ts";

interface ComingInput {
  engine: Engine;
  stream: Stream;
  /** Plans of streams before this one that write the same object of the same org, by the stream. */
  plans: ReadonlyMap<Stream, string>;
}

export async function nameComing({ engine, stream, plans }: ComingInput): Promise<string[]> {
  const { mode, key } = stream.target;
  if (mode !== "update" && mode !== "delete") return [];
  const said: string[] = [];
  for (const [before, plan] of plans) {
    if (before.target.key.join() !== key.join()) continue;
    const coming = `SELECT _row_ FROM ${keysTable} WHERE _key_ IN (SELECT key FROM ${readParquet(plan)} WHERE action = 'create')`;
    const rows = `kind = 'unmatched' AND _row_ IN (${coming})`;
    const { found } = await engine.one(`SELECT count(*) AS found FROM ${stayedTable} WHERE ${rows}`);
    if (Number(found) === 0) continue;
    const then = isTakenAgain(stream) ? "and the next run will find it" : "and its file is not taken again by itself";
    const what = `stream ${before.name} makes the record in this run, ${then}`;
    await engine.run(`UPDATE ${stayedTable} SET reason = ${literal(what)} WHERE ${rows}`);
    said.push(`${countOf(Number(found), "row")} unmatched: ${what}`);
  }
  return said;
}
