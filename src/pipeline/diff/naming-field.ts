// By which field of a key the target is asked for records. What must hold: where several fields are the key, the one is
// taken that has the most values among the rows, for it finds the fewest records beside theirs; only values that the target
// finds by what records hold at the moment, or by a unique key, are asked for.

import type { Target } from "../../contract/target.ts";
import type { FieldSchema } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import type { Engine } from "../../stage/engine.ts";

export interface Naming {
  field: FieldSchema;
  /** How many values the rows have of it. */
  values: number;
}

/** `rows`: a table of rows with the key's fields. Undefined where only reading all records tells which of them have the keys. */
export async function findNaming(
  engine: Engine,
  { capabilities }: Target,
  key: readonly FieldSchema[],
  rows: string,
): Promise<Naming | undefined> {
  const isOne = key.length === 1;
  const fields = key.filter(
    (field) => isNaming(field) && (isOne || capabilities.findsByAnyField === true || field.unique),
  );
  if (fields.length === 0) return undefined;
  // Of one field every row has a value of its own, which needs no counting.
  const counts = isOne ? ["count(*)"] : fields.map(({ name }) => `count(DISTINCT ${identifier(name)})`);
  const counted = await engine.one(
    `SELECT ${counts.map((sql, place) => `${sql} AS n${place}`).join(", ")} FROM ${rows}`,
  );
  const found = fields.map((field, place) => ({ field, values: Number(counted[`n${place}`]) }));
  return found
    .filter(({ values }) => values <= capabilities.namedKeysMax)
    .sort((left, right) => right.values - left.values)[0];
}

/** Whether records can be asked for by values of a key field, as text. */
function isNaming({ comparedBy, lookup, kind, externalId, unique }: FieldSchema): boolean {
  return (
    comparedBy === undefined && (lookup !== undefined || kind === "id" || kind === "reference" || externalId || unique)
  );
}
