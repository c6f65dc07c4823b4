// Tables, and columns of tables, that a plan has told and that are made before a row of it is written. In: the streams of a run
// that loads. Out: tables. What must hold: a run that is gone on with makes what the one before it had not made; what is
// there is left as it is.

import type { Stream } from "../../job/job.ts";
import { compileAgain } from "../compile/compile-in-run.ts";
import { type RunContext, targetOf } from "../run/context.ts";

export async function makeTables(context: RunContext, streams: readonly Stream[]): Promise<void> {
  for (const stream of streams) {
    const { connection, object, createsTable } = stream.target;
    const { tables } = targetOf(context, connection);
    if (tables === undefined || (createsTable !== true && stream.schemaPolicy !== "evolve")) continue;
    // What is to be made is found out by whoever plans; a run that goes on has no plan of it any more.
    if (context.isResumed) await compileAgain(context, stream, context.ledger.parts(context.run.id, stream.name));
    await tables.make(object);
  }
}
