// HubSpot as a source: the records of a window by search, all records by the list, whichever takes less time.
// What must hold: the way is chosen once and kept, so that a run that goes on reads the rest and nothing twice; a page is
// never left out or repeated (search.ts); a window ends by the server's clock.

import type { RecordSchema } from "../../contract/records.ts";
import type { ExtractedPart, ExtractRequest, Source } from "../../contract/source.ts";
import { Failure, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { type FieldSchema, type ObjectSchema, pendingLocator } from "../../core/model.ts";
import { writePart } from "../../core/part-file.ts";
import type { ObjectSource } from "../../job/job.ts";
import { numberType } from "../../values/number.ts";
import { extractRecords } from "../kit/extract-records.ts";
import { lookUp } from "../kit/groups.ts";
import { type CellPage, partsOfPages } from "../kit/paged-parts.ts";
import { isWithin } from "../kit/window.ts";
import type { HubSpotClient } from "./client.ts";
import { cursorIn } from "./cursor.ts";
import { type Deletion, deletionColumns, mergeProperties, readDeletions } from "./deletions.ts";
import { listPages } from "./list.ts";
import type { Lookups } from "./lookups.ts";
import { ParentColumns } from "./parent-columns.ts";
import { idColumn } from "./properties.ts";
import { batchRowsMax, cellOf, type HubSpotRecord, normalTime, readBatch } from "./records.ts";
import type { Schemas } from "./schema.ts";
import { addFilters, countMatches, type Filter, type FilterGroups, indexLagMs, searchPages } from "./search.ts";
import { describeView, findView, refuseUnknownView, refuseWindow, type View } from "./views.ts";
import { filteredBy, isOfSource, readWhere, refuseFilter } from "./where.ts";

/** Five searches of 200 records a second; pages of 100 that follow each other in a second at HubSpot's answer times. */
const searchedPerSecond = 1000;
const listedPerSecond = 600;

/** Ordinals of parts. What comes later wins where one record comes twice. */
const ordinals = { merged: 0, pending: 1, deleted: 2, records: 3 } as const;

export function openHubSpotSource(client: HubSpotClient, schemas: Schemas, lookups: Lookups): Source {
  const source: RecordSource = { client, schemas, lookups, parents: new ParentColumns(client, schemas, lookups) };
  return {
    orgId: client.orgId,
    records: {
      filtersByIndex: true,
      overlapMs: indexLagMs,
      describe: (from) => atPlace(from, () => describeRecords(source, from)),
      readClock: () => client.readClock(),
    },
    extract: extractRecords(client, (request) => extractParts(source, request)),
  };
}

interface RecordSource {
  client: HubSpotClient;
  schemas: Schemas;
  lookups: Lookups;
  parents: ParentColumns;
}

/** What is wrong with what a job asks for is told at its place. */
async function atPlace<T>({ place }: ObjectSource, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== exitCode.usage || error.where !== undefined) throw error;
    throw usageFailure(error.message, { where: place, ...(error.next === undefined ? {} : { next: error.next }) });
  }
}

async function describeRecords(
  { schemas, lookups, parents }: RecordSource,
  source: ObjectSource,
): Promise<RecordSchema> {
  const view = findView(source.object);
  if (view !== undefined) {
    refuseWindow(source);
    await view.check?.({ schemas, lookups });
    return describeView(source.object, view);
  }
  refuseUnknownView(source.object);
  const schema = await schemas.describe(source.object);
  refuseFilter(source, schema);
  const properties = [...schema.fields.values()].filter(({ vendorType }) => vendorType !== "association");
  const told: [string, string][] =
    source.deletes === "emit"
      ? [
          ["archived", "BOOLEAN"],
          ["merged_into", "VARCHAR"],
        ]
      : [];
  return {
    object: schema.object,
    columns: new Map([...properties.map((field): [string, string] => [field.name, columnType(field)]), ...told]),
    refused: new Map(),
    idColumn,
    versionColumn: cursorIn(source, schema),
    deletionColumns,
    resolveParentField: (path) => parents.typeOf(schema.object, path, columnType),
  };
}

/** DuckDB's type of a property's text. */
function columnType({ kind }: FieldSchema): string {
  const types = { number: numberType, boolean: "BOOLEAN", date: "DATE", datetime: "TIMESTAMP WITH TIME ZONE" };
  return kind in types ? types[kind as keyof typeof types] : "VARCHAR";
}

async function* extractParts(
  source: RecordSource,
  request: ExtractRequest<ObjectSource>,
): AsyncGenerator<ExtractedPart> {
  const from = request.source;
  const known = new Map(request.known.map((part) => [part.ordinal, part]));
  const view = findView(from.object);
  if (view !== undefined) {
    if (!known.has(ordinals.records)) yield await viewPart(source, from, view, request);
    return;
  }
  const schema = await source.schemas.describe(from.object);
  const extraction = new Extraction(source, request, schema, cursorIn(from, schema));
  const isToldDeleted = from.deletes === "emit" && !known.has(ordinals.deleted);
  const { merged, archived } = isToldDeleted ? await extraction.deletedParts() : {};
  if (merged !== undefined && !known.has(ordinals.merged)) yield merged;
  if (!known.has(ordinals.pending)) yield* extraction.pendingParts();
  if (archived !== undefined) yield archived;
  yield* extraction.windowParts();
}

async function viewPart(
  { client, schemas, lookups }: RecordSource,
  { object }: ObjectSource,
  view: View,
  request: ExtractRequest,
): Promise<ExtractedPart> {
  const [id = "", ...others] = view.columns;
  const readAt = (await client.readClock()).toISOString();
  const rows = async function* () {
    for await (const [first = "", ...rest] of view.rows({ client, schemas, lookups, signal: request.signal }))
      yield [first, readAt, ...rest];
  };
  const told = { label: object, locator: "whole" };
  return writePart(request, ordinals.records, [id, "read_at", ...others], rows(), told);
}

/** Where a page of records ends; undefined: there are no more. */
interface Page {
  records: HubSpotRecord[];
  next: string | undefined;
}

class Extraction {
  readonly #source: RecordSource;
  readonly #request: ExtractRequest<ObjectSource>;
  readonly #cursor: string;
  readonly #schema: ObjectSchema;
  /** Of each part: id, version, then what expressions use. */
  readonly #header: string[];
  readonly #parents: string[];
  readonly #properties: string[];
  /** With those that `where` names, so that records can be judged that no search gave. */
  readonly #judged: string[];

  constructor(source: RecordSource, request: ExtractRequest<ObjectSource>, schema: ObjectSchema, cursor: string) {
    this.#source = source;
    this.#request = request;
    this.#cursor = cursor;
    this.#schema = schema;
    this.#header = [...new Set([idColumn, cursor, ...request.columns])];
    this.#parents = this.#header.filter((name) => name.includes("."));
    const named = this.#header.filter((name) => !name.includes(".") && !this.#isDeletionColumn(name));
    const lookedUp = this.#parents.flatMap((path) => source.parents.propertyOf(path));
    this.#properties = [...new Set([...named, ...lookedUp])];
    this.#judged = [...new Set([...this.#properties, ...filteredBy(request.source)])];
  }

  /** Records that an earlier run could not load, as they are now. */
  async *pendingParts(): AsyncGenerator<ExtractedPart> {
    const { window, signal, source } = this.#request;
    const { object } = source;
    if (window?.from === undefined || window.pending.length === 0) return;
    const doing = "reading records that were not settled before";
    const read = { object, properties: this.#judged, doing, signal };
    const { client } = this.#source;
    const cells = this.#cells.bind(this);
    const isOutside = (record: HubSpotRecord) =>
      !isWithin(this.#versionOf(record), window) && isOfSource(this.#request.source, record, this.#schema.fields);
    const rows = async function* () {
      const limits = { items: batchRowsMax, lanes: 1 };
      // Those that changed meanwhile come with the window.
      for await (const records of lookUp(window.pending, limits, (ids) => readBatch(client, read, ids)))
        yield* await cells(records.filter(isOutside));
    };
    const told = { label: `${object}, taken again`, locator: pendingLocator };
    yield await writePart(this.#request, ordinals.pending, this.#header, rows(), told);
  }

  /** Of archived records all is known but their associations, of those that were merged into others only their id. */
  async deletedParts(): Promise<{ merged?: ExtractedPart; archived?: ExtractedPart }> {
    const { source, window, signal } = this.#request;
    const { object } = source;
    const deletions = readDeletions(this.#source.client, {
      object,
      properties: this.#judged,
      merged: mergeProperties.filter((name) => this.#schema.fields.has(name)),
      cursor: this.#cursor,
      window,
      windowFilters: this.#windowFilters(),
      signal,
    });
    const merged: Deletion[] = [];
    const told = new Set<string>();
    const archivedColumns = this.#header.filter((name) => !name.includes("."));
    const isTaken = (record: HubSpotRecord) => isOfSource(this.#request.source, record, this.#schema.fields);
    const describe = (deletion: Deletion) => this.#deletedCells(deletion, archivedColumns);
    const rows = async function* () {
      for await (const group of deletions) {
        for (const deletion of group) {
          if (told.has(deletion.record.id)) continue;
          told.add(deletion.record.id);
          if (deletion.mergedInto !== "") merged.push(deletion);
          else if (isTaken(deletion.record)) yield describe(deletion);
        }
      }
    };
    const said = { label: `${object}, deleted`, locator: "deleted" };
    const archived = await writePart(this.#request, ordinals.deleted, archivedColumns, rows(), said);
    return merged.length === 0 ? { archived } : { archived, merged: await this.#mergedPart(merged) };
  }

  async #mergedPart(merged: readonly Deletion[]): Promise<ExtractedPart> {
    const known = this.#header.filter(
      (name) => name === idColumn || name === this.#cursor || this.#isDeletionColumn(name),
    );
    const rows = merged.map((deletion) => this.#deletedCells(deletion, known));
    const told = { label: `${this.#request.source.object}, merged`, locator: "merged" };
    return writePart(this.#request, ordinals.merged, known, rows, told);
  }

  windowParts(): AsyncIterable<ExtractedPart> {
    return partsOfPages(this.#request, {
      first: ordinals.records,
      label: this.#request.source.object,
      fields: this.#header,
      open: async (after) => {
        const { way, total } = await this.#chooseWay();
        return { pages: this.#cellPages(way === "list" ? this.#listed(after) : this.#searched(after)), total };
      },
    });
  }

  async *#cellPages(pages: AsyncIterable<Page>): AsyncGenerator<CellPage> {
    for await (const { records, next } of pages) yield { rows: await this.#cells(records), next };
  }

  /** A filter wants searches; else what takes less time, at HubSpot's limits. */
  async #chooseWay(): Promise<{ way: "list" | "search"; total: number }> {
    const { client } = this.#source;
    const { source, handle, signal, window } = this.#request;
    const { object, where } = source;
    const doing = `counting ${object}`;
    const count = (groups: FilterGroups) => countMatches(client, { object, groups, doing, signal });
    const isWhole = window?.from === undefined;
    if (handle !== null) return { way: handle === "list" ? "list" : "search", total: 0 };
    const matching = await count(this.#groups());
    const all = isWhole || where !== undefined ? matching : await count([]);
    const isListed =
      where === undefined && (isWhole || Math.ceil(all / listedPerSecond) < Math.ceil(matching / searchedPerSecond));
    const way = isListed ? "list" : "search";
    this.#request.keepHandle(way);
    return { way, total: matching };
  }

  #groups(): FilterGroups {
    return addFilters(readWhere(this.#request.source), this.#windowFilters());
  }

  #windowFilters(): Filter[] {
    const { window } = this.#request;
    if (window === undefined) return [];
    const ms = (time: string) => String(Date.parse(time));
    const filter = (operator: string, time: string) => ({ propertyName: this.#cursor, operator, value: ms(time) });
    return [...(window.from === undefined ? [] : [filter("GTE", window.from)]), filter("LT", window.to)];
  }

  async *#searched(after: string | undefined): AsyncGenerator<Page> {
    const { source, signal } = this.#request;
    const { object } = source;
    const request = {
      object,
      properties: this.#properties,
      groups: this.#groups(),
      doing: `extracting ${object}`,
      signal,
    };
    for await (const records of searchPages(this.#source.client, request, after)) {
      yield { records, next: records.at(-1)?.id };
    }
  }

  async *#listed(after: string | undefined): AsyncGenerator<Page> {
    const { source, window, signal } = this.#request;
    const { object } = source;
    const request = { object, properties: this.#properties, archived: false, doing: `extracting ${object}`, signal };
    for await (const { records, next } of listPages(this.#source.client, request, after)) {
      yield { records: records.filter((record) => isWithin(this.#versionOf(record), window)), next };
    }
  }

  /** Times come with and without milliseconds: as one text they can be compared. */
  #versionOf(record: HubSpotRecord): string {
    return normalTime(record.properties[this.#cursor] ?? record.updatedAt ?? "");
  }

  async #cells(records: readonly HubSpotRecord[]): Promise<string[][]> {
    const { parents } = this.#source;
    const looked =
      this.#parents.length === 0 || records.length === 0
        ? new Map<string, Map<string, string>>()
        : await parents.read(this.#request.source.object, this.#parents, records, this.#request.signal);
    return records.map((record) =>
      this.#header.map((name) => {
        if (name === this.#cursor) return this.#versionOf(record);
        if (name === "archived" && this.#isDeletionColumn(name)) return "false";
        return looked.get(name)?.get(record.id) ?? cellOf(record, name);
      }),
    );
  }

  #deletedCells({ record, at, mergedInto }: Deletion, columns: readonly string[]): string[] {
    const told: Record<string, string> = { [this.#cursor]: normalTime(at), archived: "true", merged_into: mergedInto };
    return columns.map((name) => told[name] ?? cellOf(record, name));
  }

  #isDeletionColumn(name: string): boolean {
    return this.#request.source.deletes === "emit" && deletionColumns.includes(name);
  }
}
