// What becomes of rows that are one record, from what is written.

import type { Dedupe } from "./dedupe.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Rule } from "./rule.ts";
import type { StreamFile } from "./schema.ts";
import { placeAt, type StreamDraft } from "./stream-draft.ts";
import { keySpanAt } from "./yaml-tree.ts";

export function buildDedupe({ dedupe }: StreamFile, draft: StreamDraft, diagnostics: Diagnostics): { dedupe?: Dedupe } {
  if (dedupe === undefined) return {};
  const { by, keep, newest_by, merge = {} } = dedupe;
  const merged = Object.keys(merge).map((name) => {
    const { start } = keySpanAt(draft.tree, ["dedupe", "merge", name]);
    return [name, diagnostics.source.placeAt(start)] as const;
  });
  const newest = newest_by === undefined ? {} : { newest: placeAt(["dedupe", "newest_by"], draft, diagnostics) };
  return {
    dedupe: {
      by,
      keep,
      places: { ...newest, merged: Object.fromEntries(merged) },
      ...(newest_by === undefined ? {} : { newest_by }),
      ...(dedupe.merge === undefined ? {} : { merge }),
    },
  };
}

/** Which row is the newest is not guessed: one that does not say how new it is, is a reject. */
export function wantNewest(
  { dedupe, validate = [] }: StreamFile,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Rule[] {
  if (dedupe?.newest_by === undefined) return [];
  return [
    {
      index: validate.length,
      field: dedupe.newest_by,
      required: true,
      message: "is blank: which row is the newest is told by it (dedupe.newest_by)",
      severity: "reject",
      place: placeAt(["dedupe", "newest_by"], draft, diagnostics),
    },
  ];
}
