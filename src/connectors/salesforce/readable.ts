// What of an object can be read: its columns with their types, its parents' fields, and what can't, with why.

import type { RecordSchema } from "../../contract/records.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import { numberType } from "../../values/number.ts";

/** Kinds of fields that a query can't read, or only whole. */
const unreadable: Readonly<Record<string, string>> = {
  address: "is a compound field, which a bulk query can't read",
  location: "is a compound field, which a bulk query can't read",
  base64: "holds binary data, which a bulk query can't read",
  complexvalue: "holds a structure, which a bulk query can't read",
};

/**
 * A number that is meant to be whole. Amounts of money and percentages without decimals are only shown so: Salesforce
 * keeps what it is sent, whatever the scale. https://help.salesforce.com/s/articleView?id=000387302
 */
export function isWhole({ kind, scale = 0, vendorType }: FieldSchema): boolean {
  return kind === "integer" || (kind === "number" && scale === 0 && vendorType === "double");
}

/** DuckDB's type of a field's values as they come in CSV. */
function columnType(field: FieldSchema): string {
  const { kind } = field;
  if (kind === "number") return isWhole(field) ? "DECIMAL(18,0)" : numberType;
  const types = {
    integer: "BIGINT",
    boolean: "BOOLEAN",
    date: "DATE",
    datetime: "TIMESTAMP WITH TIME ZONE",
    time: "TIME",
  };
  return kind in types ? types[kind as keyof typeof types] : "VARCHAR";
}

/** What an object has for a source: columns by name, and what can't be read with what to read instead. */
export function readableColumns(schema: ObjectSchema): Pick<RecordSchema, "columns" | "refused"> {
  const columns = new Map<string, string>();
  const refused = new Map<string, { message: string; next: string }>();
  for (const field of schema.fields.values()) {
    const why = unreadable[field.vendorType];
    if (why === undefined) columns.set(field.name, columnType(field));
    else refused.set(field.name.toLowerCase(), { message: `${field.name} ${why}`, next: insteadOf(field, schema) });
  }
  return { columns, refused };
}

function insteadOf(field: FieldSchema, schema: ObjectSchema): string {
  const stem = field.name.endsWith("__c") ? field.name.slice(0, -1) : field.name.replace(/Address$/, "");
  const parts = [...schema.fields.keys()].filter((name) => name !== field.name && name.startsWith(stem));
  if (unreadable[field.vendorType]?.includes("compound") !== true || stem === "" || parts.length === 0)
    return "leave it out";
  return `use ${parts.join(", ")}`;
}

/** Fields of any record that a lookup with several kinds of parents can point to. */
const nameFields = ["Id", "Name", "FirstName", "LastName", "Email", "Phone", "Title", "Type", "Username", "Alias"];
const parentLevelsMax = 5;

/**
 * DuckDB's type of a parent's field, `Account.Owner.Name`; undefined where there is none.
 * https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_relationships_query_limits.htm
 */
export async function resolveParentField(
  schema: ObjectSchema,
  path: string,
  describe: (object: string) => Promise<ObjectSchema>,
): Promise<string | undefined> {
  const relations = path.split(".");
  const name = relations.pop() ?? "";
  if (relations.length > parentLevelsMax) return undefined;
  let object = schema;
  for (const [index, relation] of relations.entries()) {
    const reference = [...object.fields.values()].find((field) => sameName(field.relationshipName, relation));
    const [parent, ...others] = reference?.referenceTo ?? [];
    if (parent === undefined) return undefined;
    if (others.length > 0) {
      return index === relations.length - 1 && nameFields.some((known) => sameName(known, name))
        ? "VARCHAR"
        : undefined;
    }
    object = await describe(parent);
  }
  const field = [...object.fields.values()].find((one) => sameName(one.name, name));
  return field === undefined || field.vendorType in unreadable ? undefined : columnType(field);
}

function sameName(left: string | undefined, right: string): boolean {
  return left?.toLowerCase() === right.toLowerCase();
}
