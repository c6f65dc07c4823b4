// Where the files lie that a rollback goes by: those of the run that it takes back, in its own folder.

import { join } from "node:path";
import { type RunContext, subfolder } from "./context.ts";

export function undoneFolder(context: Pick<RunContext, "folder">): string {
  return subfolder(context, "undone");
}

/** The plan that the run wrote, of a stream. */
export function undonePlan(context: Pick<RunContext, "folder">, stream: string): string {
  return join(undoneFolder(context), "plan", `${stream}.parquet`);
}
