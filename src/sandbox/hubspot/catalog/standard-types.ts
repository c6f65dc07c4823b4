// HubSpot's own object types, with the properties that clients ask for most.
// https://developers.hubspot.com/docs/api-reference/latest/crm/understanding-the-crm

import { createProperty, type Property } from "./property.ts";

export interface StandardType {
  typeId: string;
  name: string;
  singular: string;
  labels: { singular: string; plural: string };
  primaryDisplayProperty: string;
  searchableProperties: string[];
  modifiedProperty: string;
  createdProperty: "createdate" | "hs_createdate";
  defaultProperties: readonly string[];
  properties: Property[];
}

export const standardTypes: readonly StandardType[] = [
  {
    typeId: "0-1",
    name: "contacts",
    singular: "contact",
    labels: { singular: "Contact", plural: "Contacts" },
    primaryDisplayProperty: "email",
    searchableProperties: ["email", "firstname", "lastname", "phone"],
    modifiedProperty: "lastmodifieddate",
    createdProperty: "createdate",
    defaultProperties: ["createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"],
    properties: [
      createProperty({ name: "email", type: "string", label: "Email" }),
      createProperty({ name: "firstname", type: "string", label: "First Name" }),
      createProperty({ name: "lastname", type: "string", label: "Last Name" }),
    ],
  },
];
