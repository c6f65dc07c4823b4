// Parent-to-child subqueries: SELECT Id, (SELECT LastName FROM Contacts) FROM Account.
// In: a relationship's name as the parent knows it. Out: the child object and its lookup to the parent.
// https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_relationships_query_using.htm

import type { Catalog } from "../catalog/catalog.ts";
import type { Field } from "../catalog/field.ts";
import type { SalesforceObject } from "../catalog/object.ts";
import { ApiError } from "../errors.ts";
import { pointer } from "./paths.ts";

/** The child object and its lookup behind a relationship name, in any case. */
export function childRelationship(
  catalog: Catalog,
  soql: string,
  parent: SalesforceObject,
  name: string,
): { object: SalesforceObject; lookup: Field } {
  for (const object of catalog.objects)
    for (const lookup of object.fields)
      if (
        lookup.referenceTo.includes(parent.name) &&
        lookup.childRelationshipName?.toLowerCase() === name.toLowerCase()
      )
        return { object, lookup };
  throw new ApiError(
    400,
    "INVALID_TYPE",
    `${pointer(soql, name)}Didn't understand relationship '${name}' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
  );
}
