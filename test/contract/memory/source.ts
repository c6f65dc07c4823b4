// The memory CRM as a source: the records of a window, in parts of many pages. In: an object and a window. Out: parts of
// CSV. Must hold: a window is half open and ends by the CRM's own clock; asked again, it goes on after the parts that are known.

import { extractRecords } from "../../../src/connectors/kit/extract-records.ts";
import { type CellPage, partsOfPages } from "../../../src/connectors/kit/paged-parts.ts";
import { isWithin } from "../../../src/connectors/kit/window.ts";
import type { RecordSchema } from "../../../src/contract/records.ts";
import type { ExtractedPart, ExtractRequest, Source, Window } from "../../../src/contract/source.ts";
import { pendingLocator } from "../../../src/core/model.ts";
import { writePart } from "../../../src/core/part-file.ts";
import type { ObjectSource } from "../../../src/job/job.ts";
import type { MemoryClient } from "./client.ts";
import type { MemoryField, MemoryRecord } from "./server.ts";
import { cellsOf, idColumn, versionColumn } from "./values.ts";

/** Ordinals of parts. What comes later wins where one record comes twice. */
const ordinals = { pending: 1, records: 2 } as const;
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
    extract: extractRecords(client, (request) => extract(client, request)),
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
  const { source, window, columns, known, signal } = request;
  const { object } = source;
  const fields = [...new Set([idColumn, versionColumn, ...columns])];
  const isPending = window?.from !== undefined && window.pending.length > 0;
  if (isPending && !known.some(({ ordinal }) => ordinal === ordinals.pending)) {
    const rows = readPending(client, object, window, signal, fields);
    yield await writePart(request, ordinals.pending, fields, rows, { label: object, locator: pendingLocator });
  }
  const asked = {
    since: window?.from === undefined ? "" : iso(window.from),
    until: window === undefined ? "" : iso(window.to),
    deleted: String(source.deletes === "emit"),
  };
  async function* pages(from: string | undefined): AsyncGenerator<CellPage> {
    for await (const { records, next } of client.pages(object, asked, signal, from))
      yield { rows: records.map((record) => cellsOf(record, fields)), next };
  }
  const open = async (from: string | undefined) => ({ pages: pages(from), total: 0 });
  yield* partsOfPages(request, { first: ordinals.records, label: object, fields, open });
}

/** Records that an earlier run could not load, as they are now. */
async function* readPending(
  client: MemoryClient,
  object: string,
  window: Window,
  signal: AbortSignal,
  fields: readonly string[],
): AsyncGenerator<string[]> {
  const asked = { field: idColumn, values: window.pending };
  const purpose = { doing: "reading records that were not settled before", signal };
  // Those that changed meanwhile come with the window.
  for (const record of await client.post<MemoryRecord[]>(`/records/${object}/read`, asked, purpose))
    if (!isWithin(record.changed, window)) yield cellsOf(record, fields);
}

function iso(time: string): string {
  return new Date(time).toISOString();
}
