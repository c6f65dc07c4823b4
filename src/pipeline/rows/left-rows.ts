// Records that a rollback leaves alone, as the conflicts of its run. In: a SELECT of key, ids and reason. Out: the file that
// names them, and to which the load adds.

import { syncFile } from "../../core/files.ts";
import { type RunContext, subfolder } from "../run/context.ts";
import { RowFile } from "./row-file.ts";
import { saidColumns, saidOf, stayedPath } from "./stayed-rows.ts";

export async function keepLeftRows(context: RunContext, stream: string, rows: string): Promise<void> {
  subfolder(context, "conflicts");
  const path = stayedPath(context, "conflicts", stream);
  const file = new RowFile(path, [], saidColumns);
  for await (const row of context.engine.stream(rows))
    await file.add({ columns: [], label: "" }, [], [...saidOf(row), ""]);
  if ((await file.close()) > 0) syncFile(path);
}
