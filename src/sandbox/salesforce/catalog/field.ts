// What a field is, and short ways to write down the standard ones. Describe, storage, SOQL and validation all read
// this one definition, so a field can't be one thing in describe and another when it is written.
// Attributes: https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_describesobjects_describesobjectresult.htm

export type FieldType =
  | "id"
  | "string"
  | "textarea"
  | "email"
  | "phone"
  | "url"
  | "picklist"
  | "multipicklist"
  | "boolean"
  | "int"
  | "double"
  | "currency"
  | "percent"
  | "date"
  | "datetime"
  | "time"
  | "encryptedstring"
  | "reference"
  | "address";

export interface Field {
  name: string;
  label: string;
  type: FieldType;
  /** Characters; 0 for types without a length. */
  length: number;
  /** All digits of a number, and those behind the point. */
  precision: number;
  scale: number;
  nillable: boolean;
  createable: boolean;
  updateable: boolean;
  defaultedOnCreate: boolean;
  externalId: boolean;
  idLookup: boolean;
  unique: boolean;
  caseSensitive: boolean;
  /** Numbered by the org itself. */
  autoNumber: boolean;
  custom: boolean;
  values: readonly string[];
  restricted: boolean;
  referenceTo: readonly string[];
  relationshipName: string | undefined;
  /** What the parent calls the records that point to it, for example Contacts. */
  childRelationshipName: string | undefined;
  /** What deleting the parent does to this row: delete it too, or clear the reference. */
  onParentDelete: "delete" | "clear";
  /** The SQL expression of a value that is derived from other fields of the row. */
  expression: string | undefined;
  /** The parts of a compound address: property name in JSON → field. */
  components: Readonly<Record<string, string>> | undefined;
  defaultValue: string | number | undefined;
}

const numberTypes: ReadonlySet<FieldType> = new Set(["double", "currency", "percent"]);

/** Whether values are doubles, which Salesforce renders the way Java does in CSV. */
export function isDouble(field: Field): boolean {
  return numberTypes.has(field.type);
}

/** Digits of a whole number at most. */
export function wholeDigits({ precision }: Field): number {
  return precision === 0 ? 9 : precision;
}

/** Whether the user sees the value's length and nothing of it: without "View Encrypted Data" all of it is masked. */
export function isMasked(field: Field): boolean {
  return field.type === "encryptedstring";
}

/** A stored column: everything but compound addresses, which are put together when they are read. */
export function isStored(field: Field): boolean {
  return field.type !== "address";
}

/** A field with every attribute at the type's usual value, then what differs. */
export function field(name: string, type: FieldType, differs: Partial<Field> = {}): Field {
  return {
    name,
    label: labelOf(name),
    type,
    length: type === "picklist" || type === "url" ? 255 : type === "email" ? 80 : type === "phone" ? 40 : 0,
    precision: numberTypes.has(type) ? 18 : 0,
    scale: type === "currency" ? 2 : 0,
    nillable: true,
    createable: true,
    updateable: true,
    defaultedOnCreate: false,
    externalId: false,
    idLookup: false,
    unique: false,
    caseSensitive: false,
    autoNumber: false,
    custom: false,
    values: [],
    restricted: false,
    referenceTo: [],
    relationshipName: undefined,
    childRelationshipName: undefined,
    onParentDelete: "clear",
    expression: undefined,
    components: undefined,
    defaultValue: undefined,
    ...differs,
  };
}

export function text(name: string, length: number, differs: Partial<Field> = {}): Field {
  return field(name, "string", { length, ...differs });
}

export function longText(name: string, length: number): Field {
  return field(name, "textarea", { length });
}

export function picklist(name: string, values: readonly string[], differs: Partial<Field> = {}): Field {
  return field(name, "picklist", { values, ...differs });
}

/** A checkbox: never null, false unless it is written. */
export function checkbox(name: string, differs: Partial<Field> = {}): Field {
  return field(name, "boolean", { nillable: false, defaultedOnCreate: true, defaultValue: 0, ...differs });
}

/** A lookup. Its relationship is the field's name without Id. */
export function reference(name: string, referenceTo: readonly string[], differs: Partial<Field> = {}): Field {
  const relationshipName = name.replace(/Id$/, "");
  return field(name, "reference", {
    length: 18,
    label: `${labelOf(relationshipName)} ID`,
    referenceTo,
    relationshipName,
    ...differs,
  });
}

export const required: Partial<Field> = { nillable: false };
export const readOnly: Partial<Field> = { createable: false, updateable: false };

/** A compound address and its eight parts, for example address("Mailing"). */
export function address(
  prefix: string,
  length: { country: number; state: number } = { country: 80, state: 80 },
): Field[] {
  const part = (suffix: string): string => prefix + suffix;
  return [
    field(part("Street"), "textarea", { length: 255 }),
    text(part("City"), 40),
    text(part("State"), length.state),
    text(part("PostalCode"), 20),
    text(part("Country"), length.country),
    field(part("Latitude"), "double", { precision: 18, scale: 15 }),
    field(part("Longitude"), "double", { precision: 18, scale: 15 }),
    picklist(
      part("GeocodeAccuracy"),
      [
        "Address",
        "NearAddress",
        "Block",
        "Street",
        "ExtendedZip",
        "Zip",
        "Neighborhood",
        "City",
        "County",
        "State",
        "Unknown",
      ],
      { length: 40, restricted: true },
    ),
    field(part("Address"), "address", {
      ...readOnly,
      components: {
        city: part("City"),
        country: part("Country"),
        geocodeAccuracy: part("GeocodeAccuracy"),
        latitude: part("Latitude"),
        longitude: part("Longitude"),
        postalCode: part("PostalCode"),
        state: part("State"),
        street: part("Street"),
      },
    }),
  ];
}

/** The parts of a person's name and the read-only Name that Salesforce puts together from them. */
export function personName(): Field[] {
  return [
    text("LastName", 80, required),
    text("FirstName", 40),
    picklist("Salutation", ["Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx."], { length: 40 }),
    text("Name", 121, {
      label: "Full Name",
      ...readOnly,
      nillable: false,
      expression: `trim(coalesce("FirstName" || ' ', '') || "LastName")`,
    }),
  ];
}

/** The fields that the system keeps on every object. */
export function systemFields(): Field[] {
  const kept = { ...readOnly, nillable: false, defaultedOnCreate: true };
  return [
    field("Id", "id", { ...kept, label: "Record ID", length: 18, idLookup: true }),
    checkbox("IsDeleted", { ...kept, label: "Deleted" }),
    field("CreatedDate", "datetime", kept),
    reference("CreatedById", ["User"], kept),
    field("LastModifiedDate", "datetime", kept),
    reference("LastModifiedById", ["User"], kept),
    field("SystemModstamp", "datetime", kept),
  ];
}

/** The owner, which is whoever creates the record unless it is given. */
export function owner(referenceTo: readonly string[] = ["User"]): Field {
  return reference("OwnerId", referenceTo, { nillable: false, defaultedOnCreate: true });
}

/** The record type, which is the profile's default one unless it is given. */
export function recordTypeField(): Field {
  return reference("RecordTypeId", ["RecordType"], { label: "Record Type ID" });
}

/** What people see: AccountSource → Account Source, Bioguide_Id__c → Bioguide Id. */
function labelOf(name: string): string {
  return name
    .replace(/__[cr]$/, "")
    .replaceAll("_", " ")
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ");
}
