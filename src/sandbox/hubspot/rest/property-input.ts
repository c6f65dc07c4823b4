// Definitions of properties as clients give them, checked.

import { now } from "../../clock.ts";
import { isObject } from "../../json-object.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { createProperty, type Option, type Property, type PropertyType } from "../catalog/property.ts";
import { ApiError, validationError } from "../errors.ts";

/** Field types by the type that they show. */
const fieldTypes: Readonly<Record<Exclude<PropertyType, "json">, readonly string[]>> = {
  bool: ["booleancheckbox", "calculation_equation"],
  date: ["date"],
  datetime: ["date", "calculation_equation"],
  enumeration: ["booleancheckbox", "checkbox", "radio", "select", "calculation_equation"],
  number: ["number", "calculation_equation"],
  phone_number: ["phonenumber"],
  string: ["file", "html", "phonenumber", "text", "textarea", "calculation_equation"],
};

/** A new definition. Throws where a part is missing or does not fit the rest. */
export function createdProperty(type: ObjectType, body: Record<string, unknown>): Property {
  const missing = ["name", "label", "type", "fieldType"].filter((key) => typeof body[key] !== "string");
  if (missing.length > 0) throw validationError(`Some required fields were not set: [${missing.join(", ")}]`);
  const name = String(body["name"]);
  if (!/^[a-z][a-z0-9_]{0,99}$/.test(name)) throw validationError(`Property name ${name} is invalid`);
  const { type: valueType, fieldType } = readTypes(body["type"], body["fieldType"]);
  const options = readOptions(body["options"]);
  if (valueType === "bool" && options !== undefined && !isYesOrNo(options))
    throw validationError(
      "Boolean properties must have exactly two options; one with a value of 'true', the other with a value of 'false'.",
    );
  const calculated = fieldType === "calculation_equation";
  const time = now().toISOString();
  return createProperty({
    ...readTexts(body),
    name,
    type: valueType,
    fieldType,
    groupName: String(body["groupName"] ?? `${type.singular}information`),
    ...(options === undefined ? {} : { options }),
    hasUniqueValue: body["hasUniqueValue"] === true,
    externalOptions: body["externalOptions"] === true,
    calculated,
    ...(calculated ? { calculationFormula: String(body["calculationFormula"] ?? "") } : {}),
    modificationMetadata: { archivable: true, readOnlyDefinition: false, readOnlyValue: calculated },
    createdAt: time,
    updatedAt: time,
  });
}

/** A definition with what a client changes of it. The name and uniqueness stay; options are replaced as a whole. */
export function changedProperty(property: Property, body: Record<string, unknown>): Property {
  const types = readTypes(body["type"] ?? property.type, body["fieldType"] ?? property.fieldType);
  const options = readOptions(body["options"]);
  return {
    ...property,
    ...readTexts(body),
    ...types,
    ...(typeof body["groupName"] === "string" ? { groupName: body["groupName"] } : {}),
    ...(options === undefined ? {} : { options }),
    updatedAt: now().toISOString(),
  };
}

function readTexts(body: Record<string, unknown>): Partial<Property> {
  const { label, description, hidden, formField, displayOrder } = body;
  return {
    ...(typeof label === "string" ? { label } : {}),
    ...(typeof description === "string" ? { description } : {}),
    ...(typeof hidden === "boolean" ? { hidden } : {}),
    ...(typeof formField === "boolean" ? { formField } : {}),
    ...(typeof displayOrder === "number" ? { displayOrder } : {}),
  };
}

function readTypes(type: unknown, fieldType: unknown): { type: PropertyType; fieldType: string } {
  const known = Object.entries(fieldTypes).find(([name]) => name === type);
  if (known === undefined) throw validationError(`${String(type)} is not a valid property type`);
  if (!known[1].includes(String(fieldType)))
    throw validationError(`${String(fieldType)} is not a valid field type for properties of type ${String(type)}`);
  return { type: type as PropertyType, fieldType: String(fieldType) };
}

function readOptions(given: unknown): Option[] | undefined {
  if (given === undefined || given === null) return undefined;
  if (!Array.isArray(given)) throw validationError("options must be a list");
  const options = given.map((option: unknown, displayOrder): Option => {
    if (!isObject(option) || option["value"] === undefined || option["label"] === undefined)
      throw validationError("Some required fields were not set: [label, value]");
    return {
      value: String(option["value"]),
      label: String(option["label"]),
      displayOrder: typeof option["displayOrder"] === "number" ? option["displayOrder"] : displayOrder,
      hidden: option["hidden"] === true,
      ...(typeof option["description"] === "string" ? { description: option["description"] } : {}),
    };
  });
  const values = options.map((option) => option.value);
  const twice = values.find((value, index) => values.indexOf(value) !== index);
  if (twice !== undefined)
    throw new ApiError(400, "VALIDATION_ERROR", `Property options must be unique: ${twice} comes twice`);
  return options;
}

function isYesOrNo(options: readonly Option[]): boolean {
  return options.length === 2 && ["true", "false"].every((value) => options.some((option) => option.value === value));
}
