// Whether a text is a condition of SOQL: asked of the org itself, which tells how it would answer the query and reads nothing.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query_performance_feedback.htm

import { CallFault } from "../../http/outcome.ts";
import type { SalesforceClient } from "./client.ts";
import { explainCondition } from "./condition.ts";
import { readApiError } from "./errors.ts";
import { idColumn } from "./snapshot.ts";
import { select } from "./soql.ts";

/** Why not; undefined where it is one. */
export async function explainFilter(
  client: SalesforceClient,
  object: string,
  filter: string,
): Promise<string | undefined> {
  const refusal = explainCondition(filter);
  if (refusal !== undefined) return refusal;
  const doing = `asking whether target.where is a filter of ${object}`;
  const soql = select({ fields: [idColumn], object, where: `(${filter})` });
  return client.explain(doing, async () => {
    try {
      await client.get(`/query?explain=${encodeURIComponent(soql)}`, { doing });
      return undefined;
    } catch (error) {
      const said = error instanceof CallFault && error.status === 400 ? readApiError(error.body) : undefined;
      if (said === undefined) throw error;
      // The query is told first, with where it fails.
      return said.message.trim().split("\n").at(-1);
    }
  });
}
