// HubSpot's own object types, and what a read gives of them where it names no properties.
// https://developers.hubspot.com/docs/guides/crm/using-object-apis (type ids)
// https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm (properties that come by default)

import {
  callProperties,
  emailProperties,
  leadProperties,
  meetingProperties,
  noteProperties,
  quoteProperties,
  taskProperties,
} from "./activity-properties.ts";
import { companyProperties } from "./company-properties.ts";
import { contactProperties } from "./contact-properties.ts";
import { systemProperties } from "./define.ts";
import type { Property } from "./property.ts";
import { rarerTypes, type TypeDefinition } from "./rarer-types.ts";
import { dealProperties, lineItemProperties, productProperties, ticketProperties } from "./sales-properties.ts";

export interface StandardType {
  typeId: string;
  name: string;
  singular: string;
  labels: { singular: string; plural: string };
  primaryDisplayProperty: string;
  searchableProperties: string[];
  modifiedProperty: "lastmodifieddate" | "hs_lastmodifieddate";
  createdProperty: "createdate" | "hs_createdate";
  defaultProperties: readonly string[];
  properties: Property[];
}

const definitions: readonly TypeDefinition[] = [
  ["0-1", "contacts", "contact", contactProperties, ["email", "firstname", "lastname"]],
  ["0-2", "companies", "company", companyProperties, ["name", "domain"]],
  ["0-3", "deals", "deal", dealProperties, ["dealname", "amount", "closedate", "dealstage", "pipeline"]],
  [
    "0-5",
    "tickets",
    "ticket",
    ticketProperties,
    ["subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority"],
  ],
  ["0-7", "products", "product", productProperties, ["name", "description", "price"]],
  ["0-8", "line_items", "line_item", lineItemProperties, ["quantity", "amount", "price"]],
  ["0-14", "quotes", "quote", quoteProperties, ["hs_title", "hs_expiration_date"]],
  ["0-27", "tasks", "task", taskProperties, ["hs_task_subject"]],
  ["0-46", "notes", "note", noteProperties, ["hs_note_body"]],
  ["0-47", "meetings", "meeting", meetingProperties, ["hs_meeting_title"]],
  ["0-48", "calls", "call", callProperties, ["hs_call_title"]],
  ["0-49", "emails", "email", emailProperties, ["hs_email_subject"]],
  ["0-136", "leads", "lead", leadProperties, ["hs_lead_name"]],
  ...rarerTypes,
];

const quietOnRead: ReadonlySet<string> = new Set([
  "notes",
  "meetings",
  "calls",
  "emails",
  "tasks",
  "quotes",
  "communications",
  "postal_mail",
]);

export const standardTypes: readonly StandardType[] = definitions.map(([typeId, name, singular, properties, shown]) => {
  const modifiedProperty = name === "contacts" ? "lastmodifieddate" : "hs_lastmodifieddate";
  const createdProperty = properties.some((property) => property.name === "createdate")
    ? "createdate"
    : "hs_createdate";
  return {
    typeId,
    name,
    singular,
    labels: { singular: labelOf(singular), plural: labelOf(name) },
    primaryDisplayProperty: shown[0] ?? "",
    searchableProperties: name === "contacts" ? [...shown, "phone", "company", "hs_additional_emails"] : [...shown],
    modifiedProperty,
    createdProperty,
    defaultProperties: [
      createdProperty,
      ...(quietOnRead.has(name) ? [] : shown),
      modifiedProperty,
      "hs_object_id",
    ].sort(),
    properties: [...properties, ...systemProperties(singular)],
  };
});

function labelOf(name: string): string {
  const text = name.replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
