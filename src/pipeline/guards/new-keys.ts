// Rows of which no key finds a record, though the run before made records of the same rows: their key has another form. In:
// a plan of nothing but creates, the plan of the run before. Out: what stops the run. What must hold: rows that are new are
// told from rows that have a new key by all that is mapped beside it; where that can't be known, nothing is said.

import { join } from "node:path";
import type { StreamCounts } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import { type EarlierRun, isAllNew } from "../../diff/history-guards.ts";
import { countOf } from "../../report/numbers.ts";
import { readParquet } from "../../stage/parquet.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { fetchKept } from "../run/kept-file.ts";
import type { Objection } from "./lost-values.ts";

export async function judgeNewKeys(
  context: RunContext,
  { stream, planned }: CompiledStream,
  { counts, plan }: { counts: StreamCounts; plan: string },
  earlier: readonly EarlierRun[],
): Promise<Objection[]> {
  const { engine, ledger, run, job } = context;
  const [last] = earlier;
  const { name, target } = stream;
  if (last === undefined || !isAllNew({ mode: target.mode, guards: job.guards, counts })) return [];
  // The fields of another job may be other ones.
  if (ledger.run(last.run)?.jobHash !== run.jobHash) return [];
  const { plan: path = null, planSha256: sha256 = null } =
    ledger.streams(last.run).find((record) => record.name === name) ?? {};
  const beside = planned.flatMap(({ field }) => (target.key.includes(field.target) ? [] : [field.target]));
  if (path === null || beside.length === 0) return [];
  const before = join(subfolder(context, "snapshot"), `${name}-before.parquet`);
  if ((await fetchKept(engine, { path, sha256 }, before)) !== undefined) return [];
  const rowsOf = (file: string) => {
    const values = beside.map((field) => `after.${identifier(field)}`);
    return `SELECT key, hash(${values.join(", ")}) AS row FROM ${readParquet(file)} WHERE action = 'create'`;
  };
  // A record that is gone, and made again, has the key that it had.
  const { same } = await engine.one(`SELECT count(DISTINCT row) AS same
    FROM (SELECT * FROM (${rowsOf(plan)}) ANTI JOIN (${rowsOf(before)}) USING (key))
    SEMI JOIN (${rowsOf(before)}) USING (row)`);
  if (Number(same) * 2 < counts.creates) return [];
  return [
    {
      sentence: `${name}: the keys of all ${countOf(counts.creates, "row")} find no record, all of them would be created; ${String(same)} of them are, but for the key, rows that run ${last.run} created: has the key another form? (guards.creates)`,
      rows: "action = 'create'",
      what: "to be created",
    },
  ];
}
