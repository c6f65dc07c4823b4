// Owners and pipelines, which records name by ids and people by addresses and labels. Fetched once, when first asked for.

import type { HubSpotClient } from "./client.ts";
import { lendTo } from "./sdk.ts";

export interface Owner {
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

export interface Pipeline {
  id: string;
  label: string;
  stages: Stage[];
}

const ownersPerPage = 500;

export class Lookups {
  readonly #client: HubSpotClient;
  #owners: Promise<Owner[]> | undefined;
  readonly #pipelines = new Map<string, Promise<Pipeline[]>>();

  constructor(client: HubSpotClient) {
    this.#client = client;
  }

  /** Present owners, then archived ones: old records may name these. */
  owners(): Promise<Owner[]> {
    this.#owners ??= this.#client.explain("reading owners", () => fetchOwners(this.#client));
    return this.#owners;
  }

  /** Empty for an object without pipelines. */
  pipelines(object: string): Promise<Pipeline[]> {
    const known = this.#pipelines.get(object);
    if (known !== undefined) return known;
    const fetched = this.#client.explain(`reading pipelines of ${object}`, () => fetchPipelines(this.#client, object));
    this.#pipelines.set(object, fetched);
    return fetched;
  }
}

async function fetchOwners(client: HubSpotClient): Promise<Owner[]> {
  const sdk = await import("@hubspot/api-client/lib/codegen/crm/owners/index.js");
  const api = new sdk.OwnersApi(lendTo(client, sdk, "reading owners"));
  const owners: Owner[] = [];
  for (const archived of [false, true]) {
    let after: string | undefined;
    do {
      const page = await api.getPage(undefined, after, ownersPerPage, archived);
      for (const { id, email = "", firstName = "", lastName = "" } of page.results) {
        owners.push({ id, email, firstName, lastName, archived });
      }
      after = page.paging?.next?.after;
    } while (after !== undefined);
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
