// What a new table would take away from the one that it replaces. In: the plan's counts, whether the source is whole. Out: what
// a person is told, and what stops the run. What must hold: rows that were rejected, or that nobody read, are no rows that
// the source lacks; a table does not shrink unless the job says by how much it may.

import type { StreamCounts } from "../../core/model.ts";
import type { Wholeness } from "../../core/wholeness.ts";
import { isWithin, rowsTaken, showThreshold } from "../../diff/guards.ts";
import type { Stream } from "../../job/job.ts";
import { replacesTable } from "../../job/mode.ts";
import { countOf } from "../../report/numbers.ts";
import { type RunContext, targetOf } from "../run/context.ts";

interface Verdict {
  notes: string[];
  stops: string[];
}

export async function judgeReplaced(
  context: RunContext,
  { name, target }: Stream,
  counts: StreamCounts,
  wholeness: Wholeness,
): Promise<Verdict> {
  if (!replacesTable(target)) return { notes: [], stops: [] };
  const present = (await targetOf(context, target.connection).countRecords?.(target.object)) ?? 0;
  const note = `a new table of ${countOf(counts.creates, "row")} takes the place of one of ${countOf(present, "row")}: they are not compared, so nobody knows here which of them change`;
  const stops: string[] = [];
  if (wholeness.kind === "partial") {
    stops.push(`${name}: mode replace takes all of the source, and it is not whole: ${wholeness.why.join("; ")}`);
  }
  const left = counts.rejected + counts.conflicts + counts.unmatched;
  if (left > 0) {
    stops.push(
      `${name}: ${countOf(left, "row")} would not be in the new table, and mode replace leaves none behind; mode mirror does`,
    );
  }
  const gone = present - counts.creates;
  const limit = context.job.guards.deletes ?? { count: 0 };
  const taken = rowsTaken(counts);
  if (gone > 0 && !isWithin(gone, limit, taken)) {
    stops.push(
      `${name}: at least ${countOf(gone, "record")} to delete, at most ${showThreshold(limit, taken)} (guards.deletes)`,
    );
  }
  return { notes: [note], stops };
}
