// Short forms for HubSpot's own properties.

import {
  createProperty,
  type Option,
  optionsOf,
  type Property,
  type PropertyDefinition,
  type PropertyType,
} from "./property.ts";

type More = Partial<PropertyDefinition>;

/** A property of HubSpot's own that clients may set. */
export function own(name: string, type: PropertyType, label: string, more: More = {}): Property {
  return createProperty({
    name,
    type,
    label,
    hubspotDefined: true,
    formField: true,
    modificationMetadata: { archivable: false, readOnlyDefinition: true, readOnlyValue: false },
    ...more,
  });
}

/** One that only HubSpot sets. */
export function readOnly(name: string, type: PropertyType, label: string, more: More = {}): Property {
  return own(name, type, label, {
    formField: false,
    modificationMetadata: { archivable: false, readOnlyDefinition: true, readOnlyValue: true },
    ...more,
  });
}

/** One that HubSpot works out from others. */
export function calculated(name: string, type: PropertyType, label: string): Property {
  return readOnly(name, type, label, { calculated: true });
}

/** A choice of one. Values are given as `value` or `value=Label`. */
export function choice(name: string, label: string, values: readonly string[], more: More = {}): Property {
  return own(name, "enumeration", label, { options: optionList(values), ...more });
}

function optionList(values: readonly string[]): Option[] {
  return optionsOf(
    ...values.map((text) => {
      const [value = "", label = value] = text.split("=");
      return [value, label] as const;
    }),
  );
}

/** What records of every type have. */
export function systemProperties(singular: string): Property[] {
  const groupName = `${singular}information`;
  const more = { groupName };
  return [
    readOnly("hs_object_id", "number", "Record ID", more),
    readOnly("hs_createdate", "datetime", "Object create date/time", more),
    readOnly("hs_lastmodifieddate", "datetime", "Last Modified Date", more),
    own("hubspot_owner_id", "enumeration", "Owner", {
      groupName,
      externalOptions: true,
      referencedObjectType: "OWNER",
    }),
    readOnly("hs_merged_object_ids", "enumeration", "Merged object IDs", { groupName, fieldType: "checkbox" }),
    readOnly("hs_object_source", "string", "Record creation source", more),
    readOnly("hs_object_source_id", "string", "Record creation source ID", more),
    readOnly("hs_object_source_label", "string", "Record source", more),
    readOnly("hs_created_by_user_id", "number", "Created by user ID", more),
    readOnly("hs_updated_by_user_id", "number", "Updated by user ID", more),
    readOnly("hs_unique_creation_key", "string", "Unique creation key", more),
    readOnly("hs_was_imported", "bool", "Performed in an import", more),
  ];
}
