// Rows that are versions of a record. In: a table's columns; from when, or until when, a version holds, and since when the next
// one would. Out: what the next one has of the one before; of one that can't end or begin as its row says, the refusal.

import type { BatchHistory } from "../../contract/write.ts";
import type { RowRefusal } from "./dialect.ts";

/** What a version has of the one before: what is mapped, and columns that would be NULL otherwise. `isFilled`: by the database. */
export function carriedColumns<Column extends { name: string; isGenerated: boolean }>(
  columns: Iterable<Column>,
  { from, to, fields }: BatchHistory,
  isFilled: (column: Column) => boolean,
): Column[] {
  const isOwn = ({ name, isGenerated }: Column) => name !== from && name !== to && !isGenerated;
  return [...columns].filter((column) => isOwn(column) && (fields.includes(column.name) || !isFilled(column)));
}

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

/** It was to end, and has ended otherwise. */
export function endedVersion(until: string | null | undefined): RowRefusal {
  const message = `the version that was to end has ended since the plan, ${until}, and no version with this row's values began then`;
  return { code: "ENDED", message, fields: [] };
}

/** Nobody can say whether a version would overlap one whose `column` holds something else than a time. */
export function untimedVersion(column: string, value: string | null): RowRefusal {
  return { code: "UNTIMED", message: `its ${column}, ${value ?? "NULL"}, is no time`, fields: [] };
}
