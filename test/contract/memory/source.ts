// The memory CRM as a source: the records of a window, a part for each hundred. In: an object and a window. Out: parts of
// CSV. Must hold: a window is half open and ends by the CRM's own clock; asked again, it yields the same parts.

import type { RecordSchema } from "../../../src/contract/records.ts";
import type { ExtractedPart, ExtractRequest, Source } from "../../../src/contract/source.ts";
import { describePart, partPath } from "../../../src/core/part-file.ts";
import { writeRecordFile } from "../../../src/core/record-file.ts";
import { explainEach } from "../../../src/http/explain-each.ts";
import type { ObjectSource } from "../../../src/job/job.ts";
import type { MemoryClient } from "./client.ts";
import type { MemoryField, MemoryRecord } from "./server.ts";
import { idColumn, versionColumn } from "./values.ts";

/** Column to type. */
const deletionColumns = { deleted: "BOOLEAN", merged_into: "VARCHAR" };
const types: Record<MemoryField["type"], string> = {
  id: "VARCHAR",
  text: "VARCHAR",
  number: "DECIMAL(18, 2)",
  boolean: "BOOLEAN",
  date: "DATE",
  datetime: "TIMESTAMP WITH TIME ZONE",
};

export function openMemorySource(client: MemoryClient): Source {
  return {
    orgId: client.orgId,
    records: {
      overlapMs: 60_000,
      describe: (source) => client.explain(`describing ${source.object}`, () => describe(client, source)),
      readClock: () => client.readClock(),
    },
    extract(request) {
      const { source } = request;
      if (source.kind !== "object") throw new Error("the memory CRM holds objects, not files");
      return explainEach(client, `extracting ${source.object}`, extract(client, { ...request, source }));
    },
  };
}

async function describe(client: MemoryClient, { object, deletes }: ObjectSource): Promise<RecordSchema> {
  const fields = await client.fields(object);
  return {
    object,
    columns: new Map([
      [idColumn, types.id],
      ...fields.map(({ name, type }) => [name, types[type]] as const),
      [versionColumn, types.datetime],
      ...(deletes === "emit" ? Object.entries(deletionColumns) : []),
    ]),
    refused: new Map(),
    idColumn,
    versionColumn,
    deletionColumns: Object.keys(deletionColumns),
    resolveParentField: async () => undefined,
  };
}

async function* extract(client: MemoryClient, request: ExtractRequest<ObjectSource>): AsyncGenerator<ExtractedPart> {
  // One part: what is known already is all of it.
  if (request.known.length > 0) return;
  const { source, window, columns, signal } = request;
  const path = partPath(request, 1);
  const fields = [...new Set([idColumn, versionColumn, ...columns])];
  const rows = await writeRecordFile(path, fields, readWindow(client, source, window, signal, fields));
  yield await describePart(path, 1, { label: source.object, locator: "records", rows });
}

async function* readWindow(
  client: MemoryClient,
  { object, deletes }: ObjectSource,
  window: ExtractRequest["window"],
  signal: AbortSignal,
  fields: readonly string[],
): AsyncGenerator<string[]> {
  const isEmitted = deletes === "emit";
  const pending = new Set(window?.pending);
  if (pending.size > 0 && window?.from !== undefined) {
    const found = await client.post<MemoryRecord[]>(
      `/records/${object}/read`,
      { field: idColumn, values: [...pending] },
      signal,
    );
    // Those that changed meanwhile come with the window.
    const { from, to } = window;
    for (const record of found)
      if (record.changed < iso(from) || record.changed >= iso(to)) yield cellsOf(record, fields);
  }
  const asked = {
    since: window?.from === undefined ? "" : iso(window.from),
    until: window === undefined ? "" : iso(window.to),
    deleted: String(isEmitted),
  };
  for await (const records of client.pages(object, asked, signal)) {
    for (const record of records) yield cellsOf(record, fields);
  }
}

function iso(time: string): string {
  return new Date(time).toISOString();
}

function cellsOf(record: MemoryRecord, fields: readonly string[]): string[] {
  const { id, changed, deleted, mergedInto, values } = record;
  const gone = { deleted: String(deleted), merged_into: mergedInto };
  const own: Record<string, string> = { [idColumn]: id, [versionColumn]: changed, ...gone };
  return fields.map((name) => own[name] ?? values[name] ?? "");
}
