// Associations: which records belong to which, with labels. Read for many records at once.
// https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide

import { foldText } from "../../values/fold.ts";
import { lookUp } from "../kit/groups.ts";
import type { HubSpotClient } from "./client.ts";
import { associationPath } from "./paths.ts";
import { domainProperty, emailProperty, idColumn, otherAddressesProperty } from "./properties.ts";
import { batchRowsMax, type HubSpotRecord, otherAddresses, readBatch, readPresent } from "./records.ts";
import type { AssociationName } from "./schema.ts";
import { anyOf, searchPages } from "./search.ts";

const readRowsMax = 1000;
const lanes = 4;

export interface AssociationType {
  category: string;
  typeId: number;
  label: string | null;
}

/** A type as HubSpot is told it. */
export function specOf({ category, typeId }: AssociationType): object {
  return { associationCategory: category, associationTypeId: typeId };
}

export interface Association {
  from: string;
  to: string;
  types: AssociationType[];
}

interface AnsweredAssociations {
  from: { id: string };
  /** `toObjectId` comes as a number. */
  to: { toObjectId: string | number; associationTypes: AssociationType[] }[];
  paging?: { next?: { after?: string } };
}

/** All associations of records to those of another object. Throws CallFault. */
export async function* readAssociations(
  client: HubSpotClient,
  objects: { from: string; to: string },
  ids: Iterable<string> | AsyncIterable<string>,
  signal: AbortSignal,
): AsyncGenerator<Association[]> {
  const doing = `reading associations of ${objects.from} to ${objects.to}`;
  const path = associationPath(objects.from, objects.to, "/batch/read");
  const read = async (group: string[]) => {
    const found: Association[] = [];
    let inputs: { id: string; after?: string }[] = group.map((id) => ({ id }));
    while (inputs.length > 0) {
      const answer = await client.post(path, { inputs }, { doing, form: { results: "list" }, signal });
      // Records without any are told among the errors.
      const results = readPresent<AnsweredAssociations>(client, doing, answer);
      for (const { from, to } of results) {
        for (const { toObjectId, associationTypes } of to) {
          found.push({ from: String(from.id), to: String(toObjectId), types: associationTypes });
        }
      }
      inputs = results.flatMap(({ from, paging }) => {
        const after = paging?.next?.after;
        return after === undefined ? [] : [{ id: String(from.id), after }];
      });
    }
    return found;
  };
  yield* lookUp(ids, { items: readRowsMax, lanes }, read);
}

/** Values of an associated record's key to its id, as a load learns them. */
export class AssociatedRecords {
  readonly #client: HubSpotClient;
  readonly #ids = new Map<string, string[]>();

  constructor(client: HubSpotClient) {
    this.#client = client;
  }

  /** Ids of the records that have a key, by the key as it is folded: none, one, or several. Throws CallFault. */
  async find(
    { object, key }: Pick<AssociationName, "object" | "key">,
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, string[]>> {
    const nameOf = (value: string) => `${object}.${key}=${foldText(value)}`;
    const unknown = new Map(
      keys.filter((value) => !this.#ids.has(nameOf(value))).map((value) => [foldText(value), value]),
    );
    const read = (group: string[]) => this.#read({ object, key }, group, signal);
    for await (const found of lookUp(unknown.values(), { items: batchRowsMax, lanes: 1 }, read)) {
      for (const record of found) {
        const values = [key === idColumn ? record.id : (record.properties[key] ?? ""), ...otherAddresses(record)];
        for (const value of values) {
          this.#ids.set(nameOf(value), [...new Set([...(this.#ids.get(nameOf(value)) ?? []), record.id])]);
        }
      }
    }
    return new Map(keys.map((value) => [foldText(value), this.#ids.get(nameOf(value)) ?? []]));
  }

  async #read(
    { object, key }: Pick<AssociationName, "object" | "key">,
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<HubSpotRecord[]> {
    const doing = `reading ${object} by ${key}`;
    const properties = key === emailProperty ? [key, otherAddressesProperty] : [key];
    const request = { object, properties, doing, signal };
    if (key !== domainProperty) {
      return readBatch(this.#client, { ...request, ...(key === idColumn ? {} : { idProperty: key }) }, keys);
    }
    const records: HubSpotRecord[] = [];
    for await (const page of searchPages(this.#client, { ...request, groups: [[anyOf(key, keys)]] }))
      records.push(...page);
    return records;
  }
}

/** The values of a key of records by their ids. Throws CallFault, or a Failure where one is gone. */
export async function readKeys(
  client: HubSpotClient,
  { object, key }: Pick<AssociationName, "object" | "key">,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  if (key === idColumn) return new Map(ids.map((id) => [id, id]));
  const request = { object, properties: [key], doing: `reading ${key} of ${object}`, signal };
  const keys = new Map<string, string>();
  const limits = { items: batchRowsMax, lanes };
  for await (const records of lookUp(ids, limits, (group) => readBatch(client, request, group))) {
    for (const { id, properties } of records) {
      const value = properties[key];
      if (value !== null && value !== undefined && value !== "") keys.set(id, value);
    }
  }
  return keys;
}
