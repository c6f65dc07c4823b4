// What a target stores of a text, or why it does not.

import { fieldOf } from "../../src/connectors/kit/field.ts";
import type { Values } from "../../src/contract/values.ts";
import { renderedName } from "../../src/core/columns.ts";
import type { FieldSchema } from "../../src/core/model.ts";
import { literal } from "../../src/core/sql.ts";
import { storedReading } from "../../src/values/value.ts";
import type { Rig } from "../stage/rig.ts";

export function renderedBy(rig: Rig, render: Values["render"]) {
  return async (
    field: Partial<FieldSchema> & Pick<FieldSchema, "vendorType">,
    text: string,
    reading = storedReading,
  ): Promise<string> => {
    const schema = fieldOf({ name: "f", ...field });
    const { value, invalid } = render(schema, "v", "VARCHAR", reading);
    const [row] = await rig.engine.all(`SELECT ${renderedName("f")} AS stored,
      ${invalid === undefined ? "NULL" : `CASE WHEN ${invalid.condition} THEN ${invalid.message} END`} AS wrong
      FROM (SELECT v, ${value} AS ${renderedName("f")} FROM (SELECT ${literal(text)} AS v))`);
    return String(row?.["wrong"] ?? row?.["stored"]);
  };
}
