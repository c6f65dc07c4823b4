// What changed of an object since a time: by the search index what was created, edited or merged, by the list what was
// archived. What must hold: the index is behind, so what it tells is of a moment that is past, and who goes by it reads what
// is to be written once more; what went without a trace (deleted for good) shows in the count; what a record is associated
// with, and what HubSpot computes, changes without it and is not vouched for.
// https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm

import { join } from "node:path";
import {
  type Changes,
  type ChangesRequest,
  goneColumn,
  type PresentChanges,
  type Untold,
} from "../../contract/present.ts";
import type { FieldSchema, ObjectSchema } from "../../core/model.ts";
import { writeRecordFile } from "../../core/record-file.ts";
import { inGroups, lookUp } from "../kit/groups.ts";
import { saveIds, saveSnapshot } from "../kit/snapshot.ts";
import type { HubSpotClient } from "./client.ts";
import { usualCursor } from "./cursor.ts";
import { mergedIds, mergeProperties } from "./deletions.ts";
import { listRecords, listRowsMax } from "./list.ts";
import { idColumn } from "./properties.ts";
import { batchRowsMax, cellOf, type HubSpotRecord, readBatch } from "./records.ts";
import { anyOf, countMatches, type Filter, indexLagMs, searchPages, searchRowsMax } from "./search.ts";
import { versionColumn } from "./snapshot.ts";

/** A count of what changed and of all, and the list of what is archived. */
const changesCallsMin = 3;
/** The list of archived records may take so many in any case. */
const archivedCallsMin = 10;
/** By HubSpot's limits: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines */
const callsPerSecond = 10;
const searchesPerSecond = 5;

export function openChanges(
  client: HubSpotClient,
  describe: (object: string) => Promise<ObjectSchema>,
): PresentChanges {
  const explain = <T>(object: string, act: () => Promise<T>) =>
    client.explain(`reading what changed of ${object}`, act);
  return {
    overlapMs: indexLagMs,
    lagMs: indexLagMs,
    readClock: () => client.readClock(),
    async explainUntold({ object, fields, key }) {
      const { fields: known } = await describe(object);
      const untold = fields.filter((name) => !movesVersion(known.get(name)));
      if (untold.length > 0) return `${untold.join(", ")} may change without a change of the record`;
      if (!known.has(usualCursor(object))) return `${object} do not tell when they changed`;
      const named = known.get(key[0] ?? idColumn);
      if (named?.unique === true || named?.externalId === true) return undefined;
      return `only the search index finds ${object} by ${key[0]}, and it is behind`;
    },
    countChanges: ({ object, signal }, since) =>
      explain(object, () => {
        const doing = `counting what changed of ${object}`;
        return countMatches(client, { object, groups: [[changedSince(object, since)]], doing, signal });
      }),
    async readChanges(request) {
      const { fields } = await describe(request.object);
      return explain(request.object, () => readChanges(client, request, fields));
    },
    forecast: ({ keys, changed, all }) => {
      const searches = changesCalls(changed);
      const named = Math.ceil((keys?.count ?? 0) / batchRowsMax);
      const listed = Math.ceil(all / listRowsMax);
      return {
        ...(keys === undefined ? {} : { named: { calls: named, seconds: named / callsPerSecond } }),
        changed: { calls: searches, seconds: searches / searchesPerSecond },
        all: { calls: listed, seconds: listed / callsPerSecond },
      };
    },
  };
}

/** With one page of the list of archived records. */
function changesCalls(changed: number): number {
  return changesCallsMin + Math.ceil(changed / searchRowsMax);
}

/** How many archived records may be listed: as long as that and the searches are fewer calls than reading all. */
export function archivedRowsMax({ expected, allCalls }: Pick<ChangesRequest, "expected" | "allCalls">): number {
  return Math.max(allCalls - changesCalls(expected), archivedCallsMin) * listRowsMax;
}

/** A property that people and programs write: what HubSpot computes changes without a change of the record's time. */
function movesVersion(field: FieldSchema | undefined): boolean {
  return field !== undefined && field.derived !== true && field.vendorType !== "association" && field.updateable;
}

function changedSince(object: string, since: string): Filter {
  return { propertyName: usualCursor(object), operator: "GTE", value: String(Date.parse(since)) };
}

async function readChanges(
  client: HubSpotClient,
  request: ChangesRequest,
  known: ReadonlyMap<string, FieldSchema>,
): Promise<Changes | Untold> {
  const { folder, name, fields } = request;
  const clock = await client.readClock();
  const archived = await readArchived(client, request);
  if (archived === undefined) return { why: `the list of archived ${request.object} is too long` };
  const merging = mergeProperties.filter((property) => known.has(property));
  const { files, told, merged } = await readWindow(client, request, merging);
  const went = new Set([...archived.keys(), ...merged]);
  const gone = join(folder, `${name}-gone.csv`);
  await saveIds(gone, idColumn, went);
  const later = join(folder, `${name}-settled.csv`);
  const doubtful = new Set([...told].filter((id) => went.has(id)));
  await writeRecordFile(later, headerOf(fields), settle(client, request, doubtful));
  const count = await countPresent(client, request, archived, clock);
  return { files, later: [later], gone, count, asOf: clock.toISOString() };
}

function headerOf(fields: readonly string[]): string[] {
  return [idColumn, versionColumn, ...fields, goneColumn];
}

function rowOf(record: HubSpotRecord, fields: readonly string[], isGone: boolean): string[] {
  return [record.id, record.updatedAt ?? "", ...fields.map((name) => cellOf(record, name)), String(isGone)];
}

/** Archived records, and when they went. Only the list tells them, all of them. Undefined where they are too many. */
async function readArchived(
  client: HubSpotClient,
  { object, expected, allCalls, signal }: ChangesRequest,
): Promise<ReadonlyMap<string, string> | undefined> {
  const most = archivedRowsMax({ expected, allCalls });
  const archived = new Map<string, string>();
  const request = { object, properties: [idColumn], archived: true, doing: `reading archived ${object}`, signal };
  for await (const { id, archivedAt = "" } of listRecords(client, request)) {
    if (archived.size >= most) return undefined;
    archived.set(id, archivedAt);
  }
  return archived;
}

/** `merged`: records that others have taken in. */
async function readWindow(
  client: HubSpotClient,
  { object, fields, since, folder, name, signal, onProgress }: ChangesRequest,
  merging: readonly string[],
): Promise<{ files: string[]; told: ReadonlySet<string>; merged: ReadonlySet<string> }> {
  const told = new Set<string>();
  const merged = new Set<string>();
  const properties = [...new Set([...fields, ...merging])];
  const groups = [[changedSince(object, since)]];
  const pages = searchPages(client, { object, properties, groups, doing: `reading what changed of ${object}`, signal });
  const rows = async function* () {
    for await (const records of pages) {
      for (const record of records) {
        told.add(record.id);
        for (const id of merging.flatMap((property) => mergedIds(cellOf(record, property), record.id))) merged.add(id);
      }
      yield records.map((record) => rowOf(record, fields, false));
    }
  };
  const saved = await saveSnapshot({ folder, name: `${name}-changed`, onProgress }, headerOf(fields), rows(), "");
  return { files: saved.files, told, merged };
}

/** What the index tells as there, and the list or a survivor as gone, is read by its id. */
async function* settle(
  client: HubSpotClient,
  { object, fields, signal }: ChangesRequest,
  ids: ReadonlySet<string>,
): AsyncGenerator<string[]> {
  const read = { object, properties: fields, doing: `reading ${object} that may be gone`, signal };
  const left = new Set(ids);
  // The id of a record that was merged finds the one that it is part of.
  for await (const records of lookUp(ids, { items: batchRowsMax, lanes: 1 }, (group) => readBatch(client, read, group)))
    for (const record of records) if (left.delete(record.id)) yield rowOf(record, fields, false);
  for (const id of left) yield rowOf({ id, properties: {} }, fields, true);
}

/** As the index counts, less those that it has not heard of as archived. */
async function countPresent(
  client: HubSpotClient,
  { object, key: [key = idColumn], signal }: ChangesRequest,
  archived: ReadonlyMap<string, string>,
  clock: Date,
): Promise<number> {
  const hasKey: Filter[] = key === idColumn ? [] : [{ propertyName: key, operator: "HAS_PROPERTY" }];
  const ask = (filters: Filter[]) =>
    countMatches(client, { object, groups: [filters], doing: `counting ${object}`, signal });
  const isLate = (at: string) => !(Date.parse(at) < clock.getTime() - indexLagMs);
  const late = [...archived].flatMap(([id, at]) => (isLate(at) ? [id] : []));
  let count = await ask(hasKey);
  for await (const ids of inGroups(late, batchRowsMax)) count -= await ask([...hasKey, anyOf(idColumn, ids)]);
  return count;
}
