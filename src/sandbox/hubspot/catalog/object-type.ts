// What an object type is: its names, what it asks of its records, and its properties.

import type { Property } from "./property.ts";

export interface ObjectType {
  /** For example 0-1, or 2-40000001 for a custom object. */
  typeId: string;
  /** The plural name of paths: contacts. */
  name: string;
  singular: string;
  labels: { singular: string; plural: string };
  custom: boolean;
  primaryDisplayProperty: string;
  secondaryDisplayProperties: string[];
  searchableProperties: string[];
  requiredProperties: string[];
  /** The property that moves with each change: lastmodifieddate of contacts, hs_lastmodifieddate of all others. */
  modifiedProperty: "lastmodifieddate" | "hs_lastmodifieddate";
  createdProperty: "createdate" | "hs_createdate";
  /** What a read gives where it names no properties. */
  defaultProperties: readonly string[];
  properties: Map<string, Property>;
  createdAt: string;
  updatedAt: string;
}

export interface PropertyGroup {
  name: string;
  label: string;
  displayOrder: number;
  archived: boolean;
}
