// Records that were read by their ids, less those that are not in a scope: the scope's own answer comes from the search
// index, which tells of a change up to a minute later.
// https://help.okta.com/wf/en-us/content/Topics/Workflows/connector-reference/hubspotcrm/actions/searchcontacts.htm

import type { FieldSchema } from "../../core/model.ts";
import { readAssociations } from "./associations.ts";
import type { HubSpotClient } from "./client.ts";
import { matchesFilter, namesOf } from "./match-filter.ts";
import type { HubSpotRecord } from "./records.ts";
import { type FilterGroups, indexLagMs } from "./search.ts";

interface ScopeRequest {
  object: string;
  groups: FilterGroups;
  fields: ReadonlyMap<string, FieldSchema>;
  signal: AbortSignal;
}

/** Where only the index could tell, those that it has had time to learn of are in it, as it said. Throws CallFault. */
export async function keepInScope(
  client: HubSpotClient,
  { object, groups, fields, signal }: ScopeRequest,
  records: readonly HubSpotRecord[],
): Promise<HubSpotRecord[]> {
  const { objects } = namesOf(groups);
  const linked = new Map<string, Map<string, string[]>>();
  for (const to of objects) {
    const ids = new Map<string, string[]>();
    for await (const found of readAssociations(client, { from: object, to }, idsOf(records), signal))
      for (const one of found) ids.set(one.from, [...(ids.get(one.from) ?? []), one.to]);
    linked.set(to, ids);
  }
  const known = (await client.readClock()).getTime() - indexLagMs;
  return records.filter((record) => {
    const associated = new Map([...linked].map(([to, ids]) => [to, ids.get(record.id) ?? []]));
    const isKnown = Date.parse(record.updatedAt ?? "") < known;
    return matchesFilter(groups, { record, associated }, fields) ?? isKnown;
  });
}

function idsOf(records: readonly HubSpotRecord[]): string[] {
  return records.map(({ id }) => id);
}
