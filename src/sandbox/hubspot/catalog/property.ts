// Properties as HubSpot describes them.
// https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide

export type PropertyType = "bool" | "date" | "datetime" | "enumeration" | "number" | "phone_number" | "string" | "json";

export interface Option {
  label: string;
  value: string;
  displayOrder: number;
  hidden: boolean;
  description?: string;
}

export interface Property {
  name: string;
  label: string;
  type: PropertyType;
  fieldType: string;
  groupName: string;
  description: string;
  options: Option[];
  displayOrder: number;
  hasUniqueValue: boolean;
  hidden: boolean;
  formField: boolean;
  calculated: boolean;
  externalOptions: boolean;
  hubspotDefined: boolean;
  archived: boolean;
  createdAt: string;
  updatedAt: string;
  referencedObjectType?: string;
  calculationFormula?: string;
  modificationMetadata: {
    archivable: boolean;
    readOnlyDefinition: boolean;
    readOnlyOptions?: boolean;
    readOnlyValue: boolean;
  };
}

/** What a definition may leave out. */
export type PropertyDefinition = Pick<Property, "name" | "type"> & Partial<Property>;

const usualFieldTypes: Readonly<Record<PropertyType, string>> = {
  bool: "booleancheckbox",
  date: "date",
  datetime: "date",
  enumeration: "select",
  number: "number",
  phone_number: "phonenumber",
  string: "text",
  json: "text",
};

const longAgo = "2024-01-01T00:00:00.000Z";

export function createProperty(definition: PropertyDefinition): Property {
  return {
    label: definition.name,
    fieldType: usualFieldTypes[definition.type],
    groupName: "",
    description: "",
    options: definition.type === "bool" ? optionsOf(["true", "Yes"], ["false", "No"]) : [],
    displayOrder: -1,
    hasUniqueValue: false,
    hidden: false,
    formField: false,
    calculated: false,
    externalOptions: false,
    hubspotDefined: false,
    archived: false,
    createdAt: longAgo,
    updatedAt: longAgo,
    modificationMetadata: { archivable: true, readOnlyDefinition: false, readOnlyValue: false },
    ...definition,
  };
}

/** Options from pairs of value and label. */
export function optionsOf(...pairs: readonly (readonly [value: string, label: string])[]): Option[] {
  return pairs.map(([value, label], displayOrder) => ({ value, label, displayOrder, hidden: false }));
}

/** Whether several options may be chosen at once: `a;b`. */
export function isMultiple(property: Property): boolean {
  return property.type === "enumeration" && property.fieldType === "checkbox";
}
