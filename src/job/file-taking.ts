// How a stream takes the files of its source: in which order, when they count as complete, and what becomes of them.

import type { FileSource, Ready } from "./job.ts";
import type { StreamFile } from "./schema.ts";
import { parseDuration } from "./units.ts";

type SourceFile = NonNullable<StreamFile["source"]>;

export function buildTaking(
  written: SourceFile,
): Pick<FileSource, "order" | "ready" | "once" | "after" | "rejectsFolder" | "maxAgeMs"> {
  const ready = buildReady(written.ready);
  return {
    order: written.order ?? "name",
    ...(ready === undefined ? {} : { ready }),
    once: written.once !== undefined,
    after: buildAfter(written.after),
    ...(written.on_reject === undefined ? {} : { rejectsFolder: written.on_reject.move }),
    ...(written.max_age === undefined ? {} : { maxAgeMs: parseDuration(written.max_age) }),
  };
}

function buildReady(written: SourceFile["ready"]): Ready | undefined {
  if (written?.stable_for !== undefined) return { kind: "stable", forMs: parseDuration(written.stable_for) };
  if (written?.done_file !== undefined) return { kind: "done_file", name: written.done_file };
  if (written?.manifest !== undefined) return { kind: "manifest", name: written.manifest };
  return undefined;
}

function buildAfter(written: SourceFile["after"]): FileSource["after"] {
  if (written === undefined || written === "leave") return { kind: "leave" };
  return "move" in written ? { kind: "move", folder: written.move } : { kind: "delete" };
}
