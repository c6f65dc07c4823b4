// Columns of what a record names or belongs to: `companies.name`, `hubspot_owner_id.email`, `dealstage.label`. Looked up
// for many records at once, since neither searches nor lists tell them.

import type { FieldSchema } from "../../core/model.ts";
import { isLabelled } from "./association-types.ts";
import { readAssociations, readKeys } from "./associations.ts";
import type { HubSpotClient } from "./client.ts";
import type { Lookups } from "./lookups.ts";
import { primaryLabel } from "./properties.ts";
import type { HubSpotRecord } from "./records.ts";
import type { Schemas } from "./schema.ts";

const ownerColumns = ["email", "first_name", "last_name", "name"];
const stageProperties: readonly string[] = ["dealstage", "hs_pipeline_stage"];
const pipelineProperties: readonly string[] = ["pipeline", "hs_pipeline"];

export class ParentColumns {
  readonly #client: HubSpotClient;
  readonly #schemas: Schemas;
  readonly #lookups: Lookups;

  constructor(client: HubSpotClient, schemas: Schemas, lookups: Lookups) {
    this.#client = client;
    this.#schemas = schemas;
    this.#lookups = lookups;
  }

  /** DuckDB's type of such a column; undefined where there is none. */
  async typeOf(object: string, path: string, columnType: (field: FieldSchema) => string): Promise<string | undefined> {
    const [first = "", second = "", ...rest] = path.split(".");
    const field = (await this.#schemas.describe(object)).fields.get(first);
    if (field === undefined || rest.length > 0) return undefined;
    if (field.vendorType === "owner") return ownerColumns.includes(second) ? "VARCHAR" : undefined;
    if (isNamedByPipeline(first)) return second === "label" ? "VARCHAR" : undefined;
    if (field.vendorType !== "association") return undefined;
    const associated = (await this.#schemas.describe(first)).fields.get(second);
    return associated === undefined || associated.vendorType === "association" ? undefined : columnType(associated);
  }

  /** The properties that a column is looked up by. */
  propertyOf(path: string): string[] {
    const [first = "", second] = path.split(".");
    return second === "label" || ownerColumns.includes(second ?? "") ? [first] : [];
  }

  /** Values of columns by the record's id. Throws CallFault. */
  async read(
    object: string,
    paths: readonly string[],
    records: readonly HubSpotRecord[],
    signal: AbortSignal,
  ): Promise<Map<string, Map<string, string>>> {
    const columns = new Map<string, Map<string, string>>();
    const fields = (await this.#schemas.describe(object)).fields;
    for (const path of paths) {
      const [first = "", second = ""] = path.split(".");
      const field = fields.get(first);
      const named = field?.vendorType === "owner" ? await this.#ownerNames(second) : await this.#labels(object, first);
      if (field?.vendorType === "association") {
        columns.set(path, await this.#associated(object, { object: first, key: second }, records, signal));
      } else columns.set(path, nameAll(records, first, named));
    }
    return columns;
  }

  async #ownerNames(column: string): Promise<Map<string, string>> {
    const owners = await this.#lookups.owners();
    return new Map(
      owners.map(({ id, email, firstName, lastName }) => {
        const named = { email, first_name: firstName, last_name: lastName, name: `${firstName} ${lastName}`.trim() };
        return [id, named[column as keyof typeof named] ?? ""];
      }),
    );
  }

  async #labels(object: string, property: string): Promise<Map<string, string>> {
    if (!isNamedByPipeline(property)) return new Map();
    const pipelines = await this.#lookups.pipelines(object);
    const named = stageProperties.includes(property) ? pipelines.flatMap(({ stages }) => stages) : pipelines;
    return new Map(named.map(({ id, label }) => [id, label]));
  }

  /** Of several associated records the primary one, else the one that was there first (the lowest id). */
  async #associated(
    object: string,
    name: { object: string; key: string },
    records: readonly HubSpotRecord[],
    signal: AbortSignal,
  ): Promise<Map<string, string>> {
    const chosen = new Map<string, { to: string; isPrimary: boolean }>();
    const ids = records.map(({ id }) => id);
    for await (const found of readAssociations(this.#client, { from: object, to: name.object }, ids, signal)) {
      for (const { from, to, types } of found) {
        const isPrimary = types.some((type) => isLabelled(type, primaryLabel));
        const before = chosen.get(from);
        const isBetter =
          before === undefined ||
          (isPrimary && !before.isPrimary) ||
          (isPrimary === before.isPrimary && BigInt(to) < BigInt(before.to));
        if (isBetter) chosen.set(from, { to, isPrimary });
      }
    }
    const keys = await readKeys(
      this.#client,
      name,
      [...chosen.values()].map(({ to }) => to),
      signal,
    );
    return new Map([...chosen].map(([from, { to }]) => [from, keys.get(to) ?? ""]));
  }
}

function isNamedByPipeline(property: string): boolean {
  return stageProperties.includes(property) || pipelineProperties.includes(property);
}

function nameAll(
  records: readonly HubSpotRecord[],
  property: string,
  names: ReadonlyMap<string, string>,
): Map<string, string> {
  return new Map(records.map(({ id, properties }) => [id, names.get(properties[property] ?? "") ?? ""]));
}
