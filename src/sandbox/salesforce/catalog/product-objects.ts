// Products, what they cost in which price book, and the lines of an opportunity. A line names the price of a product; the org
// takes its unit price where none is given, and sums the lines up into the opportunity's amount. This one does neither:
// what is loaded is what is there.
// https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_opportunitylineitem.htm

import { checkbox, field, longText, reference, required, systemFields, text } from "./field.ts";
import type { StandardObject } from "./setup-objects.ts";

const once = { updateable: false };

export const productObjects: readonly StandardObject[] = [
  {
    name: "Product2",
    label: "Product",
    labelPlural: "Products",
    keyPrefix: "01t",
    fields: [
      ...systemFields(),
      text("Name", 255, required),
      text("ProductCode", 255),
      longText("Description", 4000),
      checkbox("IsActive", { label: "Active" }),
      text("Family", 255),
    ],
  },
  {
    name: "Pricebook2",
    label: "Price Book",
    labelPlural: "Price Books",
    keyPrefix: "01s",
    fields: [
      ...systemFields(),
      text("Name", 255, required),
      checkbox("IsActive", { label: "Active" }),
      checkbox("IsStandard"),
      longText("Description", 255),
    ],
  },
  {
    name: "PricebookEntry",
    label: "Price Book Entry",
    labelPlural: "Price Book Entries",
    keyPrefix: "01u",
    fields: [
      ...systemFields(),
      reference("Pricebook2Id", ["Pricebook2"], {
        ...once,
        nillable: false,
        childRelationshipName: "PricebookEntries",
      }),
      reference("Product2Id", ["Product2"], { ...once, nillable: false, childRelationshipName: "PricebookEntries" }),
      field("UnitPrice", "currency", { ...required, precision: 18, scale: 2 }),
      checkbox("IsActive", { label: "Active" }),
      text("ProductCode", 255),
    ],
  },
  {
    name: "OpportunityLineItem",
    label: "Opportunity Product",
    labelPlural: "Opportunity Products",
    keyPrefix: "00k",
    fields: [
      ...systemFields(),
      reference("OpportunityId", ["Opportunity"], {
        ...once,
        nillable: false,
        onParentDelete: "delete",
        childRelationshipName: "OpportunityLineItems",
      }),
      reference("PricebookEntryId", ["PricebookEntry"], { ...once, nillable: false }),
      field("Quantity", "double", { ...required, precision: 12, scale: 2 }),
      field("UnitPrice", "currency", { precision: 18, scale: 2, label: "Sales Price" }),
      field("ServiceDate", "date", { label: "Date" }),
      text("Description", 255),
    ],
  },
];
