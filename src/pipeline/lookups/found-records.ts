// What readers of lookups are asked, and what they give.

import type { CompiledLookup } from "../compile/compiled-lookup.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type RunContext, subfolder } from "../run/context.ts";

export interface LookupRequest {
  context: Pick<RunContext, "engine" | "run" | "signal">;
  compiled: CompiledStream;
  lookup: CompiledLookup;
  /** A table: key, rows, asked_0, … */
  wanted: string;
  /** Where what is read goes, and what was found is kept; exists. */
  folder: string;
}

/** Records that were read. */
export interface FoundRecords {
  /** SELECT of `key`, `id` (to be ordered by), `shown` (for people) and `value`, a row for each record. */
  select: string;
  /** Where they come from, for people: "User (1 call: 1 keyed query)". */
  from: string;
}

/** Of a run. */
export function lookupFolder(context: RunContext): string {
  return subfolder(context, "lookups");
}
