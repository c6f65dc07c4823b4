// The work on exports: one after the other, in the background.
// In: exports that wait. Out: their files, and a link to each. Must hold: an export that a kill interrupted is written
// anew as a whole; other requests are answered between pages.

import { appendFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setImmediate as yieldToRequests } from "node:timers/promises";
import { now } from "../../clock.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import type { Portal } from "../portal.ts";
import { type Counted, runSearch } from "../records/search.ts";
import type { StoredRecord } from "../records/stored-record.ts";
import { exportTable } from "./export-table.ts";
import type { Export, ExportRequest } from "./exports.ts";
import { zipOf } from "./zip.ts";

const pageRecords = 1_000;
/** Beyond these a file is zipped. */
const plainBytesMax = 2 * 1024 * 1024;

export interface ExportWork {
  /** Starts the next export, unless one is being worked on. */
  begin(): void;
  /** Waits until the work has stopped (after `portal.closing`). */
  settle(): Promise<void>;
}

export function exportWork(portal: Portal): ExportWork {
  let running: Promise<void> | undefined;
  const begin = (): void => {
    running ??= run(portal).finally(() => {
      running = undefined;
      if (!portal.closing && portal.exports.unfinished().length > 0) begin();
    });
  };
  return {
    begin,
    async settle() {
      await running?.catch(() => undefined);
    },
  };
}

async function run(portal: Portal): Promise<void> {
  // The client hears that the export waits before it is worked on.
  await yieldToRequests();
  const [next] = portal.exports.unfinished();
  if (next === undefined || portal.closing) return;
  const started: Export = { ...next, state: "PROCESSING", startedAt: now().toISOString() };
  portal.exports.save(started);
  const written = await writeFile(portal, started);
  // It may have been forgotten since.
  if (written === undefined || portal.exports.get(next.id) === undefined) return;
  portal.exports.save({ ...started, ...written, state: "DONE", completedAt: now().toISOString() });
  portal.exports.link(next.id);
}

/** Writes an export's file; undefined where the sandbox closes meanwhile. */
async function writeFile(
  portal: Portal,
  { id, request }: Export,
): Promise<{ recordCount: number; file: string } | undefined> {
  const type = portal.catalog.objectType(request.typeId);
  const name = `hubspot-crm-exports-${fileName(request.name)}-${id}`;
  const path = portal.exports.path(`${name}.csv`);
  const partial = `${path}.part`;
  let recordCount = 0;
  if (type === undefined) {
    writeFileSync(path, "");
    return { recordCount, file: `${name}.csv` };
  }
  const table = exportTable(portal, type, request);
  writeFileSync(partial, table.header, { mode: 0o600 });
  for await (const page of pagesOf(portal, type, request)) {
    if (portal.closing || portal.exports.get(id) === undefined) return undefined;
    appendFileSync(partial, page.map(table.line).join(""));
    recordCount += page.length;
  }
  if (statSync(partial).size <= plainBytesMax) {
    renameSync(partial, path);
    return { recordCount, file: `${name}.csv` };
  }
  writeFileSync(portal.exports.path(`${name}.zip`), zipOf(`${name}.csv`, readFileSync(partial)), { mode: 0o600 });
  rmSync(partial);
  return { recordCount, file: `${name}.zip` };
}

/** All records that are asked for; by their ids where no order is. */
async function* pagesOf(portal: Portal, type: ObjectType, request: ExportRequest): AsyncGenerator<StoredRecord[]> {
  const counts = new Map<string, Counted>();
  let above = 0;
  for (let offset = 0; ; offset += pageRecords) {
    const walk = {
      propertyName: "hs_object_id",
      operator: "GT",
      value: String(above),
      highValue: undefined,
      values: [],
    };
    const groups = request.groups.length === 0 ? [[]] : request.groups;
    const { records } = runSearch(
      portal,
      {
        type,
        query: request.query,
        groups: request.sort === undefined ? groups.map((group) => [...group, walk]) : request.groups,
        sort: request.sort ?? { property: "hs_object_id", descending: false },
        offset: request.sort === undefined ? 0 : offset,
        limit: pageRecords,
      },
      counts,
    );
    yield records;
    if (records.length < pageRecords) return;
    above = records.at(-1)?.id ?? above;
    await yieldToRequests();
  }
}

function fileName(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}
