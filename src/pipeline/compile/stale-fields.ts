// Fields of an incremental source whose values change without a change of their record: a parent's fields, formulas. No
// window has such a change, so that copies of them go stale; that is said, with what helps.

import type { RecordSchema } from "../../contract/records.ts";
import type { Stream } from "../../job/job.ts";

/** A sentence where a stream uses such fields and is not refreshed. */
export function tellStaleFields(
  { source }: Stream,
  used: Iterable<string>,
  { derived }: Pick<RecordSchema, "derived">,
): string[] {
  if (source.kind !== "object" || source.incremental === undefined || source.incremental.refreshMs !== undefined)
    return [];
  const names = [...used].filter((name) => name.includes(".") || derived?.has(name) === true).sort();
  if (names.length === 0) return [];
  const verb = names.length === 1 ? "changes" : "change";
  return [
    `${names.join(", ")} ${verb} without a change of the ${source.object} record: no window has that, and copies go stale; source.incremental.refresh: 7d takes all records again after that time`,
  ];
}
