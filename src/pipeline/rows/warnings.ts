// What rules of severity warn say of rows that load. In: the rows that have a warning. Out: the
// warnings by rule with an example each. Must hold: a row that does not load has none.

import { readProblem } from "../../core/problem.ts";
import { literal } from "../../core/sql.ts";
import type { RejectReason } from "../../report/reject-reasons.ts";
import type { Engine } from "../../stage/engine.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { warnedTable } from "../diff/warned-rows.ts";
import type { StagedStream } from "../stage/staged-stream.ts";
import { ReasonTally } from "./reject-reasons.ts";
import { locateRows, nameOther, showPlace } from "./row-places.ts";

/** What tells two warnings apart: the field and the rule, without a row that it is with. */
const kind = `regexp_extract(warning, ${literal("^([^\u001f]*\u001f[^\u001f@]*)")}, 1)`;

/** By rule, after `countWarned` has found any. */
export async function tellWarned(
  engine: Engine,
  compiled: CompiledStream,
  staged: StagedStream,
): Promise<RejectReason[]> {
  const found = await engine.all(`SELECT min(_row_) AS row, min_by(warning, _row_) AS warning, count(*) AS rows
    FROM ${warnedTable} GROUP BY ${kind}`);
  const problems = found.map(({ warning }) => readProblem(String(warning)));
  const rows = [...found.map(({ row }) => Number(row)), ...problems.flatMap(({ other }) => other ?? [])];
  const places = await locateRows(engine, staged, `SELECT unnest([${rows.join(", ")}]) AS _row_`);
  const tally = new ReasonTally(compiled.redacted);
  for (const [index, problem] of problems.entries()) {
    const { row, rows: count } = found[index] ?? {};
    const { label = "", line = 0, part = 0 } = places.get(Number(row)) ?? {};
    tally.add(nameOther(problem, part, places), showPlace(label, line), "ours", Number(count));
  }
  return tally.list();
}
