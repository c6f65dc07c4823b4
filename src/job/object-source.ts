// The source of a stream that takes records of an object.

import { plainCsv } from "../formats/format.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { Incremental, ObjectSource } from "./job.ts";
import type { StreamFile } from "./schema.ts";
import { placeAt, type StreamDraft, spanAt } from "./stream-draft.ts";
import { parseDuration } from "./units.ts";
import { keySpanAt } from "./yaml-tree.ts";

type SourceFile = NonNullable<StreamFile["source"]>;

const fileKeys = ["files", "format", "order", "ready", "once", "after", "on_reject", "max_age", "optional"] as const;

export function buildObjectSource(
  written: SourceFile,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Omit<ObjectSource, "connection"> | undefined {
  const misplaced = fileKeys.filter((name) => written[name] !== undefined);
  for (const name of misplaced) {
    diagnostics.add(keySpanAt(draft.tree, ["source", name]), `${name} goes with \`files\`, not with \`object\``);
  }
  const incremental = buildIncremental(written.incremental, draft, diagnostics);
  return {
    kind: "object",
    object: written.object ?? "",
    fields: written.fields ?? [],
    ...(written.where === undefined ? {} : { where: written.where }),
    ...(incremental === undefined ? {} : { incremental }),
    deletes: written.deletes ?? "ignore",
    format: plainCsv,
    optional: [],
    place: placeAt(["source", "object"], draft, diagnostics),
  };
}

function buildIncremental(
  written: SourceFile["incremental"],
  draft: StreamDraft,
  diagnostics: Diagnostics,
): Incremental | undefined {
  if (written === undefined) return undefined;
  const { cursor, overlap, since, refresh } = written;
  const start = since === undefined ? undefined : readInstant(since);
  if (since !== undefined && start === undefined) {
    const message = `"${since}" is no date or time`;
    diagnostics.add(spanAt(["source", "incremental", "since"], draft), message, { next: "e.g. 2026-01-31T00:00:00Z" });
  }
  return {
    ...(cursor === undefined ? {} : { cursor }),
    ...(overlap === undefined ? {} : { overlapMs: parseDuration(overlap) }),
    ...(start === undefined ? {} : { since: start }),
    ...(refresh === undefined ? {} : { refreshMs: parseDuration(refresh) }),
    place: placeAt(["source", "incremental"], draft, diagnostics),
  };
}

/** ISO 8601 as the instant it means, in UTC; a date is its midnight. Undefined for anything else. */
export function readInstant(text: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2}))?$/.test(text)) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
