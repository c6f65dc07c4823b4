// A lookup that may refer to records of several objects, mapped by an entry for each: `Contact:Who.Ext__c`, `Lead:Who.Email`.
// What must hold: a row uses one of them; a row with two would have one of its records forgotten.

import { renderedName } from "../../core/columns.ts";
import { literal } from "../../core/sql.ts";
import type { CompiledField } from "../../transform/mapping.ts";

/** The fields, of which those that share a lookup reject rows that give them a value beside another one. */
export function refuseSecondRecords(fields: readonly CompiledField[]): CompiledField[] {
  return fields.map((compiled, index) => {
    const relation = relationOf(compiled);
    if (relation === undefined) return compiled;
    const before = fields.slice(0, index).filter((other) => relationOf(other) === relation);
    return before.reduce(refuseBeside, compiled);
  });
}

/** `Who` of `Contact:Who.Ext__c`; of a field that is written. */
function relationOf({ field }: CompiledField): string | undefined {
  return field.own === false ? undefined : /^[^:.]+:([^:.]+)\./.exec(field.target)?.[1];
}

function refuseBeside(compiled: CompiledField, other: CompiledField): CompiledField {
  const { invalid } = compiled;
  const [own, beside] = [compiled.field.target, other.field.target];
  const both = `${renderedName(own)} IS NOT NULL AND ${renderedName(beside)} IS NOT NULL`;
  const message = literal(`the row names a record by ${beside} too, and the field holds one`);
  if (invalid === undefined) return { ...compiled, invalid: { condition: both, message } };
  return {
    ...compiled,
    invalid: {
      condition: `(${invalid.condition}) OR (${both})`,
      message: `CASE WHEN ${invalid.condition} THEN ${invalid.message} ELSE ${message} END`,
    },
  };
}
