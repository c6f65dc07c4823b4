// What is no object of its own and can be extracted like one: owners, pipelines, associations, the history of properties,
// merges. Always read as a whole: HubSpot does not tell what of it changed.

import type { RecordSchema } from "../../contract/records.ts";
import { usageFailure } from "../../core/errors.ts";
import type { FieldSchema } from "../../core/model.ts";
import { suggest } from "../../core/suggest.ts";
import type { ObjectSource } from "../../job/job.ts";
import { lookUp } from "../kit/groups.ts";
import { readAssociations } from "./associations.ts";
import type { HubSpotClient } from "./client.ts";
import { mergedIds, mergeProperties } from "./deletions.ts";
import { listRecords } from "./list.ts";
import type { Lookups } from "./lookups.ts";
import { type HubSpotRecord, historyRowsMax, readBatch } from "./records.ts";
import type { Schemas } from "./schema.ts";
import { searchPages } from "./search.ts";

interface ViewContext {
  client: HubSpotClient;
  schemas: Schemas;
  lookups: Lookups;
  signal: AbortSignal;
}

export interface View {
  /** Names of its columns; the first tells rows apart. */
  columns: readonly string[];
  /** Throws a Failure (2) where its name names what is not there. */
  check?(context: Pick<ViewContext, "schemas" | "lookups">): Promise<void>;
  rows(context: ViewContext): AsyncIterable<string[]>;
}

const historyLanes = 4;

/** `owners`, `pipelines/deals`, `contacts/associations/companies`, `contacts/history/jobtitle,phone`, `contacts/merges`. */
export function findView(name: string): View | undefined {
  const [first = "", second, third, ...rest] = name.split("/");
  if (rest.length > 0) return undefined;
  if (name === "owners") return owners;
  if (first === "pipelines" && second !== undefined && third === undefined) return pipelinesOf(second);
  if (second === "associations" && third !== undefined) return associationsOf(first, third);
  if (second === "history" && third !== undefined) return historyOf(first, third.split(","));
  if (second === "merges" && third === undefined) return mergesOf(first);
  return undefined;
}

/** Every row is read now, so that all are of one version. */
const versionColumn = "read_at";

export function describeView(name: string, view: View): RecordSchema {
  return {
    object: name,
    columns: new Map([...view.columns, versionColumn].map((column) => [column, "VARCHAR"])),
    refused: new Map(),
    idColumn: view.columns[0] ?? "",
    versionColumn,
    deletionColumns: [],
    resolveParentField: async () => undefined,
  };
}

/** Throws a Failure (2) for a name with slashes that is no view. */
export function refuseUnknownView(name: string): void {
  if (!name.includes("/")) return;
  throw usageFailure(`${name} is nothing that HubSpot holds`, {
    next: "owners, pipelines/<object>, <object>/associations/<object>, <object>/history/<property,…>, <object>/merges",
  });
}

/** Throws a Failure (2) with a did-you-mean. HubSpot ignores a property that is not there, or finds nothing by it. */
export function requireProperty(
  object: string,
  name: string,
  fields: ReadonlyMap<string, FieldSchema>,
  where: string,
): void {
  const field = fields.get(name);
  if (field !== undefined && field.vendorType !== "association") return;
  const meant = suggest(name, fields.keys());
  throw usageFailure(`${where}: ${object} has no property ${name}, or this user can't see it`, {
    ...(meant === undefined ? {} : { next: `did you mean "${meant}"?` }),
  });
}

const owners: View = {
  columns: ["id", "email", "first_name", "last_name", "archived"],
  async *rows({ lookups }) {
    for (const { id, email, firstName, lastName, archived } of await lookups.owners())
      yield [id, email, firstName, lastName, String(archived)];
  },
};

function pipelinesOf(object: string): View {
  return {
    columns: ["stage_id", "stage", "pipeline_id", "pipeline"],
    async check({ schemas, lookups }) {
      await schemas.describe(object);
      if ((await lookups.pipelines(object)).length === 0) throw usageFailure(`${object} have no pipelines`);
    },
    async *rows({ lookups }) {
      for (const { id, label, stages } of await lookups.pipelines(object))
        for (const stage of stages) yield [stage.id, stage.label, id, label];
    },
  };
}

function associationsOf(from: string, to: string): View {
  return {
    columns: ["id", "from_id", "to_id", "type_id", "category", "label"],
    async check({ schemas }) {
      await schemas.describe(from);
      await schemas.describe(to);
    },
    async *rows(context) {
      for await (const found of readAssociations(context.client, { from, to }, idsOf(context, from), context.signal)) {
        for (const one of found) {
          for (const { typeId, category, label } of one.types)
            yield [`${one.from}:${one.to}:${typeId}`, one.from, one.to, String(typeId), category, label ?? ""];
        }
      }
    },
  };
}

function historyOf(object: string, properties: readonly string[]): View {
  return {
    columns: ["id", "record_id", "property", "value", "changed_at", "source_type", "source_id"],
    async check({ schemas }) {
      const { fields } = await schemas.describe(object);
      for (const name of properties) requireProperty(object, name, fields, `${object}/history`);
    },
    async *rows(context) {
      const read = (ids: string[]) => readHistory(context, object, properties, ids);
      const limits = { items: historyRowsMax, lanes: historyLanes };
      for await (const records of lookUp(idsOf(context, object), limits, read))
        for (const record of records) yield* historyRows(record);
    },
  };
}

async function readHistory(
  { client, signal }: ViewContext,
  object: string,
  properties: readonly string[],
  ids: readonly string[],
): Promise<HubSpotRecord[]> {
  const doing = `reading the history of ${object}`;
  return readBatch(client, { object, properties: [], history: properties, doing, signal }, ids);
}

function* historyRows({ id, propertiesWithHistory = {} }: HubSpotRecord): Generator<string[]> {
  for (const [property, entries] of Object.entries(propertiesWithHistory)) {
    const times = new Map<string, number>();
    for (const { value, timestamp, sourceType = "", sourceId = "" } of entries) {
      // Of several changes of one moment none may pass for another.
      const before = times.get(timestamp) ?? 0;
      times.set(timestamp, before + 1);
      const name = `${id}:${property}:${timestamp}${before === 0 ? "" : `:${before + 1}`}`;
      yield [name, id, property, value, timestamp, sourceType, sourceId];
    }
  }
}

function mergesOf(object: string): View {
  return {
    columns: ["id", "merged_into"],
    async check({ schemas }) {
      await schemas.describe(object);
    },
    async *rows({ client, schemas, signal }) {
      const { fields } = await schemas.describe(object);
      const told = new Set<string>();
      for (const property of mergeProperties.filter((name) => fields.has(name))) {
        const groups = [[{ propertyName: property, operator: "HAS_PROPERTY" }]];
        const request = { object, properties: [property], groups, doing: `reading merged ${object}`, signal };
        for await (const survivors of searchPages(client, request)) {
          for (const { id, properties } of survivors) {
            const ids = mergedIds(properties[property] ?? "", id).filter((one) => !told.has(one));
            for (const one of ids) yield [one, id];
            for (const one of ids) told.add(one);
          }
        }
      }
    },
  };
}

async function* idsOf({ client, signal }: ViewContext, object: string): AsyncGenerator<string> {
  const request = { object, properties: [], archived: false, doing: `listing ${object}`, signal };
  for await (const { id } of listRecords(client, request)) yield id;
}

/** Throws a Failure (2) for what would take a part of it. */
export function refuseWindow({ object, incremental, where, deletes }: ObjectSource): void {
  const key = incremental !== undefined ? "incremental" : where !== undefined ? "where" : undefined;
  if (key === undefined && deletes === "ignore") return;
  throw usageFailure(`${object} is read as a whole: source.${key ?? "deletes"} does not go with it`, {
    ...(incremental === undefined ? {} : { where: incremental.place }),
    next: `leave it out${key === "where" ? ", and filter with keep" : ""}`,
  });
}
