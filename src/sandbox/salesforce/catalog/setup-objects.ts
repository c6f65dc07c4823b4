// The objects that the org itself keeps: users, groups, the organization, record types, the view of its fields.
// Source: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/ (one page an object)

import {
  address,
  checkbox,
  type Field,
  field,
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

// The objects, for the fields to be asked for by the name of theirs. In place of the ids of custom objects there are names.
const entityDefinition: StandardObject = {
  name: "EntityDefinition",
  label: "Entity Definition",
  labelPlural: "Entity Definitions",
  keyPrefix: "4ie",
  readOnly: true,
  fields: [...systemFields(), text("DurableId", 255), text("QualifiedApiName", 255), text("Label", 255)],
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
    text("EntityDefinitionId", 255, { referenceTo: ["EntityDefinition"], relationshipName: "EntityDefinition" }),
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

const recordType: StandardObject = {
  name: "RecordType",
  label: "Record Type",
  labelPlural: "Record Types",
  keyPrefix: "012",
  readOnly: true,
  fields: [
    ...systemFields(),
    text("Name", 80, required),
    text("DeveloperName", 80, required),
    text("NamespacePrefix", 15),
    text("Description", 255),
    text("SobjectType", 40, required),
    checkbox("IsActive", { label: "Active" }),
  ],
};

/** What the signed-in user may do, as the one record that each user sees. */
const userPermissionAccess: StandardObject = {
  name: "UserPermissionAccess",
  label: "User Permission Access",
  labelPlural: "User Permission Accesses",
  keyPrefix: "0PA",
  readOnly: true,
  fields: [...systemFields(), checkbox("PermissionsViewAllData")],
};

/** In the order in which describe lists them. */
export const setupObjects: readonly StandardObject[] = [
  user,
  group,
  organization,
  entityDefinition,
  fieldDefinition,
  recordType,
  userPermissionAccess,
];
