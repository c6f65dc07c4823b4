// Associations of a record whose source has none any more. An API's null empties a field, but an association is only ever
// added unless the job says mode: replace: that it stays is said, since nobody has asked for it.

import type { CompiledStream } from "./compiled-stream.ts";

/** A sentence where nulls of the source leave associations of records that are there alone. */
export function tellKeptAssociations({ stream, planned, fieldSchemas }: CompiledStream): string[] {
  const { mode } = stream.target;
  if (mode !== "update" && mode !== "upsert" && mode !== "mirror") return [];
  const kept = planned
    .filter(
      ({ field }) =>
        field.onNull === "clear" && field.replaces === undefined && fieldSchemas.get(field.target)?.several === true,
    )
    .map(({ field }) => field.target);
  if (kept.length === 0) return [];
  return [
    `${kept.join(", ")}: where the source has no value, associations stay as they are, since they are only ever added; on_null: skip says that this is meant`,
  ];
}
