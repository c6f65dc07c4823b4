// Owners and pipelines, which records name by ids and people by addresses and labels. Fetched once, when first asked for.

import { followPages } from "../kit/pages.ts";
import { remember, rememberEach } from "../kit/remember.ts";
import type { HubSpotClient } from "./client.ts";
import { lendTo } from "./sdk.ts";

interface Owner {
  id: string;
  email: string;
  firstName: string;
  lastName: string;
  archived: boolean;
}

interface Stage {
  id: string;
  label: string;
  pipeline: string;
}

interface Pipeline {
  id: string;
  label: string;
  stages: Stage[];
}

const ownersPerPage = 500;

export interface Lookups {
  /** Present owners, then archived ones: old records may name these. */
  owners(): Promise<Owner[]>;
  /** Empty for an object without pipelines. */
  pipelines(object: string): Promise<Pipeline[]>;
}

export function openLookups(client: HubSpotClient): Lookups {
  return {
    owners: remember(() => client.explain("reading owners", () => fetchOwners(client))),
    pipelines: rememberEach((object) =>
      client.explain(`reading pipelines of ${object}`, () => fetchPipelines(client, object)),
    ),
  };
}

async function fetchOwners(client: HubSpotClient): Promise<Owner[]> {
  const sdk = await import("@hubspot/api-client/lib/codegen/crm/owners/index.js");
  const api = new sdk.OwnersApi(lendTo(client, sdk, "reading owners"));
  const owners: Owner[] = [];
  for (const archived of [false, true]) {
    const pages = followPages(client, "reading owners", async (after) => {
      const { results, paging } = await api.getPage(undefined, after, ownersPerPage, archived);
      return { results, next: paging?.next?.after };
    });
    for await (const { results } of pages)
      for (const { id, email = "", firstName = "", lastName = "" } of results)
        owners.push({ id, email, firstName, lastName, archived });
  }
  return owners;
}

async function fetchPipelines(client: HubSpotClient, object: string): Promise<Pipeline[]> {
  const sdk = await import("@hubspot/api-client/lib/codegen/crm/pipelines/index.js");
  const api = new sdk.PipelinesApi(lendTo(client, sdk, `reading pipelines of ${object}`));
  const { results } = await api.getAll(object);
  return results.map(({ id, label, stages }) => ({
    id,
    label,
    stages: stages.map((stage) => ({ id: stage.id, label: stage.label, pipeline: label })),
  }));
}
