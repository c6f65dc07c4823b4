// The target's present values: batch reads by key, or the whole list where that costs fewer calls.

import { join } from "node:path";
import type { Snapshot, SnapshotRequest } from "../../contract/present.ts";
import { countOf } from "../../core/counted.ts";
import { inParallel } from "../../core/in-parallel.ts";
import { type FieldSchema, severalSeparator, unnamedMark } from "../../core/model.ts";
import { writeRecordFile } from "../../core/record-file.ts";
import { inGroups, lookUp } from "../kit/groups.ts";
import { saveSnapshot } from "../kit/snapshot.ts";
import { isLabelled } from "./association-types.ts";
import { readAssociations, readKeys } from "./associations.ts";
import type { HubSpotClient } from "./client.ts";
import { keepInScope } from "./in-scope.ts";
import { type ListRequest, listRecords } from "./list.ts";
import { namesOf } from "./match-filter.ts";
import { emailProperty, idColumn, otherAddressesProperty } from "./properties.ts";
import { batchRowsMax, cellOf, type HubSpotRecord, otherAddresses, readBatch } from "./records.ts";
import { type AssociationName, readAssociationName } from "./schema.ts";
import { addFilters, anyOf, countMatches, readFilter, searchPages } from "./search.ts";

export const versionColumn = "updatedAt";

/** Keys that are read before it is asked whether listing all records would take fewer calls. */
const keysBeforeCounting = 1000;
/** Records whose associations are read at once. */
const groupRows = 1000;
const groupLanes = 4;
const readLanes = 4;

/** Throws CallFault. */
export async function readSnapshot(
  client: HubSpotClient,
  request: SnapshotRequest,
  fields: ReadonlyMap<string, FieldSchema>,
): Promise<Snapshot> {
  const header = [idColumn, versionColumn, ...request.fields];
  const { groups, how, isAll } = await chooseReading(client, request, fields);
  const aliases: string[][] = [];
  const rows = inParallel(groups, groupLanes, async (read) => {
    const records = await read();
    const cells = await describeRecords(client, request, records);
    aliases.push(...aliasRows(request, records, cells));
    return cells;
  });
  const saved = await saveSnapshot(request, header, rows, "");
  const whole = isAll === undefined ? {} : { isAll };
  const snapshot = { ...saved, ...whole, how: typeof how === "string" ? how : how() };
  if (aliases.length === 0) return snapshot;
  const path = join(request.folder, `${request.name}-aliases.csv`);
  await writeRecordFile(path, header, aliases);
  return { ...snapshot, aliases: [path] };
}

/** Rows of records once more, each under another address by which HubSpot finds it too. */
function aliasRows(
  request: SnapshotRequest,
  records: readonly HubSpotRecord[],
  cells: readonly string[][],
): string[][] {
  if (!hasAliases(request)) return [];
  const place = 2 + request.fields.indexOf(emailProperty);
  return records.flatMap((record, index) =>
    otherAddresses(record).map((address) => (cells[index] ?? []).with(place, address)),
  );
}

function hasAliases({ object, key, fields }: SnapshotRequest): boolean {
  return object === "contacts" && key[0] === emailProperty && fields.includes(emailProperty);
}

/** Reads one group of records. */
type ReadGroup = () => Promise<HubSpotRecord[]>;

interface Reading {
  isAll?: true;
  groups: Iterable<ReadGroup> | AsyncIterable<ReadGroup>;
  /** How records are read; a function where only the end of it tells. */
  how: string | (() => string);
}

async function chooseReading(
  client: HubSpotClient,
  request: SnapshotRequest,
  fields: ReadonlyMap<string, FieldSchema>,
): Promise<Reading> {
  const { object, keys, scope, signal } = request;
  const key = fields.get(request.key[0] ?? idColumn);
  const doing = `reading present ${object}`;
  const filters = scope === undefined ? undefined : addFilters(readFilter(scope, "target.scope", {}), []);
  if (filters !== undefined && keys !== undefined) {
    const known = { object, groups: filters, fields, signal };
    const properties = [...new Set([...propertiesOf(request), ...namesOf(filters).properties])];
    const read = readByKey(client, { request, properties, keys: keys.read(), doing });
    return { groups: narrow(read, (records) => keepInScope(client, known, records)), how: "batch reads by id" };
  }
  if (filters !== undefined) {
    const pages = searchPages(client, { object, properties: propertiesOf(request), groups: filters, doing, signal });
    return { groups: alreadyRead(each(pages)), how: "searches of the scope" };
  }
  if (keys !== undefined && key !== undefined && !(key.unique || key.externalId)) {
    const how = `searches by ${key.name}`;
    return { groups: searchByValue(client, request, { name: key.name, values: keys.read() }, doing), how };
  }
  const total =
    keys === undefined || keys.count <= keysBeforeCounting
      ? Number.POSITIVE_INFINITY
      : await countMatches(client, { object, groups: [], doing, signal });
  const isNamed = keys !== undefined && keys.count <= total && !(total < 2 * keys.count && (await request.mayKeep?.()));
  if (isNamed) {
    const calls = Math.ceil(keys.count / batchRowsMax);
    const how = countOf(calls, "batch read by key", "batch reads by key");
    const read = { request, properties: propertiesOf(request), keys: keys.read(), doing };
    return { groups: readByKey(client, read), how };
  }
  await request.onAll?.();
  return listAll(client, { object, properties: propertiesOf(request), archived: false, doing, signal });
}

function listAll(client: HubSpotClient, list: ListRequest): Reading {
  let calls = 0;
  const count = () => {
    calls += 1;
  };
  return {
    isAll: true,
    groups: alreadyRead(listRecords(client, list, count)),
    how: () => `the list of all records (${countOf(calls, "call")})`,
  };
}

function propertiesOf(request: SnapshotRequest): string[] {
  const properties = request.fields.filter((name) => readAssociationName(name) === undefined);
  return hasAliases(request) ? [...new Set([...properties, otherAddressesProperty])] : properties;
}

interface KeyedReading {
  request: SnapshotRequest;
  properties: string[];
  keys: AsyncIterable<string>;
  doing: string;
}

async function* narrow(
  groups: AsyncIterable<ReadGroup>,
  keep: (records: HubSpotRecord[]) => Promise<HubSpotRecord[]>,
): AsyncGenerator<ReadGroup> {
  for await (const read of groups) yield async () => keep(await read());
}

async function* readByKey(
  client: HubSpotClient,
  { request, properties, keys, doing }: KeyedReading,
): AsyncGenerator<ReadGroup> {
  const { object, signal } = request;
  const [key = idColumn] = request.key;
  const read = {
    object,
    properties,
    ...(key === idColumn ? {} : { idProperty: key }),
    doing,
    signal,
  };
  for await (const names of inGroups(keys, groupRows)) {
    yield async () => {
      const records: HubSpotRecord[] = [];
      const limits = { items: batchRowsMax, lanes: readLanes };
      for await (const found of lookUp(names, limits, (ids) => readBatch(client, read, ids))) records.push(...found);
      return records;
    };
  }
}

/** Records that agree in a property that is not unique, as far as the index knows them. */
async function* searchByValue(
  client: HubSpotClient,
  request: SnapshotRequest,
  { name, values }: { name: string; values: AsyncIterable<string> },
  doing: string,
): AsyncGenerator<ReadGroup> {
  const { object, signal } = request;
  const properties = propertiesOf(request);
  for await (const group of inGroups(values, batchRowsMax)) {
    yield async () => {
      const records: HubSpotRecord[] = [];
      const pages = searchPages(client, { object, properties, groups: [[anyOf(name, group)]], doing, signal });
      for await (const page of pages) records.push(...page);
      return records;
    };
  }
}

/** Pages come one after the other: they are gathered to groups. */
async function* alreadyRead(records: AsyncIterable<HubSpotRecord>): AsyncGenerator<ReadGroup> {
  for await (const group of inGroups(records, groupRows)) yield async () => group;
}

async function* each(pages: AsyncIterable<HubSpotRecord[]>): AsyncGenerator<HubSpotRecord> {
  for await (const page of pages) yield* page;
}

/** Rows of a group: id, version, then the fields. */
async function describeRecords(
  client: HubSpotClient,
  { object, fields, whole = [], signal }: Pick<SnapshotRequest, "object" | "fields" | "whole" | "signal">,
  records: HubSpotRecord[],
): Promise<string[][]> {
  const associated = new Map<string, Map<string, string[]>>();
  for (const field of fields) {
    const name = readAssociationName(field);
    if (name === undefined) continue;
    const read = { object, name, isWhole: whole.includes(field), signal };
    associated.set(field, await readAssociatedKeys(client, read, records));
  }
  return records.map((record) => [
    record.id,
    record.updatedAt ?? "",
    ...fields.map((field) => {
      const keys = associated.get(field);
      return keys === undefined ? cellOf(record, field) : (keys.get(record.id) ?? []).join(severalSeparator);
    }),
  ]);
}

interface AssociatedReading {
  object: string;
  name: AssociationName;
  /** Those that have no key are told by their ids. */
  isWhole: boolean;
  signal: AbortSignal;
}

/** The keys of the records that each record is associated with, under a label if one is named. */
async function readAssociatedKeys(
  client: HubSpotClient,
  { object, name, isWhole, signal }: AssociatedReading,
  records: readonly HubSpotRecord[],
): Promise<Map<string, string[]>> {
  const ids = records.map(({ id }) => id);
  const pairs: { from: string; to: string }[] = [];
  for await (const found of readAssociations(client, { from: object, to: name.object }, ids, signal)) {
    const wanted = found.filter(
      ({ types }) => name.label === undefined || types.some((type) => isLabelled(type, name.label)),
    );
    pairs.push(...wanted);
  }
  const keys = await readKeys(
    client,
    name,
    pairs.map(({ to }) => to),
    signal,
  );
  const byRecord = new Map<string, string[]>();
  for (const { from, to } of pairs) {
    const key = keys.get(to) ?? (isWhole ? unnamedMark + to : undefined);
    if (key !== undefined) byRecord.set(from, [...(byRecord.get(from) ?? []), key]);
  }
  return byRecord;
}
