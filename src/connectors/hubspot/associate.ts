// Making associations of records that are there, and taking them away.
// What must hold: an association that is there is never made less by making another; made or taken away again, it is the
// same; only what is named is taken away; what is wrong with one costs no other.
// https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide

import { bisect } from "../kit/bisect.ts";
import { inGroups } from "../kit/groups.ts";
import { type AssociationType, readAssociations, specOf } from "./associations.ts";
import type { HubSpotClient } from "./client.ts";
import { type ApiError, refusalOf } from "./errors.ts";
import { associationPath } from "./paths.ts";
import { readBatchAnswer } from "./records.ts";

const createRowsMax = 2000;
const defaultRowsMax = 100;
const archiveRowsMax = 100;

export interface AssociatedPair {
  from: string;
  to: string;
}

export interface AssociateRequest {
  from: string;
  to: string;
  /** The type of a label; undefined for plain associations. */
  type: AssociationType | undefined;
  signal: AbortSignal;
}

/** Makes associations; gives what went wrong by `from`. Throws CallFault. */
export async function associate(
  client: HubSpotClient,
  request: AssociateRequest,
  wanted: readonly AssociatedPair[],
): Promise<Map<string, ApiError>> {
  const failed = new Map<string, ApiError>();
  const present = await readLabels(client, request, wanted);
  const items = request.type === undefined ? defaultRowsMax : createRowsMax;
  for await (const group of inGroups(wanted, items)) {
    const errors = await bisect(group, {
      call: (some) => associateGroup(client, request, some, present),
      refusalOf,
      refuse: (pair, error) => [pair.from, error] as const,
    });
    for (const [id, error] of errors) failed.set(id, error);
  }
  return failed;
}

/**
 * Takes associations away, with all their labels, or under a label just this one; gives what went wrong by `from`. One that
 * is not there is as good as gone. Throws CallFault.
 */
export async function dissociate(
  client: HubSpotClient,
  request: AssociateRequest,
  unwanted: readonly AssociatedPair[],
): Promise<Map<string, ApiError>> {
  const failed = new Map<string, ApiError>();
  for await (const group of inGroups(unwanted, archiveRowsMax)) {
    const errors = await bisect(group, {
      call: (some) => dissociateGroup(client, request, some),
      refusalOf,
      refuse: (pair, error) => [pair.from, error] as const,
    });
    for (const [id, error] of errors) failed.set(id, error);
  }
  return failed;
}

async function dissociateGroup(
  client: HubSpotClient,
  { from, to, type, signal }: AssociateRequest,
  group: readonly AssociatedPair[],
): Promise<(readonly [string, ApiError])[]> {
  const ends = (pair: AssociatedPair) => ({ from: { id: pair.from }, to: { id: pair.to } });
  const inputs = group.map((pair) =>
    type === undefined ? { from: { id: pair.from }, to: [{ id: pair.to }] } : { ...ends(pair), types: [specOf(type)] },
  );
  const { json } = await client.call({
    method: "POST",
    path: associationPath(from, to, type === undefined ? "/batch/archive" : "/batch/labels/archive"),
    json: { inputs },
    idempotent: true,
    doing: `taking ${from} from ${to}`,
    signal,
  });
  // Paths with a number answer with nothing (204), those with a date with a list of errors.
  const { errors } = json === undefined ? { errors: [] } : readBatchAnswer(json);
  return errors.flatMap((error) => concernedBy(error, group).map((id) => [id, error] as const));
}

/** By pair the types that it has. What is sent replaces the labels of a pair: these are sent along. */
async function readLabels(
  client: HubSpotClient,
  { from, to, type, signal }: AssociateRequest,
  wanted: readonly AssociatedPair[],
): Promise<Map<string, AssociationType[]>> {
  const present = new Map<string, AssociationType[]>();
  if (type === undefined) return present;
  const ids = wanted.map((pair) => pair.from);
  for await (const found of readAssociations(client, { from, to }, ids, signal)) {
    for (const one of found) present.set(`${one.from}>${one.to}`, one.types);
  }
  return present;
}

async function associateGroup(
  client: HubSpotClient,
  { from, to, type, signal }: AssociateRequest,
  group: readonly AssociatedPair[],
  present: ReadonlyMap<string, AssociationType[]>,
): Promise<(readonly [string, ApiError])[]> {
  const path = associationPath(from, to, type === undefined ? "/batch/associate/default" : "/batch/create");
  const inputs = group.map((pair) => inputOf(pair, type, present));
  const answer = await client.post(
    path,
    { inputs },
    { doing: `associating ${from} with ${to}`, form: { results: "list" }, signal },
  );
  return readBatchAnswer(answer).errors.flatMap((error) => concernedBy(error, group).map((id) => [id, error] as const));
}

function inputOf(
  { from, to }: AssociatedPair,
  type: AssociationType | undefined,
  present: ReadonlyMap<string, AssociationType[]>,
): object {
  const pair = { from: { id: from }, to: { id: to } };
  if (type === undefined) return pair;
  // An id names a type within its category only.
  const isOther = ({ category, typeId }: AssociationType) => typeId !== type.typeId || category !== type.category;
  const others = (present.get(`${from}>${to}`) ?? []).filter(isOther);
  return { ...pair, types: [...others, type].map(specOf) };
}

/** An error names records somewhere in its words (`COMPANY=123 is not valid`); one that names none is all records'. */
function concernedBy(error: ApiError, group: readonly AssociatedPair[]): string[] {
  const words = [...Object.values(error.context ?? {}).flat(), error.message ?? ""].join(" ");
  const named = new Set(words.match(/\d+/g));
  const concerned = group.filter(({ from, to }) => named.has(from) || named.has(to));
  return (concerned.length > 0 ? concerned : group).map(({ from }) => from);
}
