// The names of a project's systems in the JSON Schema of a job, so that an editor completes them and underlines a slip.
// In: the schema of any job, what the systems answered. Out: the same schema with rules added. Must hold: what a stream takes
// from `defaults` counts as if it stood there, and nothing is underlined that a run would take: a name such as
// `Account.Ext__c` is left to `check`, and so is all that belongs to a system which could not be asked.

import { fieldRules, sourceFieldRules } from "./field-rules.ts";
import type { ProjectNames, SystemNames } from "./system-names.ts";
import { type JsonSchema, when } from "./when.ts";

type Side = "source" | "target";
type Key = "connection" | "object";

export function withNames(schema: JsonSchema, { connections, systems }: ProjectNames): JsonSchema {
  const named = connections.length === 0 ? schema : nameConnections(schema, connections);
  const rules = systems.flatMap((system) => [...objectRules(system), ...streamRules(system)]);
  if (rules.length === 0) return named;
  return { ...named, allOf: rules, $defs: Object.assign({}, ...systems.map(definitionsOf)) };
}

/** Wherever a `connection` is named. */
function nameConnections<Part>(schema: Part, connections: readonly string[]): Part {
  if (Array.isArray(schema)) return schema.map((item) => nameConnections(item, connections)) as Part;
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([keyword, inner]) => {
    if (keyword !== "connection" || !isText(inner)) return [keyword, nameConnections(inner, connections)];
    const { description } = inner;
    return [keyword, { type: "string", enum: connections, description }];
  });
  return Object.fromEntries(entries) as Part;
}

function isText(schema: unknown): schema is { description: string } {
  return typeof schema === "object" && schema !== null && "type" in schema && schema.type === "string";
}

/** Objects are completed; which other names a system takes for one, it says itself. */
function objectRules({ connection, objects }: SystemNames): JsonSchema[] {
  const object = { anyOf: [{ enum: objects }, { type: "string" }] };
  return (["source", "target"] as const).flatMap((side) =>
    wherever(side, { connection }, { properties: { [side]: { properties: { object } } } }),
  );
}

function streamRules(system: SystemNames): JsonSchema[] {
  const { connection, described } = system;
  return [...described.keys()].flatMap((object) => [
    ...wherever("target", { connection, object }, { $ref: `#/$defs/${definitionName(system, object, "target")}` }),
    ...wherever("source", { connection, object }, { $ref: `#/$defs/${definitionName(system, object, "source")}` }),
  ]);
}

function definitionsOf(system: SystemNames): JsonSchema {
  const entries = [...system.described].flatMap(([object, fields]) => [
    [definitionName(system, object, "target"), fieldRules(fields)],
    [definitionName(system, object, "source"), sourceFieldRules(fields)],
  ]);
  return Object.fromEntries(entries);
}

/** A name in a reference: an object of HubSpot may have a slash. */
function definitionName({ connection }: SystemNames, object: string, side: Side): string {
  return `${connection}.${object.replaceAll(/[^A-Za-z0-9_]/g, (sign) => `-${sign.codePointAt(0)}-`)}.${side}`;
}

/** A rule for each stream whose side has these values, each of them written in the stream or taken from `defaults`. */
function wherever(side: Side, wanted: Partial<Record<Key, string>>, rule: JsonSchema): JsonSchema[] {
  const keys = Object.keys(wanted) as Key[];
  return sharesOf(keys).map((own) => {
    const inherited = keys.filter((key) => !own.includes(key));
    const streams = {
      properties: { streams: { additionalProperties: whenStream(side, wanted, { own, inherited }, rule) } },
    };
    return inherited.length === 0 ? streams : when(hasDefaults(side, wanted, inherited), streams);
  });
}

/** Each way to choose some of the keys. */
function sharesOf(keys: readonly Key[]): Key[][] {
  const [first, ...others] = keys;
  return first === undefined ? [[]] : sharesOf(others).flatMap((chosen) => [[first, ...chosen], chosen]);
}

function whenStream(
  side: Side,
  wanted: Partial<Record<Key, string>>,
  { own, inherited }: { own: Key[]; inherited: Key[] },
  rule: JsonSchema,
): JsonSchema {
  const lacks = inherited.map((key) => ({ not: { required: [key] } }));
  const condition = {
    properties: {
      [side]: { properties: valuesOf(wanted, own), required: own, ...(lacks.length === 0 ? {} : { allOf: lacks }) },
    },
    ...(own.length === 0 ? {} : { required: [side] }),
  };
  return when(condition, rule);
}

function hasDefaults(side: Side, wanted: Partial<Record<Key, string>>, keys: Key[]): JsonSchema {
  const values = { properties: valuesOf(wanted, keys), required: keys };
  return { required: ["defaults"], properties: { defaults: { required: [side], properties: { [side]: values } } } };
}

function valuesOf(wanted: Partial<Record<Key, string>>, keys: readonly Key[]): JsonSchema {
  return Object.fromEntries(keys.map((key) => [key, { const: wanted[key] }]));
}
