// Associations: which records belong to which, with labels. Read for many records at once, and made so.
// What must hold: an association that is there is never made less by making another; made again, it is the same.
// https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide

import { usageFailure } from "../../core/errors.ts";
import type { HubSpotClient } from "./client.ts";
import type { ApiError } from "./errors.ts";
import { associationPath } from "./paths.ts";
import { inGroups, inParallel, readBatch, readBatchAnswer } from "./records.ts";
import { type AssociationName, idColumn } from "./schema.ts";

const readRowsMax = 1000;
const createRowsMax = 2000;
const lanes = 4;

export interface AssociationType {
  category: string;
  typeId: number;
  label: string | null;
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
  ids: Iterable<string>,
  signal: AbortSignal,
): AsyncGenerator<Association[]> {
  const doing = `reading associations of ${objects.from} to ${objects.to}`;
  const read = async (group: string[]) => {
    const found: Association[] = [];
    let inputs: { id: string; after?: string }[] = group.map((id) => ({ id }));
    while (inputs.length > 0) {
      const { json } = await client.call({
        method: "POST",
        path: associationPath(objects.from, objects.to, "/batch/read"),
        json: { inputs },
        idempotent: true,
        doing,
        signal,
      });
      // Records without any are told among the errors.
      const { results } = readBatchAnswer<AnsweredAssociations>(json);
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
  yield* inParallel(inGroups(ids, readRowsMax), lanes, read);
}

/** The type of a label; undefined for associations without one. Throws a Failure (2) where there is no such label. */
export async function findLabel(
  client: HubSpotClient,
  from: string,
  { object, label }: Pick<AssociationName, "object" | "label">,
): Promise<AssociationType | undefined> {
  if (label === undefined) return undefined;
  const doing = `reading association labels of ${from} to ${object}`;
  const { json } = await client.call({
    method: "GET",
    path: associationPath(from, object, "/labels"),
    idempotent: true,
    doing,
  });
  const { results } = readBatchAnswer<AssociationType>(json);
  const found = results.find((type) => type.label?.toLowerCase() === label.toLowerCase());
  if (found !== undefined) return found;
  const known = results.map((type) => type.label).filter((one) => one !== null);
  throw usageFailure(`${from} and ${object} have no association label "${label}"`, {
    next: known.length === 0 ? "define it in HubSpot, or leave it out" : `labels: ${known.join(", ")}`,
  });
}

/** Values of an associated record's key to its id, as a load learns them. */
export class AssociatedRecords {
  readonly #client: HubSpotClient;
  readonly #ids = new Map<string, string>();

  constructor(client: HubSpotClient) {
    this.#client = client;
  }

  /** Ids by key, in lower case; of those that exist. Throws CallFault. */
  async find(
    { object, key }: Pick<AssociationName, "object" | "key">,
    keys: readonly string[],
    signal: AbortSignal,
  ): Promise<Map<string, string>> {
    const nameOf = (value: string) => `${object}.${key}=${value.toLowerCase()}`;
    const unknown = [...new Set(keys.map((value) => value.toLowerCase()))].filter(
      (value) => !this.#ids.has(nameOf(value)),
    );
    const doing = `reading ${object} by ${key}`;
    const byKey = key === idColumn ? {} : { idProperty: key };
    for (const group of inGroups(unknown, 100)) {
      const request = { object, properties: [key], ...byKey, doing, signal };
      for (const record of await readBatch(this.#client, request, group)) {
        const value = key === idColumn ? record.id : (record.properties[key] ?? "");
        this.#ids.set(nameOf(value), record.id);
      }
    }
    return new Map(
      keys.flatMap((value): [string, string][] => {
        const id = this.#ids.get(nameOf(value));
        return id === undefined ? [] : [[value.toLowerCase(), id]];
      }),
    );
  }
}

export interface NewAssociation {
  from: string;
  to: string;
}

/** Makes associations; gives what went wrong by `from`. Throws CallFault. */
export async function associate(
  client: HubSpotClient,
  objects: { from: string; to: string },
  type: AssociationType | undefined,
  wanted: readonly NewAssociation[],
  signal: AbortSignal,
): Promise<Map<string, ApiError>> {
  const failed = new Map<string, ApiError>();
  const present = new Map<string, AssociationType[]>();
  // What is sent replaces the labels of a pair: those that it has are sent along.
  if (type !== undefined) {
    for await (const found of readAssociations(
      client,
      objects,
      wanted.map(({ from }) => from),
      signal,
    )) {
      for (const { from, to, types } of found) present.set(`${from}>${to}`, types);
    }
  }
  for (const group of inGroups(wanted, type === undefined ? 100 : createRowsMax)) {
    const inputs = group.map(({ from, to }) => {
      const pair = { from: { id: from }, to: { id: to } };
      if (type === undefined) return pair;
      const others = (present.get(`${from}>${to}`) ?? []).filter(({ typeId }) => typeId !== type.typeId);
      const types = [...others, type].map(({ category, typeId }) => {
        return { associationCategory: category, associationTypeId: typeId };
      });
      return { ...pair, types };
    });
    const { json } = await client.call({
      method: "POST",
      path: associationPath(
        objects.from,
        objects.to,
        type === undefined ? "/batch/associate/default" : "/batch/create",
      ),
      json: { inputs },
      idempotent: true,
      doing: `associating ${objects.from} with ${objects.to}`,
      signal,
    });
    noteErrors(readBatchAnswer(json).errors, group, failed);
  }
  return failed;
}

/** An error that names no record is every record's of its call. */
function noteErrors(
  errors: readonly ApiError[],
  group: readonly NewAssociation[],
  failed: Map<string, ApiError>,
): void {
  for (const error of errors) {
    const named = Object.values(error.context ?? {}).flat();
    const concerned = group.filter(({ from, to }) => named.includes(from) || named.includes(to));
    for (const { from } of concerned.length > 0 ? concerned : group) failed.set(from, error);
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
  for await (const records of inParallel(inGroups(ids, 100), lanes, (group) => readBatch(client, request, group))) {
    for (const { id, properties } of records) {
      const value = properties[key];
      if (value !== null && value !== undefined && value !== "") keys.set(id, value);
    }
  }
  return keys;
}
