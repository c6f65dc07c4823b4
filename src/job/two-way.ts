// What a stream of a job with a twin says of records that both sides change. In: a stream as it is written. Out: who
// decides which field, and by what records are joined. What must hold: of a job without a twin none of it is taken, and
// what two-way streams can't do yet is refused by name.

import type { Diagnostics } from "./diagnostics.ts";
import type { Stream, StreamTarget, TwoWay } from "./job.ts";
import type { StreamFile } from "./schema.ts";
import { type StreamDraft, spanAt } from "./stream-draft.ts";
import { keySpanAt } from "./yaml-tree.ts";

const keys = ["ownership", "match", "deletes"] as const;

export function buildTwoWay(
  { ownership = {}, deletes = "ignore" }: StreamFile,
  { hasTwin }: StreamDraft,
): Pick<Stream, "twoWay"> {
  return hasTwin ? { twoWay: { ownership, onDeletes: deletes } satisfies TwoWay } : {};
}

/** Records that agree in a field are joined as by `adopt_by`. */
export function matchField({ match, target }: StreamFile): Pick<StreamTarget, "adoptBy"> {
  return match?.[0] === undefined || target?.adopt_by !== undefined ? {} : { adoptBy: match[0] };
}

export function refuseOneWay(
  written: StreamFile,
  { source, target, fields }: Stream,
  draft: StreamDraft,
  diagnostics: Diagnostics,
): void {
  const at = (...path: string[]) => keySpanAt(draft.tree, path);
  const { hasTwin } = draft;
  if (!hasTwin) {
    for (const key of keys.filter((key) => written[key] !== undefined))
      diagnostics.add(at(key), `${key} goes with \`twin\`: the job that goes the other way`);
    return;
  }
  if (source.kind !== "object" || source.sql !== undefined || target.isTable === true || target.format !== undefined) {
    diagnostics.add(draft.key, "a job with a twin takes and writes objects: files and tables are not supported yet");
  }
  if (target.mode !== "upsert" && target.mode !== "update") {
    const next = "modes upsert and update know of two sides";
    diagnostics.add(spanAt(["target", "mode"], draft), `mode ${target.mode} does not go with \`twin\``, { next });
  }
  if (target.key.length > 1) diagnostics.add(spanAt(["target", "key"], draft), "a twin goes with one key field");
  if (
    written.deletes !== undefined &&
    written.deletes !== "ignore" &&
    source.kind === "object" &&
    source.deletes === "ignore"
  ) {
    const next = "add deletes: emit to its source";
    diagnostics.add(at("deletes"), `deletes: ${written.deletes} wants a source that tells what was deleted`, { next });
  }
  if (written.match !== undefined && written.target?.adopt_by !== undefined)
    diagnostics.add(at("match"), "match and adopt_by say the same: one of them");
  if (written.match !== undefined && written.match.length > 1)
    diagnostics.add(at("match"), "match by several fields is not supported yet");
  for (const name of Object.keys(written.ownership ?? {})) {
    if (!fields.some((field) => field.target === name))
      diagnostics.add(at("ownership", name), `"${name}" is not in the map`);
    else if (target.key.includes(name))
      diagnostics.add(at("ownership", name), `"${name}" is the key, which nobody owns`);
  }
}
