// What describe says of an object, in the shape that client libraries expect.
// https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm

import type { RecordType } from "../records/record-types.ts";
import type { Catalog } from "./catalog.ts";
import { type Field, isDouble, isMasked, wholeDigits } from "./field.ts";
import type { SalesforceObject } from "./object.ts";

type Description = Record<string, unknown>;

const base = (version: number, name: string): string => `/services/data/v${version}.0/sobjects/${name}`;

/** The entry of an object in the list of objects. */
export function summarise(object: SalesforceObject, version: number): Description {
  const url = base(version, object.name);
  const { access } = object;
  return {
    activateable: false,
    createable: access.createable,
    custom: object.custom,
    customSetting: false,
    deletable: access.deletable,
    deprecatedAndHidden: false,
    feedEnabled: false,
    hasSubtypes: false,
    isInterface: false,
    isSubtype: false,
    keyPrefix: object.keyPrefix,
    label: object.label,
    labelPlural: object.labelPlural,
    layoutable: true,
    mergeable: access.deletable && object.field("MasterRecordId") !== undefined,
    mruEnabled: true,
    name: object.name,
    queryable: access.queryable,
    replicateable: true,
    retrieveable: true,
    searchable: true,
    triggerable: true,
    undeletable: access.deletable,
    updateable: access.updateable,
    urls: { describe: `${url}/describe`, rowTemplate: `${url}/{ID}`, sobject: url },
  };
}

/** The full describe of an object. */
export function describe(
  catalog: Catalog,
  object: SalesforceObject,
  version: number,
  recordTypes: readonly RecordType[],
): Description {
  return {
    ...summarise(object, version),
    actionOverrides: [],
    childRelationships: childRelationships(catalog, object),
    compactLayoutable: true,
    fields: object.fields.map((field) => describeField(object, field)),
    listviewable: null,
    lookupLayoutable: null,
    namedLayoutInfos: [],
    networkScopeFieldName: null,
    recordTypeInfos: recordTypeInfos(object, version, recordTypes),
    searchLayoutable: true,
    supportedScopes: [{ label: `All ${object.labelPlural}`, name: "everything" }],
  };
}

// The master record type stands for "none of them" and is always there.
function recordTypeInfos(object: SalesforceObject, version: number, recordTypes: readonly RecordType[]): Description[] {
  const info = (type: RecordType, master: boolean): Description => ({
    active: type.active,
    available: type.available,
    defaultRecordTypeMapping: type.default,
    developerName: type.developerName,
    master,
    name: type.name,
    recordTypeId: type.id,
    urls: { layout: `${base(version, object.name)}/describe/layouts/${type.id}` },
  });
  const named = { developerName: "Master", name: "Master", id: "012000000000000AAA" };
  const master = { ...named, active: true, available: true, default: !recordTypes.some((type) => type.default) };
  return [...recordTypes.map((type) => info(type, false)), info(master, true)];
}

function childRelationships(catalog: Catalog, object: SalesforceObject): Description[] {
  return catalog.objects.flatMap((child) =>
    child.fields
      .filter((field) => field.referenceTo.includes(object.name))
      .map((field) => ({
        cascadeDelete: field.onParentDelete === "delete",
        childSObject: child.name,
        deprecatedAndHidden: false,
        field: field.name,
        junctionIdListNames: [],
        junctionReferenceTo: [],
        relationshipName: field.childRelationshipName ?? null,
        restrictedDelete: false,
      })),
  );
}

function describeField(object: SalesforceObject, field: Field): Description {
  const longText = field.type === "textarea" && field.length > 255;
  const compound = field.type === "address";
  return {
    aggregatable: !longText && !compound,
    aiPredictionField: false,
    autoNumber: field.autoNumber,
    byteLength: field.length * 3,
    calculated: false,
    calculatedFormula: null,
    cascadeDelete: false,
    caseSensitive: field.caseSensitive,
    compoundFieldName: compoundOf(object, field),
    controllerName: null,
    createable: field.createable && object.access.createable,
    custom: field.custom,
    defaultValue: field.type === "boolean" ? field.defaultValue === 1 : (field.defaultValue ?? null),
    defaultValueFormula: null,
    defaultedOnCreate: field.defaultedOnCreate,
    dependentPicklist: false,
    deprecatedAndHidden: false,
    digits: field.type === "int" ? wholeDigits(field) : 0,
    displayLocationInDecimal: false,
    encrypted: isMasked(field),
    externalId: field.externalId,
    extraTypeInfo: field.type === "textarea" ? (longText ? "plaintextarea" : null) : null,
    filterable: !longText && !compound && !isMasked(field),
    filteredLookupInfo: null,
    formulaTreatNullNumberAsZero: false,
    groupable: !longText && !compound && !isDouble(field) && field.type !== "datetime",
    highScaleNumber: false,
    htmlFormatted: false,
    idLookup: field.idLookup,
    inlineHelpText: null,
    label: field.label,
    length: field.length,
    mask: isMasked(field) ? "*" : null,
    maskType: isMasked(field) ? "all" : null,
    name: field.name,
    nameField: field.name === (object.field("Name") === undefined ? "CaseNumber" : "Name"),
    namePointing: field.referenceTo.length > 1,
    nillable: field.nillable,
    permissionable: field.nillable && field.createable,
    picklistValues: field.values.map((value) => ({
      active: true,
      defaultValue: value === field.defaultValue,
      label: value,
      validFor: null,
      value,
    })),
    polymorphicForeignKey: field.referenceTo.length > 1,
    precision: isDouble(field) ? field.precision : 0,
    queryByDistance: compound,
    referenceTargetField: null,
    referenceTo: field.referenceTo,
    relationshipName: field.relationshipName ?? null,
    relationshipOrder: null,
    restrictedDelete: false,
    restrictedPicklist: field.restricted,
    scale: field.scale,
    searchPrefilterable: field.type === "reference",
    soapType: soapType(field),
    sortable: !longText && !compound,
    type: field.type,
    unique: field.unique,
    updateable: field.updateable && object.access.updateable,
    writeRequiresMasterRead: false,
  };
}

function compoundOf(object: SalesforceObject, field: Field): string | null {
  if (["FirstName", "LastName", "Salutation"].includes(field.name) && object.field("LastName") !== undefined)
    return "Name";
  const compound = object.fields.find((candidate) => Object.values(candidate.components ?? {}).includes(field.name));
  return compound?.name ?? null;
}

function soapType(field: Field): string {
  switch (field.type) {
    case "id":
    case "reference":
      return "tns:ID";
    case "boolean":
      return "xsd:boolean";
    case "int":
      return "xsd:int";
    case "double":
    case "currency":
    case "percent":
      return "xsd:double";
    case "date":
      return "xsd:date";
    case "datetime":
      return "xsd:dateTime";
    case "time":
      return "xsd:time";
    case "address":
      return "urn:address";
    default:
      return "xsd:string";
  }
}
