// The key that rows of a batch are matched by, as SQL over a batch file or a result set.

import type { Target } from "../contract/target.ts";
import type { FieldSchema } from "../core/model.ts";
import { identifier } from "../core/sql.ts";
import { foldSql } from "../values/fold.ts";
import { isWholeSalesforceId } from "../values/record-id.ts";
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
  return `CASE WHEN ${isWholeSalesforceId(sql)} THEN left(${sql}, 15) ELSE ${sql} END`;
}
