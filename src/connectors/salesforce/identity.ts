// Who is signed in to which org. In: a client. Out: names, as this user may see them.
// The root of a version names the identity: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_discoveryresource.htm

import type { Identity } from "../../contract/account.ts";
import { CallFault } from "../../http/outcome.ts";
import type { SalesforceClient } from "./client.ts";

export async function readIdentity(client: SalesforceClient): Promise<Identity> {
  const doing = "asking who is signed in";
  const root = await client.explain(doing, () => client.callJson({ method: "GET", path: "", idempotent: true, doing }));
  const userId = /\/(005\w{12,15})$/.exec(String(root["identity"] ?? ""))?.[1];
  const user = userId === undefined ? undefined : await readNames(client, "User", ["Username"], userId);
  const org = await readNames(client, "Organization", ["Name", "OrganizationType", "IsSandbox"], client.orgId);
  const kind = org?.["IsSandbox"] === true ? "a sandbox" : org?.["OrganizationType"];
  return {
    user: typeof user?.["Username"] === "string" ? user["Username"] : null,
    name: typeof org?.["Name"] === "string" ? org["Name"] : null,
    kind: typeof kind === "string" ? kind : null,
  };
}

/** Undefined where this user may not see it: signed in it is all the same. */
async function readNames(
  client: SalesforceClient,
  object: string,
  fields: readonly string[],
  id: string,
): Promise<Record<string, unknown> | undefined> {
  const doing = `reading ${object}`;
  const query = `SELECT ${fields.join(", ")} FROM ${object} WHERE Id = '${id}'`;
  try {
    const path = `/query?q=${encodeURIComponent(query)}`;
    const answer = await client.callJson({ method: "GET", path, idempotent: true, doing });
    return (answer["records"] as Record<string, unknown>[])[0];
  } catch (error) {
    if (error instanceof CallFault && error.status !== undefined && error.status >= 400 && error.status < 500)
      return undefined;
    throw error;
  }
}
