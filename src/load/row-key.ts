// The key that rows of a batch are matched by, as SQL over a batch file or a result set.

import type { Target } from "../contract/target.ts";
import type { FieldSchema } from "../core/model.ts";
import { identifier, literal } from "../core/sql.ts";
import { foldSql } from "../values/fold.ts";
import { bind, storedReading } from "../values/value.ts";

export interface RenderedKey {
  /** Names of the columns that it is read from. */
  columns: readonly string[];
  /** VARCHAR over the file's columns: the same for a value however the target renders it again. */
  of(): string;
  /** The key as it was sent, for people. */
  shown: string;
}

/** Of creates: the key fields. A number may come back as 9.12260031E8, text in another case. */
export function keyOfFields(target: Target, fields: readonly FieldSchema[]): RenderedKey {
  const parts = fields.map((field) => {
    const { value } = target.render(field, identifier(field.name), "VARCHAR", storedReading);
    // Folding has five copies of what it folds, and a text's form is long: binding them took a sixth of a small run.
    return field.caseSensitive ? value : bind("stored", value, foldSql);
  });
  return {
    columns: fields.map(({ name }) => name),
    of: () => parts.join(" || chr(31) || "),
    shown: fields.map(({ name }) => identifier(name)).join(" || ', ' || "),
  };
}

/** Of updates and deletes: the record's id. */
export function keyOfId(idColumn: string): RenderedKey {
  return { columns: [idColumn], of: () => foldId(identifier(idColumn)), shown: identifier(idColumn) };
}

/**
 * VARCHAR: of 18 letters 15 count where the others are computed of them (Salesforce). Any other text is what it is: keys of
 * tables have 18 letters too, `customer-000000001`.
 */
export function foldId(sql: string): string {
  const groups = [1, 6, 11].map((start, at) => `substring(${sql}, ${start}, 5) || substring(${sql}, ${16 + at}, 1)`);
  const isLong = `length(${sql}) = 18 AND regexp_full_match(${groups.join(" || ")}, ${literal(checkedGroups)})`;
  return `CASE WHEN ${isLong} THEN left(${sql}, 15) ELSE ${sql} END`;
}

/**
 * Three times five letters with the one that says which of them are capitals
 * (https://help.salesforce.com/s/articleView?id=000385585&type=1). One expression for them all takes half of the time of a
 * lookup for each letter (measured); `+` is `{3}` of 18 letters, and compiled in four fifths of
 * its time.
 */
const checkedGroups = `(${[..."ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"]
  .map(
    (check, capitals) =>
      `${[0, 1, 2, 3, 4].map((bit) => ((capitals >> bit) & 1 ? "[A-Z]" : "[a-z0-9]")).join("")}${check}`,
  )
  .join("|")})+`;
