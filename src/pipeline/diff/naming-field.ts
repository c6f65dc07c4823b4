// By which field of a key the target is asked for records.

import type { Target } from "../../contract/target.ts";
import type { FieldSchema } from "../../core/model.ts";

/** Undefined where only reading all records tells which of them have the keys. */
export function findNaming({ capabilities }: Target, key: readonly FieldSchema[]): FieldSchema | undefined {
  return key.length === 1 || capabilities.findsByAnyField === true ? key.find(isNaming) : undefined;
}

/** Whether records can be asked for by values of a key field, as text. */
function isNaming({ comparedBy, lookup, kind, externalId, unique }: FieldSchema): boolean {
  return (
    comparedBy === undefined && (lookup !== undefined || kind === "id" || kind === "reference" || externalId || unique)
  );
}
