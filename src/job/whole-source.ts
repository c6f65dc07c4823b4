// Mode mirror deletes what the source no longer has, so its source must be able to be whole: what a job file alone says
// can never be, is refused here. What only a run finds out (pipeline/diff/whole-source.ts), keeps it from deleting.

import type { Diagnostics } from "./diagnostics.ts";
import type { Stream } from "./job.ts";
import { replacesTable } from "./mode.ts";
import type { StreamDraft } from "./stream-draft.ts";
import { keySpanAt } from "./yaml-tree.ts";

export function refusePartOfSource({ source, target }: Stream, draft: StreamDraft, diagnostics: Diagnostics): void {
  if (target.mode !== "mirror" && !replacesTable(target)) return;
  const refuse = (key: string, message: string, next: string) =>
    diagnostics.add(keySpanAt(draft.tree, ["source", key]), `${key} does not go with mode ${target.mode}: ${message}`, {
      next,
    });
  const upsert = "take mode upsert, or let every run take all of the source";
  if (source.kind === "object") {
    if (source.incremental === undefined) return;
    const next =
      "take mode upsert, and for what is deleted `deletes: emit` (of a database: compare); or leave incremental out";
    refuse("incremental", "it would delete the records that have not changed", next);
    return;
  }
  if (source.once) refuse("once", "it would delete the records of files that were taken before", upsert);
  if (source.after.kind !== "leave")
    refuse("after", "it would delete the records of files that are gone by then", upsert);
}
