// HubSpot's properties as an ObjectSchema, and names such as `companies.vendor_id` resolved through it.
// https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide

import { usageFailure } from "../../core/errors.ts";
import type { FieldKind, FieldSchema, ObjectSchema, ObjectSummary } from "../../core/model.ts";
import { CallFault } from "../../http/outcome.ts";
import { fieldOf } from "../kit/field.ts";
import { remember, rememberEach } from "../kit/remember.ts";
import type { HubSpotClient } from "./client.ts";
import type { Lookups } from "./lookups.ts";
import { domainProperty, idColumn, primaryLabel, stageProperty } from "./properties.ts";
import { lendTo } from "./sdk.ts";

/** Objects that every account has, by the names that paths take. https://developers.hubspot.com/docs/guides/crm/understanding-the-crm */
const typeIds: Readonly<Record<string, string>> = {
  contacts: "0-1",
  companies: "0-2",
  deals: "0-3",
  tickets: "0-5",
  products: "0-7",
  line_items: "0-8",
  quotes: "0-14",
  calls: "0-48",
  emails: "0-49",
  meetings: "0-47",
  notes: "0-46",
  tasks: "0-27",
};
const standardObjects = Object.keys(typeIds);
/** Of objects that an account may have, for the same reason as above: one name each, whatever else HubSpot takes. */
const rarerTypeIds: Readonly<Record<string, string>> = {
  communications: "0-18",
  postal_mail: "0-116",
  feedback_submissions: "0-19",
  users: "0-115",
  goal_targets: "0-74",
  leads: "0-136",
  carts: "0-142",
  orders: "0-123",
  invoices: "0-53",
  subscriptions: "0-69",
  commerce_payments: "0-101",
  discounts: "0-84",
  fees: "0-85",
  taxes: "0-86",
  appointments: "0-421",
  courses: "0-410",
  listings: "0-420",
  services: "0-162",
  projects: "0-970",
};
const namedObjects: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...typeIds, ...rarerTypeIds }).flatMap(([name, typeId]) =>
    [name, singularOf(name), typeId].map((other) => [other, name] as const),
  ),
);

function singularOf(name: string): string {
  return name === "companies" ? "company" : name === "taxes" ? "tax" : name.replace(/s$/, "");
}

/** What a new record must have where no schema says so. https://developers.hubspot.com/docs/guides/crm/using-object-apis */
const requiredProperties: Readonly<Record<string, readonly string[]>> = {
  deals: ["dealname", "dealstage"],
  tickets: ["subject", "hs_pipeline_stage"],
  notes: ["hs_timestamp"],
  tasks: ["hs_timestamp"],
  calls: ["hs_timestamp"],
  meetings: ["hs_timestamp"],
  emails: ["hs_timestamp", "hs_email_direction"],
};

const kinds: Readonly<Record<string, FieldKind>> = {
  bool: "boolean",
  date: "date",
  datetime: "datetime",
  number: "number",
};

/** Of custom objects paths take this name, and not the one that people gave: `p20261120_cars`. */
interface CustomObject {
  name: string;
  givenName: string;
  typeId: string;
  label: string;
  requiredProperties: string[];
}

/** Properties and objects, each asked for once. */
export class Schemas {
  readonly #client: HubSpotClient;
  readonly #lookups: Lookups;
  /** Throws a Failure (2) where there is no such object. */
  readonly describe = rememberEach((object) => this.#describe(object));
  /** None where the account, or the token, has no custom objects. */
  readonly #customObjects = remember(() =>
    this.#client.explain("reading custom objects", () => fetchCustomObjects(this.#client)),
  );

  constructor(client: HubSpotClient, lookups: Lookups) {
    this.#client = client;
    this.#lookups = lookups;
  }

  async listObjects(): Promise<ObjectSummary[]> {
    const custom = await this.#customObjects();
    const may = { createable: true, updateable: true, deletable: true, queryable: true };
    return [
      ...standardObjects.map((name) => ({ name, label: name, custom: false, ...may })),
      ...custom.map(({ name, label }) => ({ name, label, custom: true, ...may })),
    ];
  }

  /** `0-1`: what imports call an object. Throws a Failure (2). */
  async typeIdOf(object: string): Promise<string> {
    const typeId = typeIds[object] ?? (await this.#customObjects()).find(({ name }) => name === object)?.typeId;
    if (typeId !== undefined) return typeId;
    throw usageFailure(`${this.#client.name} has no object ${object}`);
  }

  /** A property, with what people call its values; or a property of an associated record that tells it apart. */
  async resolveField(schema: ObjectSchema, name: string): Promise<FieldSchema | undefined> {
    const field = schema.fields.get(name);
    if (field !== undefined) return isAssociation(field) ? undefined : this.#nameValues(schema.object, field);
    const association = readAssociationName(name);
    if (association === undefined || !isAssociation(schema.fields.get(association.object))) return undefined;
    const parent = (await this.describe(association.object)).fields.get(association.key);
    if (parent === undefined || !namesRecords(association.object, parent)) return undefined;
    return {
      ...parent,
      name,
      kind: parent.kind === "id" ? "text" : parent.kind,
      createable: true,
      updateable: true,
      nillable: true,
      externalId: false,
      unique: false,
      several: true,
      ...(association.object === "companies" && association.label?.toLowerCase() === primaryLabel
        ? { one: true as const }
        : {}),
      referenceTo: [association.object],
      lookup: { object: association.object, key: association.key },
    };
  }

  /** What is wrong with the name of an associated record's property; undefined where nothing is, or it is none. */
  async explainName(schema: ObjectSchema, name: string): Promise<{ message: string } | undefined> {
    const isWhole = isAssociation(schema.fields.get(name));
    const association = isWhole ? { object: name, key: undefined } : readAssociationName(name);
    if (association === undefined || !isAssociation(schema.fields.get(association.object))) return undefined;
    const keys = [...(await this.describe(association.object)).fields.values()]
      .filter((field) => namesRecords(association.object, field))
      // What only one record can have stands first.
      .sort((left, right) => Number(right.unique) - Number(left.unique));
    const { object, key } = association;
    if (key === undefined) {
      const names = keys.map((field) => `${object}.${field.name}`).join(" or ");
      return { message: `${object} are associated by a property that tells them apart: map ${names}` };
    }
    if (keys.some(({ name: known }) => known === key)) return undefined;
    const known = keys.map((field) => field.name).join(", ");
    return { message: `${object} are told apart by ${known}, not by ${key}` };
  }

  /** HubSpot takes several names for one object; what is known of it, and kept of a run, goes by one. */
  async #refuseOtherName(object: string): Promise<void> {
    const written = object.toLowerCase();
    const standard = namedObjects.get(written);
    const custom = (await this.#customObjects()).find(({ name, givenName, typeId }) =>
      [name, givenName, typeId].some((other) => other.toLowerCase() === written),
    );
    const meant = standard ?? custom?.name;
    if (meant === undefined || meant === object) return;
    throw usageFailure(`${this.#client.name} has no object ${object}`, { next: `did you mean "${meant}"?` });
  }

  async #describe(object: string): Promise<ObjectSchema> {
    await this.#refuseOtherName(object);
    const doing = `reading the properties of ${object}`;
    const sdk = await import("@hubspot/api-client/lib/codegen/crm/properties/index.js");
    const api = new sdk.CoreApi(lendTo(this.#client, sdk, doing));
    const [{ results }, custom] = await Promise.all([
      this.#client.explain(doing, () => this.#refusingUnknown(object, () => api.getAll(object))),
      this.#customObjects(),
    ]);
    const own = custom.find(({ name }) => name === object);
    const required = own?.requiredProperties ?? requiredProperties[object] ?? [];
    const fields = new Map<string, FieldSchema>();
    for (const property of results) {
      if (property.archived !== true) fields.set(property.name, fieldSchema(object, property, required));
    }
    for (const other of [...standardObjects, ...custom.map(({ name }) => name)]) fields.set(other, association(other));
    return { object, label: own?.label ?? object, createable: true, updateable: true, deletable: true, fields };
  }

  async #refusingUnknown<T>(object: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof CallFault) || (error.status !== 404 && error.status !== 400)) throw error;
      const custom = (await this.#customObjects()).map(({ name }) => name);
      throw usageFailure(`${this.#client.name} has no object ${object}`, {
        next: `objects: ${[...standardObjects, ...custom].join(", ")}`,
      });
    }
  }

  async #nameValues(object: string, field: FieldSchema): Promise<FieldSchema> {
    if (field.vendorType === "owner") {
      const owners = (await this.#lookups.owners()).filter(({ archived }) => !archived);
      return namedUsers(
        field,
        owners.map(({ id, email }) => ({ value: id, label: email })),
      );
    }
    const isPipeline = field.name === "pipeline" || field.name === "hs_pipeline";
    const isStage = field.name === "dealstage" || field.name === "hs_pipeline_stage";
    if (!isPipeline && !isStage) return field;
    const pipelines = await this.#lookups.pipelines(object);
    if (pipelines.length === 0) return field;
    if (isPipeline)
      return named(
        field,
        pipelines.map(({ id, label }) => ({ value: id, label })),
      );
    const stages = pipelines.flatMap(({ stages: listed }) => listed);
    // A stage of the same name in two pipelines is told by both.
    const options = stages.flatMap(({ id, label, pipeline }) => {
      const others = stages.filter((stage) => stage.label.toLowerCase() === label.toLowerCase()).length > 1;
      return [...(others ? [] : [{ value: id, label }]), { value: id, label: `${pipeline}: ${label}` }];
    });
    return named(field, options);
  }
}

interface Option {
  value: string;
  label: string;
}

/** A label that two options have names neither. */
function named(field: FieldSchema, options: readonly Option[]): FieldSchema {
  const bearers = new Map<string, Set<string>>();
  for (const { label, value } of options) {
    const name = label.trim().toLowerCase();
    bearers.set(name, (bearers.get(name) ?? new Set()).add(value));
  }
  const isOne = ({ label }: Option) => label !== "" && bearers.get(label.trim().toLowerCase())?.size === 1;
  const labels = new Map(options.filter(isOne).map(({ label, value }) => [label, value]));
  return { ...field, picklist: { values: [...new Set(options.map(({ value }) => value))], labels, restricted: true } };
}

function namedUsers(field: FieldSchema, owners: readonly Option[]): FieldSchema {
  const { picklist, ...rest } = named(field, owners);
  return picklist === undefined ? rest : { ...rest, picklist: { ...picklist, users: true } };
}

type Property = import("@hubspot/api-client/lib/codegen/crm/properties/index.js").Property;

function fieldSchema(object: string, property: Property, required: readonly string[]): FieldSchema {
  const { name, label, type, fieldType } = property;
  const isId = name === idColumn;
  const isUnique = property.hasUniqueValue === true || (object === "contacts" && name === "email");
  const writable = property.modificationMetadata?.readOnlyValue !== true && property.calculated !== true && !isId;
  const isOwner = property.referencedObjectType === "OWNER" || name === "hubspot_owner_id";
  const inOrder = [...property.options].sort((left, right) => placeOf(left) - placeOf(right));
  const options = inOrder.map(({ value, label: shown }) => ({ value, label: shown }));
  const field = fieldOf({
    name,
    label,
    kind: isId ? "id" : (kinds[type] ?? "text"),
    vendorType: isOwner ? "owner" : type === "enumeration" && fieldType === "checkbox" ? "multipicklist" : type,
    // https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide (text properties)
    ...(type === "string" ? { maxLength: 65_536 } : {}),
    ...(object === "contacts" && name === "email" ? { isAddress: true as const } : {}),
    ...(name === stageProperty ? { forwardOnly: true as const } : {}),
    createable: writable,
    updateable: writable,
    nillable: !required.includes(name),
    externalId: isUnique,
    unique: isUnique || isId,
  });
  return type === "enumeration" && !isOwner && property.externalOptions !== true && options.length > 0
    ? named(field, options)
    : field;
}

/** From the lowest positive number on; -1 comes after all of these. */
function placeOf({ displayOrder = -1 }: { displayOrder?: number }): number {
  return displayOrder < 0 ? Number.MAX_SAFE_INTEGER : displayOrder;
}

/**
 * Whether the records of an object can be found by a property. Of companies also by the domain, as HubSpot itself
 * associates contacts, though several may have one.
 * https://knowledge.hubspot.com/records/automatically-create-and-associate-companies-with-contacts
 */
function namesRecords(object: string, { name, externalId, kind }: FieldSchema): boolean {
  return externalId || kind === "id" || (object === "companies" && name === domainProperty);
}

function isAssociation(field: FieldSchema | undefined): boolean {
  return field?.vendorType === "association";
}

/** Associations are no properties: named so that a job can say whose record it belongs to. */
function association(object: string): FieldSchema {
  return fieldOf({
    name: object,
    label: `associated ${object}: map ${object}.<key>`,
    kind: "reference",
    vendorType: "association",
    referenceTo: [object],
    relationshipName: object,
  });
}

/** `companies.vendor_id`, or with a label `companies[Billing contact].vendor_id`. */
const associationName = /^(?<object>[^.[\]]+)(?:\[(?<label>[^\]]+)\])?\.(?<key>[^.]+)$/;

export interface AssociationName {
  object: string;
  label: string | undefined;
  key: string;
}

export function readAssociationName(name: string): AssociationName | undefined {
  const groups = associationName.exec(name)?.groups;
  if (groups === undefined) return undefined;
  return { object: groups["object"] ?? "", label: groups["label"], key: groups["key"] ?? "" };
}

async function fetchCustomObjects(client: HubSpotClient): Promise<CustomObject[]> {
  const doing = "reading custom objects";
  const sdk = await import("@hubspot/api-client/lib/codegen/crm/schemas/index.js");
  const api = new sdk.CoreApi(lendTo(client, sdk, doing));
  try {
    const { results } = await api.getAll(false);
    return results.map(
      ({ name: givenName, fullyQualifiedName, objectTypeId, labels, requiredProperties: required }) => {
        const typeId = objectTypeId ?? givenName;
        const name = fullyQualifiedName ?? typeId;
        return { name, givenName, typeId, label: labels.singular ?? givenName, requiredProperties: required };
      },
    );
  } catch (error) {
    if (error instanceof CallFault && error.status === 403) return [];
    throw error;
  }
}
