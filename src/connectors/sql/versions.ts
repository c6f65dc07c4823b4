// What is said of a version that would overlap another one of its record. In: from when, or until when, that one holds; since
// when the new one would. Out: the row's refusal.

import type { RowRefusal } from "./dialect.ts";

/** One that holds began no earlier than it would end. */
export function lateVersion(since: string | null | undefined, at: string): RowRefusal {
  const message = `the version that holds is valid from ${since}, not before ${at}: a version can't begin before it`;
  return { code: "LATE", message, fields: [] };
}

/** There is one that holds, or that ends later than the new one would begin. `until`: null where it holds. */
export function metVersion(since: string | null | undefined, until: string | null | undefined, at: string): RowRefusal {
  const message =
    until == null
      ? `a version that holds since ${since} was made since the plan`
      : `a version is valid until ${until}, later than ${at}`;
  return { code: "MET", message, fields: [] };
}
