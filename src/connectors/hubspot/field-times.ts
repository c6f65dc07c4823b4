// When properties last changed, from their history. In: ids of records. Out: a CSV file, a record a line.
// What must hold: the history of a record that others were merged into has theirs too, and a value that was theirs is not
// what the record holds: https://developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies
// https://developers.hubspot.com/docs/api-reference/latest/crm/objects/objects/batch/get-objects (propertiesWithHistory);
// with history a call takes 50 records: https://github.com/PipedreamHQ/pipedream/issues/8462

import { join } from "node:path";
import type { TimesRequest } from "../../contract/present.ts";
import { writeRecordFile } from "../../core/record-file.ts";
import { lookUp } from "../kit/groups.ts";
import type { HubSpotClient } from "./client.ts";
import { idColumn } from "./properties.ts";
import { type HubSpotRecord, historyRowsMax, readBatch } from "./records.ts";

const lanes = 4;

/** Throws CallFault. */
export async function readFieldTimes(client: HubSpotClient, request: TimesRequest): Promise<string[]> {
  const path = join(request.folder, `${request.name}.csv`);
  await writeRecordFile(path, [idColumn, ...request.fields], timesOf(client, request));
  return [path];
}

async function* timesOf(client: HubSpotClient, request: TimesRequest): AsyncGenerator<string[]> {
  const { object, fields, ids, signal } = request;
  const read = { object, properties: fields, history: fields, doing: `reading the history of ${object}`, signal };
  const found = lookUp(ids, { items: historyRowsMax, lanes }, (names) => readBatch(client, read, names));
  for await (const records of found)
    for (const record of records) yield [record.id, ...fields.map((name) => lastChange(record, name))];
}

/** Of an emptied property, when it was emptied. */
function lastChange({ properties, propertiesWithHistory }: HubSpotRecord, name: string): string {
  const versions = propertiesWithHistory?.[name] ?? [];
  const own = versions.filter(({ value }) => (value ?? "") === (properties[name] ?? ""));
  const times = (own.length > 0 ? own : versions).map(({ timestamp }) => Date.parse(timestamp));
  return times.length === 0 ? "" : new Date(Math.max(...times)).toISOString();
}
