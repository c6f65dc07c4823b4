// Fields that the target has altered since the run that is taken back. In: table `undone`, the shape that the run's plan has
// seen. Out: rows in `undone_left`. Must hold: a value that such a field can't hold as it was is not written back, for the
// target might round it and say nothing.

import { mappedName, renderedName } from "../../core/columns.ts";
import { identifier, literal } from "../../core/sql.ts";
import { tellChanges } from "../../report/shape-changes.ts";
import { storedReading } from "../../values/value.ts";
import { type RunContext, targetOf } from "../run/context.ts";
import { findAltered } from "../shape/altered.ts";
import { leftTable, type Undoing, undoneTable } from "./compare-now.ts";

export async function leaveUnfit(
  context: RunContext,
  { written: { stream }, fields, run }: Undoing,
  shape: string | null,
): Promise<void> {
  const { engine } = context;
  const target = targetOf(context, stream.target.connection);
  const altered = Map.groupBy(await findAltered(context, stream, shape), ({ name }) => name);
  for (const [changed, changes] of altered) {
    const field = fields.find(({ name }) => name === changed);
    if (field === undefined || field.several === true) continue;
    const [before, rendered] = [mappedName(field.name), renderedName(field.name)];
    const { value, invalid } = target.render(field, before, "VARCHAR", storedReading);
    if (invalid === undefined) continue;
    const message = `${tellChanges(changes).join(", ")}: it can't hold what was there before run ${run}`;
    await engine.run(`INSERT INTO ${leftTable} SELECT n, ${literal(field.name)}, ${literal(message)} FROM (
        SELECT n, ${before}, ${value} AS ${rendered} FROM (SELECT n, after.${identifier(field.name)} AS ${before} FROM ${undoneTable}
          WHERE NOT is_done AND list_contains(changed, ${literal(field.name)})))
      WHERE ${before} IS NOT NULL AND ${invalid.condition}`);
  }
}
