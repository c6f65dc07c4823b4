// Policies that change nothing in the mode that they stand in. In: a compiled stream. Out: a sentence for each such field.
// They are told and not refused, since a mode may be what changes from run to run; one that is never written must be known.

import type { CompiledStream } from "./compiled-stream.ts";

export function tellIdlePolicies({ stream }: Pick<CompiledStream, "stream">): string[] {
  const { mode } = stream.target;
  return stream.fields.flatMap(({ target, policy, own }) => {
    if (own === false || policy === "overwrite") return [];
    if (mode === "update" && policy === "create_only") {
      return [`${target}: policy create_only writes new records only, and mode update makes none: it is never written`];
    }
    const isNew = mode === "insert" || mode === "replace";
    return isNew ? [`${target}: policy ${policy} changes nothing in mode ${mode}, which writes all anew`] : [];
  });
}
