// What is gone: archived records, which only the list tells, and those that were merged into others, which nothing tells
// but the records that they became part of.
// https://developers.hubspot.com/changelog/updated-merge-functionality-for-crm-records

import type { Window } from "../../contract/source.ts";
import { inGroups } from "../kit/groups.ts";
import { isWithin } from "../kit/window.ts";
import type { HubSpotClient } from "./client.ts";
import { listPages } from "./list.ts";
import type { HubSpotRecord } from "./records.ts";
import type { Filter } from "./search.ts";
import { searchPages } from "./search.ts";

/** Columns that come along where deletions do. */
export const deletionColumns: readonly string[] = ["archived", "merged_into"];

/** Survivors name those that they took in: `;` between them, of contacts also each with the time behind a colon. */
export const mergeProperties: readonly string[] = ["hs_merged_object_ids", "hs_calculated_merged_vids"];

export interface DeletionsRequest {
  object: string;
  /** Properties of an archived record to take. */
  properties: readonly string[];
  /** Those of `mergeProperties` that the object has. */
  merged: readonly string[];
  cursor: string;
  window: Window | undefined;
  windowFilters: readonly Filter[];
  signal: AbortSignal;
}

export interface Deletion {
  record: HubSpotRecord;
  /** When it went, or when the record that it went into changed. */
  at: string;
  mergedInto: string;
}

/** Groups of deletions of a window. Throws CallFault. */
export async function* readDeletions(client: HubSpotClient, request: DeletionsRequest): AsyncGenerator<Deletion[]> {
  const { object, properties, signal } = request;
  const doing = `reading archived ${object}`;
  for await (const { records } of listPages(client, { object, properties, archived: true, doing, signal }, undefined)) {
    yield records
      .filter(({ archivedAt }) => isWithin(archivedAt ?? "", request.window))
      .map((record) => ({ record, at: record.archivedAt ?? "", mergedInto: "" }));
  }
  for (const property of request.merged) yield* readMerged(client, request, property);
}

async function* readMerged(
  client: HubSpotClient,
  { object, cursor, windowFilters, signal }: DeletionsRequest,
  property: string,
): AsyncGenerator<Deletion[]> {
  const filters = [...windowFilters, { propertyName: property, operator: "HAS_PROPERTY" }];
  const doing = `reading merged ${object}`;
  const request = { object, properties: [cursor, property], groups: [filters], doing, signal };
  for await (const survivors of searchPages(client, request)) {
    const merged = survivors.flatMap((survivor) =>
      mergedIds(survivor.properties[property] ?? "", survivor.id).map(
        (id): Deletion => ({
          record: { id, properties: {}, archived: true },
          at: survivor.properties[cursor] ?? "",
          mergedInto: survivor.id,
        }),
      ),
    );
    yield* inGroups(merged, 1000);
  }
}

/** `12;34` or `12:1700000000000;34:…`; where a merge made a new record, its own id may be among them. */
export function mergedIds(value: string, survivor: string): string[] {
  const ids = value.split(";").map((part) => part.split(":")[0]?.trim() ?? "");
  return [...new Set(ids)].filter((id) => /^\d+$/.test(id) && id !== survivor);
}
