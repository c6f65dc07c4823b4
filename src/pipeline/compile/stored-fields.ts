// Fields as rules see them, of rows that are staged: from the text that is stored of each. In: fields with their types. Out:
// SQL of their values. Must hold: a value is of the type that the rules were held against.

import { mappedName, renderedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import { bindType } from "../../stage/bind.ts";
import type { CompiledField } from "../../transform/mapping.ts";
import type { StoredField } from "../../validate/run-rule.ts";
import { storedReading } from "../../values/value.ts";
import type { CompileInput } from "./bind-expression.ts";

export interface StoredInput extends CompileInput {
  fields: readonly CompiledField[];
  schemas: ReadonlyMap<string, FieldSchema>;
  /** Of the fields, as rules see them. */
  types: ReadonlyMap<string, string>;
}

export async function findStoredFields(
  { engine, target, fields, schemas, types }: StoredInput,
  names: ReadonlySet<string>,
): Promise<StoredField[]> {
  const stored: StoredField[] = [];
  for (const { field } of fields.filter((one) => names.has(one.field.target))) {
    const schema = schemas.get(field.target);
    const type = types.get(field.target) ?? "VARCHAR";
    if (schema === undefined) continue;
    const { typed } = target.render(schema, mappedName(field.target), "VARCHAR", storedReading);
    const texts = new Map([`v:${field.target}`, `r:${field.target}`].map((name) => [name, "VARCHAR"]));
    const bound = await bindType(engine, typed, texts, { nested: false });
    const isSame = "type" in bound && bound.type === type;
    // A file stores what was computed as a text.
    stored.push({ name: field.target, sql: isSame ? typed : `CAST(${renderedName(field.target)} AS ${type})` });
  }
  return stored;
}

/** Rows of a stage with these fields beside the text that is stored of them (`r:`), and `handed`, SQL names. */
export function selectStored(rows: string, fields: readonly StoredField[], handed: string): string {
  const texts = fields.flatMap(({ name }) => [
    `${identifier(name)} AS ${mappedName(name)}`,
    `${identifier(name)} AS ${renderedName(name)}`,
  ]);
  const typed = fields.flatMap(({ name, sql }) => [renderedName(name), `${sql} AS ${identifier(name)}`]);
  return `SELECT ${[handed, ...typed].join(", ")} FROM (SELECT ${[handed, ...texts].join(", ")} FROM ${rows})`;
}
