// What the portal knows: object types and their properties, HubSpot's own, those of the schema file, and those that were
// made over the API. In: the schema file and the database. Out: lookups by every name that HubSpot takes.
// Must hold: what the API changed outlives a restart; a custom object keeps its type id for good.

import type { DatabaseSync } from "../../../core/sqlite.ts";
import { now } from "../../clock.ts";
import type { HubspotObjectDefinition, SchemaFile } from "../../schema-file.ts";
import { portalId } from "../portal-id.ts";
import { systemProperties } from "./define.ts";
import type { ObjectType, PropertyGroup } from "./object-type.ts";
import { createProperty, optionsOf, type Property } from "./property.ts";
import { type StandardType, standardTypes } from "./standard-types.ts";

export interface Catalog {
  readonly types: readonly ObjectType[];
  /** By plural or singular name, type id, p<portal>_<name>; in any case. */
  objectType(name: string): ObjectType | undefined;
  /** Adds or changes a property, for good. */
  saveProperty(type: ObjectType, property: Property): void;
  groups(type: ObjectType): PropertyGroup[];
  saveGroup(type: ObjectType, group: PropertyGroup): void;
  /** Adds a custom object, or changes what is said about one, for good. */
  saveObjectType(definition: CustomType): ObjectType;
  /** Forgets a custom object. */
  removeObjectType(type: ObjectType): void;
}

/** What is kept of a custom object beside its properties. */
export interface CustomType {
  name: string;
  labels: { singular: string; plural: string };
  primaryDisplayProperty: string;
  secondaryDisplayProperties: string[];
  searchableProperties: string[];
  requiredProperties: string[];
}

const firstCustomType = 40_000_001;

export function openCatalog(database: DatabaseSync, schema: SchemaFile): Catalog {
  database.exec(`
    CREATE TABLE IF NOT EXISTS custom_type (type TEXT PRIMARY KEY, name TEXT UNIQUE NOT NULL, definition TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS property (type TEXT, name TEXT, definition TEXT NOT NULL, PRIMARY KEY (type, name)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS property_group (type TEXT, name TEXT, definition TEXT NOT NULL, PRIMARY KEY (type, name)) WITHOUT ROWID;
  `);
  const types = standardTypes.map(standardType);
  const byName = new Map<string, ObjectType>();
  const register = (type: ObjectType): void => {
    for (const name of [type.name, type.singular, type.typeId, `p${portalId}_${type.name}`, `p_${type.name}`])
      byName.set(name.toLowerCase(), type);
  };
  for (const type of types) register(type);
  const readJson = (sql: string): Record<string, unknown>[] => database.prepare(sql).all();
  const addCustomType = (typeId: string, definition: CustomType): ObjectType => {
    const present = types.find((type) => type.typeId === typeId);
    if (present !== undefined) return Object.assign(present, definition, { updatedAt: now().toISOString() });
    const type = customType(typeId, definition);
    types.push(type);
    register(type);
    return type;
  };
  const catalog: Catalog = {
    types,
    objectType: (name) => byName.get(name.toLowerCase()),
    saveProperty(type, property) {
      type.properties.set(property.name, property);
      database
        .prepare("INSERT OR REPLACE INTO property VALUES (?, ?, ?)")
        .run(type.typeId, property.name, JSON.stringify(property));
    },
    groups(type) {
      const saved = database.prepare("SELECT definition FROM property_group WHERE type = ?").all(type.typeId);
      const named = new Map(ownGroups(type).map((group) => [group.name, group]));
      for (const { definition } of saved) {
        const group = JSON.parse(String(definition)) as PropertyGroup;
        named.set(group.name, group);
      }
      return [...named.values()];
    },
    saveGroup: (type, group) =>
      void database
        .prepare("INSERT OR REPLACE INTO property_group VALUES (?, ?, ?)")
        .run(type.typeId, group.name, JSON.stringify(group)),
    saveObjectType(definition) {
      const known = database.prepare("SELECT type FROM custom_type WHERE name = ?").get(definition.name);
      const last = database.prepare("SELECT count(*) AS count FROM custom_type").get();
      const typeId = String(known?.["type"] ?? `2-${firstCustomType + Number(last?.["count"])}`);
      database
        .prepare("INSERT OR REPLACE INTO custom_type VALUES (?, ?, ?)")
        .run(typeId, definition.name, JSON.stringify(definition));
      return addCustomType(typeId, definition);
    },
    removeObjectType(type) {
      types.splice(types.indexOf(type), 1);
      for (const [name, found] of byName) if (found === type) byName.delete(name);
      // The row stays: a type id is used once.
      database.prepare("UPDATE custom_type SET definition = '', name = type WHERE type = ?").run(type.typeId);
    },
  };
  for (const row of readJson("SELECT type, definition FROM custom_type WHERE definition <> ''"))
    addCustomType(String(row["type"]), JSON.parse(String(row["definition"])) as CustomType);
  for (const [name, definition] of Object.entries(schema.hubspot)) applySchema(catalog, name, definition);
  for (const row of readJson("SELECT type, definition FROM property")) {
    const property = JSON.parse(String(row["definition"])) as Property;
    catalog.objectType(String(row["type"]))?.properties.set(property.name, property);
  }
  return catalog;
}

function applySchema(catalog: Catalog, name: string, definition: HubspotObjectDefinition): void {
  const known = catalog.objectType(name);
  const names = Object.keys(definition.properties);
  const type =
    known ??
    catalog.saveObjectType({
      name,
      labels: { singular: definition.label ?? name, plural: definition.label ?? name },
      primaryDisplayProperty: definition.primaryDisplayProperty ?? names[0] ?? "hs_object_id",
      secondaryDisplayProperties: [],
      searchableProperties: definition.primaryDisplayProperty === undefined ? [] : [definition.primaryDisplayProperty],
      requiredProperties: definition.requiredProperties,
    });
  type.requiredProperties = definition.requiredProperties;
  for (const [property, { options, ...rest }] of Object.entries(definition.properties)) {
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    type.properties.set(
      property,
      createProperty({
        groupName: `${type.singular}information`,
        ...given,
        type: rest.type,
        name: property,
        ...(options === undefined
          ? {}
          : {
              options: optionsOf(
                ...options.map((option) =>
                  typeof option === "string" ? ([option, option] as const) : ([option.value, option.label] as const),
                ),
              ),
            }),
      }),
    );
  }
}

function standardType(standard: StandardType): ObjectType {
  const longAgo = "2024-01-01T00:00:00.000Z";
  const { properties, ...rest } = standard;
  return {
    ...rest,
    custom: false,
    secondaryDisplayProperties: [],
    requiredProperties: [],
    properties: new Map(properties.map((property) => [property.name, property])),
    createdAt: longAgo,
    updatedAt: longAgo,
  };
}

function customType(typeId: string, definition: CustomType): ObjectType {
  const created = now().toISOString();
  return {
    ...definition,
    typeId,
    singular: definition.name,
    custom: true,
    modifiedProperty: "hs_lastmodifieddate",
    createdProperty: "hs_createdate",
    defaultProperties: ["hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
    properties: new Map(systemProperties(definition.name).map((property) => [property.name, property])),
    createdAt: created,
    updatedAt: created,
  };
}

function ownGroups(type: ObjectType): PropertyGroup[] {
  const names = new Set([...type.properties.values()].map((property) => property.groupName));
  return [...names].map((name, displayOrder) => ({ name, label: name, displayOrder, archived: false }));
}
