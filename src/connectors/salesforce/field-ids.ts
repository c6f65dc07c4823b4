// What tells custom fields from others that are made anew under their names, `Contact.00N…`: it stays as a field is renamed,
// and is another one as a field is deleted and made anew. Standard fields are never. In: names. Out: ids, or why not. What
// must hold: a field of which Salesforce tells no id is named, and nothing is kept of it: made anew it would be empty, no
// record would have changed by it, and what is kept would be wrong without a sign.
// https://developer.salesforce.com/docs/platform/api-tooling/references/tooling-objects/tooling-fielddefinition.html

import type { KeptValues, Untold } from "../../contract/present.ts";
import type { SalesforceClient } from "./client.ts";
import { queryRecords } from "./rest-query.ts";
import { select, soqlText } from "./soql.ts";

/**
 * A part of a geolocation or an address has no definition: it comes and goes with the whole. `Place__Latitude__s` is of
 * `Place__c`: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/compound_fields_geolocation.htm
 */
const part = /__[A-Za-z]+__s$/;
/** A custom field of Contact, as it is called at the account of a person; the org may define it at Contact alone. */
const ofPerson = /__pc$/;

export async function identifyCustom(
  client: SalesforceClient,
  { object, fields, signal }: Pick<KeptValues, "object" | "fields" | "signal">,
): Promise<string[] | Untold> {
  const custom = new Set(fields.filter((name) => name.includes("__")).map((name) => name.replace(part, "__c")));
  if (custom.size === 0) return [];
  const ids = await readIds(client, object, signal);
  const others = [...custom].filter((name) => !ids.has(name) && ofPerson.test(name));
  const ofContact = others.length === 0 ? undefined : await readIds(client, "Contact", signal);
  for (const name of others) {
    const id = ofContact?.get(name.replace(ofPerson, "__c"));
    if (id !== undefined) ids.set(name, id);
  }
  const unknown = [...custom].find((name) => !ids.has(name));
  if (unknown !== undefined) return { why: `Salesforce does not tell which ${unknown} it is` };
  return [...custom].map((name) => ids.get(name) ?? "").sort();
}

/** By the names of all fields that an object defines. */
async function readIds(client: SalesforceClient, object: string, signal: AbortSignal): Promise<Map<string, string>> {
  const where = `EntityDefinition.QualifiedApiName = ${soqlText(object)}`;
  const soql = select({ fields: ["QualifiedApiName", "DurableId"], object: "FieldDefinition", where });
  const ids = new Map<string, string>();
  for await (const record of queryRecords(client, soql, {
    all: false,
    doing: `asking which fields ${object} has`,
    signal,
  }))
    ids.set(String(record["QualifiedApiName"]), String(record["DurableId"]));
  return ids;
}
