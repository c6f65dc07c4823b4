// What the fields of an object say of the stream that writes it, or reads it, as JSON Schema. Must hold: a field that is
// there is not underlined, also one that can only be read: it may be a key, or mapped with `own: false`.

import { type FieldSchema, isRequired } from "../../core/model.ts";
import { type JsonSchema, when } from "./when.ts";

/** So many values are shown beside a name. */
const shownMax = 12;
/** So many are offered. */
const offeredMax = 200;

/** Names that reach further than the object's own fields: `Account.Ext__c`, `Lead:Who.Email`, an association's label. */
const compound = "[^A-Za-z0-9_]";

export function fieldRules(fields: readonly FieldSchema[]): JsonSchema {
  const writable = fields.filter(({ createable, updateable }) => createable || updateable);
  const others = fields.filter((field) => !writable.includes(field)).map(({ name }) => name);
  const known = others.length === 0 ? compound : `${compound}|^(${others.join("|")})$`;
  const map = {
    properties: Object.fromEntries(writable.map((field) => [field.name, describeField(field)])),
    patternProperties: { [known]: {} },
    additionalProperties: false,
  };
  const names = fields.map(({ name }) => name);
  const mapped = { anyOf: [{ enum: names }, { type: "string", pattern: compound }] };
  const keys = fields.filter(({ externalId, unique, kind }) => externalId || unique || kind === "id");
  const offered = keys.length === 0 ? [] : [{ enum: keys.map(({ name }) => name) }];
  const key = {
    anyOf: [
      ...offered,
      { type: "string", pattern: `${compound}|^(${names.join("|")})$` },
      { type: "array", items: mapped },
    ],
  };
  return {
    properties: {
      map,
      target: { properties: { key, adopt_by: mapped } },
      validate: { items: ruleOf(fields) },
    },
  };
}

/** Of a source: completed only, for it may give more than describe tells, such as fields of a parent. */
export function sourceFieldRules(fields: readonly FieldSchema[]): JsonSchema {
  const names = { items: { anyOf: [{ enum: fields.map(({ name }) => name) }, { type: "string" }] } };
  return { properties: { source: { properties: { fields: names } } } };
}

/** A rule of a picklist offers its values. */
function ruleOf(fields: readonly FieldSchema[]): JsonSchema {
  const chosen = fields.filter(({ picklist }) => picklist !== undefined && picklist.values.length > 0);
  return {
    properties: { field: { anyOf: [{ enum: fields.map(({ name }) => name) }, { type: "string" }] } },
    ...(chosen.length === 0
      ? {}
      : {
          allOf: chosen.map((field) =>
            when(
              { properties: { field: { const: field.name } }, required: ["field"] },
              { properties: { one_of: { items: { anyOf: [{ enum: valuesOf(field) }, {}] } } } },
            ),
          ),
        }),
  };
}

/** What is seen beside its name, and the values of a picklist as expressions. */
function describeField(field: FieldSchema): JsonSchema {
  const values = valuesOf(field);
  const shown = values.slice(0, shownMax).join(", ");
  const more = field.picklist === undefined ? 0 : field.picklist.values.length - shownMax;
  const facts = [
    field.label,
    typeOf(field),
    ...(isRequired(field) ? ["required"] : []),
    ...(field.externalId ? ["external id"] : []),
    ...(values.length === 0 ? [] : [`values: ${shown}${more > 0 ? ` and ${more} more` : ""}`]),
  ];
  // As they are written in YAML: an editor that found quotes around a value would take them for YAML's, and lose them.
  const written = values.map((value) => JSON.stringify(`'${value.replaceAll("'", "''")}'`));
  const offered = written.length === 0 ? {} : { examples: written };
  return { description: facts.filter((fact) => fact !== "").join(" · "), ...offered };
}

function valuesOf({ picklist }: FieldSchema): string[] {
  return picklist?.values.slice(0, offeredMax) ?? [];
}

function typeOf({ vendorType, maxLength, referenceTo }: FieldSchema): string {
  if (referenceTo.length > 0) return `${vendorType} of ${referenceTo.slice(0, shownMax).join(", ")}`;
  return maxLength === undefined ? vendorType : `${vendorType}(${maxLength})`;
}
