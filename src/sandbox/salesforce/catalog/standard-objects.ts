// The standard objects with the fields, types and lengths that Salesforce ships.
// Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ (one page an object)

import {
  address,
  checkbox,
  type Field,
  field,
  longText,
  owner,
  personName,
  picklist,
  readOnly,
  reference,
  required,
  systemFields,
  text,
} from "./field.ts";

export interface StandardObject {
  name: string;
  label: string;
  labelPlural: string;
  keyPrefix: string;
  fields: readonly Field[];
  /** Written by the org itself only: User, Organization and the tooling views. */
  readOnly?: boolean;
}

const leadSources = ["Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"];
const ratings = ["Hot", "Warm", "Cold"];
const industries =
  "Agriculture,Apparel,Banking,Biotechnology,Chemicals,Communications,Construction,Consulting,Education,Electronics,Energy,Engineering,Entertainment,Environmental,Finance,Food & Beverage,Government,Healthcare,Hospitality,Insurance,Machinery,Manufacturing,Media,Not For Profit,Other,Recreation,Retail,Shipping,Technology,Telecommunications,Transportation,Utilities".split(
    ",",
  );
const cleanStatuses = [
  "Matched",
  "Different",
  "Acknowledged",
  "NotFound",
  "Inactive",
  "Pending",
  "SelectMatch",
  "Skipped",
];

function activityDates(): Field[] {
  return [
    field("LastActivityDate", "date", readOnly),
    field("LastViewedDate", "datetime", readOnly),
    field("LastReferencedDate", "datetime", readOnly),
  ];
}

const account: StandardObject = {
  name: "Account",
  label: "Account",
  labelPlural: "Accounts",
  keyPrefix: "001",
  fields: [
    ...systemFields(),
    reference("MasterRecordId", ["Account"], readOnly),
    text("Name", 255, { ...required, label: "Account Name" }),
    picklist("Type", [
      "Prospect",
      "Customer - Direct",
      "Customer - Channel",
      "Channel Partner / Reseller",
      "Installation Partner",
      "Technology Partner",
      "Other",
    ]),
    reference("ParentId", ["Account"]),
    ...address("Billing"),
    ...address("Shipping"),
    field("Phone", "phone"),
    field("Fax", "phone"),
    text("AccountNumber", 40),
    field("Website", "url"),
    field("PhotoUrl", "url", readOnly),
    text("Sic", 20, { label: "SIC Code" }),
    picklist("Industry", industries),
    field("AnnualRevenue", "currency", { precision: 18, scale: 0 }),
    field("NumberOfEmployees", "int", { precision: 8, label: "Employees" }),
    picklist("Ownership", ["Public", "Private", "Subsidiary", "Other"]),
    text("TickerSymbol", 20),
    longText("Description", 32_000),
    picklist("Rating", ratings),
    text("Site", 80),
    owner(),
    ...activityDates(),
    text("Jigsaw", 20),
    text("JigsawCompanyId", 20, readOnly),
    picklist("CleanStatus", cleanStatuses, { length: 40, restricted: true }),
    picklist("AccountSource", leadSources),
    text("DunsNumber", 9, { label: "D-U-N-S Number" }),
    text("Tradestyle", 255),
    text("NaicsCode", 8),
    text("NaicsDesc", 120),
    text("YearStarted", 4),
    text("SicDesc", 80),
  ],
};

const contact: StandardObject = {
  name: "Contact",
  label: "Contact",
  labelPlural: "Contacts",
  keyPrefix: "003",
  fields: [
    ...systemFields(),
    reference("MasterRecordId", ["Contact"], readOnly),
    reference("AccountId", ["Account"], { onParentDelete: "delete" }),
    ...personName(),
    ...address("Other"),
    ...address("Mailing"),
    field("Phone", "phone", { label: "Business Phone" }),
    field("Fax", "phone"),
    field("MobilePhone", "phone"),
    field("HomePhone", "phone"),
    field("OtherPhone", "phone"),
    field("AssistantPhone", "phone"),
    reference("ReportsToId", ["Contact"]),
    field("Email", "email", { idLookup: true }),
    text("Title", 128),
    text("Department", 80),
    text("AssistantName", 40),
    picklist("LeadSource", leadSources),
    field("Birthdate", "date"),
    longText("Description", 32_000),
    owner(),
    checkbox("HasOptedOutOfEmail", { label: "Email Opt Out" }),
    checkbox("HasOptedOutOfFax", { label: "Fax Opt Out" }),
    checkbox("DoNotCall"),
    ...activityDates(),
    field("LastCURequestDate", "datetime", readOnly),
    field("LastCUUpdateDate", "datetime", readOnly),
    text("EmailBouncedReason", 255),
    field("EmailBouncedDate", "datetime"),
    checkbox("IsEmailBounced", readOnly),
    field("PhotoUrl", "url", readOnly),
    text("Jigsaw", 20),
    text("JigsawContactId", 20, readOnly),
    picklist("CleanStatus", cleanStatuses, { length: 40, restricted: true }),
    reference("IndividualId", ["Individual"]),
  ],
};

const lead: StandardObject = {
  name: "Lead",
  label: "Lead",
  labelPlural: "Leads",
  keyPrefix: "00Q",
  fields: [
    ...systemFields(),
    reference("MasterRecordId", ["Lead"], readOnly),
    ...personName(),
    text("Title", 128),
    text("Company", 255, required),
    ...address(""),
    field("Phone", "phone"),
    field("MobilePhone", "phone"),
    field("Fax", "phone"),
    field("Email", "email", { idLookup: true }),
    field("Website", "url"),
    field("PhotoUrl", "url", readOnly),
    longText("Description", 32_000),
    picklist("LeadSource", leadSources),
    picklist(
      "Status",
      ["Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"],
      { nillable: false, defaultedOnCreate: true, defaultValue: "Open - Not Contacted" },
    ),
    picklist("Industry", industries),
    picklist("Rating", ratings),
    field("AnnualRevenue", "currency", { precision: 18, scale: 0 }),
    field("NumberOfEmployees", "int", { precision: 8, label: "Employees" }),
    owner(["Group", "User"]),
    checkbox("IsConverted", readOnly),
    field("ConvertedDate", "date", readOnly),
    reference("ConvertedAccountId", ["Account"], readOnly),
    reference("ConvertedContactId", ["Contact"], readOnly),
    reference("ConvertedOpportunityId", ["Opportunity"], readOnly),
    checkbox("IsUnreadByOwner"),
    checkbox("HasOptedOutOfEmail", { label: "Email Opt Out" }),
    checkbox("DoNotCall"),
    ...activityDates(),
    text("Jigsaw", 20),
    text("JigsawContactId", 20, readOnly),
    picklist("CleanStatus", cleanStatuses, { length: 40, restricted: true }),
    text("CompanyDunsNumber", 9),
    text("EmailBouncedReason", 255),
    field("EmailBouncedDate", "datetime"),
    reference("IndividualId", ["Individual"]),
  ],
};

const opportunity: StandardObject = {
  name: "Opportunity",
  label: "Opportunity",
  labelPlural: "Opportunities",
  keyPrefix: "006",
  fields: [
    ...systemFields(),
    reference("AccountId", ["Account"], { onParentDelete: "delete" }),
    checkbox("IsPrivate"),
    text("Name", 120, required),
    longText("Description", 32_000),
    picklist(
      "StageName",
      [
        "Prospecting",
        "Qualification",
        "Needs Analysis",
        "Value Proposition",
        "Id. Decision Makers",
        "Perception Analysis",
        "Proposal/Price Quote",
        "Negotiation/Review",
        "Closed Won",
        "Closed Lost",
      ],
      { ...required, label: "Stage" },
    ),
    field("Amount", "currency", { precision: 18, scale: 2 }),
    field("Probability", "percent", { precision: 3, scale: 0, label: "Probability (%)" }),
    field("ExpectedRevenue", "currency", {
      ...readOnly,
      precision: 18,
      scale: 2,
      expression: `"Amount" * "Probability" / 100`,
    }),
    field("TotalOpportunityQuantity", "double", { precision: 18, scale: 2, label: "Quantity" }),
    field("CloseDate", "date", required),
    picklist("Type", [
      "Existing Customer - Upgrade",
      "Existing Customer - Replacement",
      "Existing Customer - Downgrade",
      "New Customer",
    ]),
    text("NextStep", 255),
    picklist("LeadSource", leadSources),
    checkbox("IsClosed", { ...readOnly, expression: `coalesce("StageName" LIKE 'Closed %', 0)` }),
    checkbox("IsWon", { ...readOnly, expression: `coalesce("StageName" = 'Closed Won', 0)` }),
    owner(),
    ...activityDates(),
    reference("ContactId", ["Contact"]),
  ],
};

const task: StandardObject = {
  name: "Task",
  label: "Task",
  labelPlural: "Tasks",
  keyPrefix: "00T",
  fields: [
    ...systemFields(),
    reference("WhoId", ["Contact", "Lead"]),
    reference("WhatId", ["Account", "Opportunity"]),
    field("Subject", "string", { length: 255 }),
    field("ActivityDate", "date", { label: "Due Date Only" }),
    picklist("Status", ["Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"], {
      nillable: false,
      defaultedOnCreate: true,
      defaultValue: "Not Started",
    }),
    picklist("Priority", ["High", "Normal", "Low"], {
      nillable: false,
      defaultedOnCreate: true,
      defaultValue: "Normal",
    }),
    longText("Description", 32_000),
    picklist("Type", ["Call", "Email", "Meeting", "Other"], { length: 40 }),
    owner(["Group", "User"]),
  ],
};

const user: StandardObject = {
  name: "User",
  label: "User",
  labelPlural: "Users",
  keyPrefix: "005",
  readOnly: true,
  fields: [
    ...systemFields(),
    text("Username", 80, { ...required, unique: true, idLookup: true }),
    ...personName(),
    text("CompanyName", 80),
    text("Division", 80),
    text("Department", 80),
    text("Title", 80),
    ...address(""),
    field("Email", "email", { ...required, idLookup: true }),
    field("Phone", "phone"),
    field("MobilePhone", "phone"),
    text("Alias", 8, required),
    text("CommunityNickname", 40, { ...required, unique: true }),
    checkbox("IsActive", { label: "Active" }),
    field("TimeZoneSidKey", "picklist", { ...required, length: 40 }),
    field("LocaleSidKey", "picklist", { ...required, length: 40 }),
    field("LanguageLocaleKey", "picklist", { ...required, length: 40 }),
    picklist("UserType", ["Standard"], { ...readOnly, length: 40 }),
    text("EmployeeNumber", 20),
    reference("ManagerId", ["User"]),
    field("LastLoginDate", "datetime", readOnly),
    text("FederationIdentifier", 512, { unique: true, idLookup: true, caseSensitive: true }),
  ],
};

const organization: StandardObject = {
  name: "Organization",
  label: "Organization",
  labelPlural: "Organizations",
  keyPrefix: "00D",
  readOnly: true,
  fields: [
    ...systemFields(),
    text("Name", 80, required),
    text("InstanceName", 5, readOnly),
    checkbox("IsSandbox", readOnly),
    field("TrialExpirationDate", "datetime", readOnly),
    text("NamespacePrefix", 15, readOnly),
    picklist("OrganizationType", ["Developer Edition", "Enterprise Edition"], { ...readOnly, length: 40 }),
    picklist("DefaultLocaleSidKey", [], { length: 40 }),
    picklist("TimeZoneSidKey", [], { length: 40 }),
    picklist("LanguageLocaleKey", [], { length: 40 }),
    ...address(""),
  ],
};

// Loaders ask this view which lookups are polymorphic before they write a relationship column.
const fieldDefinition: StandardObject = {
  name: "FieldDefinition",
  label: "Field Definition",
  labelPlural: "Field Definitions",
  keyPrefix: "4d0",
  readOnly: true,
  fields: [
    ...systemFields(),
    text("DurableId", 255),
    text("QualifiedApiName", 255),
    text("EntityDefinitionId", 255),
    text("DataType", 255),
    text("Label", 255),
    field("Length", "int", { precision: 9 }),
    checkbox("IsPolymorphicForeignKey"),
  ],
};

const group: StandardObject = {
  name: "Group",
  label: "Group",
  labelPlural: "Groups",
  keyPrefix: "00G",
  readOnly: true,
  fields: [
    ...systemFields(),
    text("Name", 40, required),
    text("DeveloperName", 80),
    picklist("Type", ["Queue", "Regular"], { length: 40 }),
    field("Email", "email"),
  ],
};

/** Every standard object of the sandbox, built anew: a schema file adds fields to its own copy only. */
export const standardObjects: readonly StandardObject[] = [
  account,
  contact,
  lead,
  opportunity,
  task,
  user,
  group,
  organization,
  fieldDefinition,
];
