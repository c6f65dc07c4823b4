// Rows of a batch file as JSON records. In: cells as a bulk job would take them. Out: JSON text that means the same:
// a blank cell leaves its field alone, #N/A empties it, a number keeps its digits, a parent is named by its key.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm

import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import { clearCell } from "./render.ts";

export interface JsonColumn {
  /** As in the batch file. */
  header: string;
  /** The cell as a member of the record's JSON object; undefined where the field is left alone. */
  member(cell: string): string | undefined;
}

/** The columns of a batch file. */
export async function jsonColumns(
  schema: ObjectSchema,
  headers: readonly string[],
  resolve: (name: string) => Promise<FieldSchema | undefined>,
): Promise<JsonColumn[]> {
  return Promise.all(
    headers.map(async (header): Promise<JsonColumn> => {
      const field = await resolve(header);
      if (field === undefined) throw new Error(`${schema.object} has no field ${header}`);
      const write = (cell: string) => (header.includes(".") ? parentMember(schema, header, field, cell) : undefined);
      return {
        header,
        member: (cell) =>
          cell === "" ? undefined : (write(cell) ?? `${JSON.stringify(header)}:${jsonValue(field, cell)}`),
      };
    }),
  );
}

/** `Account.Ext__c` or `Lead:Who.Email`: a record within the record; emptied, the lookup itself is. */
function parentMember(schema: ObjectSchema, header: string, field: FieldSchema, cell: string): string {
  const [path = "", type] = header.split(":").reverse();
  const [relation = "", key = ""] = path.split(".");
  const lookup = [...schema.fields.values()].find(({ relationshipName }) => relationshipName === relation);
  if (cell === clearCell) return `${JSON.stringify(lookup?.name ?? relation)}:null`;
  const attributes = type === undefined ? "" : `"attributes":{"type":${JSON.stringify(type)}},`;
  return `${JSON.stringify(relation)}:{${attributes}${JSON.stringify(key)}:${jsonValue(field, cell)}}`;
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** Numbers as they are written: JavaScript would round those of more than 15 digits. */
function jsonValue(field: FieldSchema, cell: string): string {
  if (cell === clearCell) return "null";
  if (field.kind === "boolean") return cell === "true" ? "true" : "false";
  const isNumber = (field.kind === "number" || field.kind === "integer") && jsonNumber.test(cell);
  return isNumber ? cell : JSON.stringify(cell);
}
