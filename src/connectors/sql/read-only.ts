// Columns that nobody writes. Out: why, to follow a column's name, and what to do in place of that.

import type { FieldSchema } from "../../core/model.ts";

type ReadOnly = NonNullable<FieldSchema["readOnly"]>;

export const isMade: ReadOnly = { why: "is made of other columns", next: "leave it out of the map" };

/** `what`: "of type money". */
export function isUnsure(what: string): ReadOnly {
  return {
    why: `is ${what}, which has no text that is sure`,
    next: "map a column of text, from which a trigger or a generated column makes this one",
  };
}
