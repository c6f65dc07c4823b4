// Search filters as SQL conditions over the rows of the index.
// In: filters as the API takes them. Out: a condition with its parameters. Must hold: text is compared without case,
// options with it; times and numbers as such, not as text.
// https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm

import { isObject } from "../../json-object.ts";
import type { ObjectType } from "../catalog/object-type.ts";
import { isMultiple, type Property } from "../catalog/property.ts";
import { validationError } from "../errors.ts";
import type { Portal } from "../portal.ts";
import type { Filter } from "./search-request.ts";
import { canonicalNumber, parseTime } from "./values.ts";

export interface Condition {
  sql: string;
  parameters: (string | number)[];
}

/** Where a property's value is in a row, and how a filter's value becomes comparable with it. */
interface Operand {
  sql: string;
  /** Also what `IN` compares with: there, text must come in lower case. */
  plain(text: string): string | number;
  /** Without case, where the property has none. */
  folded(text: string): string | number;
}

export function readFilter(given: unknown): Filter {
  if (!isObject(given) || typeof given["propertyName"] !== "string" || typeof given["operator"] !== "string")
    throw validationError("a filter needs propertyName and operator");
  const text = (value: unknown): string | undefined =>
    value === undefined || value === null ? undefined : String(value);
  const values = Array.isArray(given["values"]) ? given["values"].map(String) : [];
  return {
    propertyName: given["propertyName"],
    operator: given["operator"],
    value: text(given["value"]),
    highValue: text(given["highValue"]),
    values,
  };
}

/** The condition of one filter. */
export function compileFilter(portal: Portal, type: ObjectType, filter: Filter): Condition {
  if (filter.propertyName.startsWith("associations.")) return compileLinks(portal, type, filter);
  const { sql, plain, folded } = operandOf(type, filter.propertyName);
  const property = type.properties.get(filter.propertyName);
  const several = property !== undefined && isMultiple(property);
  const oneOf = (values: readonly string[]): Condition =>
    several
      ? anyOf(values.map((value) => ({ sql: `instr(';' || ${sql} || ';', ?) > 0`, parameters: [`;${value};`] })))
      : { sql: `${sql} IN (${values.map(() => "?").join(", ")})`, parameters: values.map(plain) };
  const compare = (sign: string): Condition => ({ sql: `${sql} ${sign} ?`, parameters: [folded(filterValue(filter))] });
  switch (filter.operator) {
    case "EQ":
      return several ? oneOf([filterValue(filter)]) : compare("=");
    case "NEQ":
      return negate(several ? oneOf([filterValue(filter)]) : compare("="));
    case "LT":
      return compare("<");
    case "LTE":
      return compare("<=");
    case "GT":
      return compare(">");
    case "GTE":
      return compare(">=");
    case "BETWEEN":
      return { sql: `${sql} BETWEEN ? AND ?`, parameters: [folded(filterValue(filter)), folded(highValueOf(filter))] };
    case "IN":
      return oneOf(valuesOf(filter));
    case "NOT_IN":
      return negate(oneOf(valuesOf(filter)));
    case "HAS_PROPERTY":
      return { sql: `${sql} IS NOT NULL`, parameters: [] };
    case "NOT_HAS_PROPERTY":
      return { sql: `${sql} IS NULL`, parameters: [] };
    case "CONTAINS_TOKEN":
      return { sql: `has_token(${sql}, ?)`, parameters: [filterValue(filter)] };
    case "NOT_CONTAINS_TOKEN":
      return negate({ sql: `has_token(${sql}, ?)`, parameters: [filterValue(filter)] });
    default:
      throw validationError(`Invalid operator: ${filter.operator}`);
  }
}

export function allOf(conditions: readonly Condition[]): Condition {
  return join(conditions, " AND ", "1");
}

export function anyOf(conditions: readonly Condition[]): Condition {
  return join(conditions, " OR ", "0");
}

/** A property as something to sort by or to look into. */
export function operandOf(type: ObjectType, name: string): Operand {
  if (name === "hs_object_id") return numeric("id", Number);
  if (name === type.modifiedProperty || name === "hs_lastmodifieddate") return numeric("updated", timeOf);
  if (name === type.createdProperty || name === "hs_createdate") return numeric("created", timeOf);
  const property = type.properties.get(name);
  if (property === undefined || property.archived) throw validationError(`Property "${name}" does not exist`);
  const sql = `json_extract(properties, '$."${property.name}"')`;
  switch (property.type) {
    case "number":
      return numeric(`CAST(${sql} AS REAL)`, (text) => Number(canonicalNumber(text) ?? badValue(property, text)));
    case "date":
      return same(sql, (text) => new Date(timeOf(text)).toISOString().slice(0, 10));
    case "datetime":
      return same(sql, (text) => new Date(timeOf(text)).toISOString());
    case "bool":
    case "enumeration":
      return same(sql, (text) => text);
    default:
      return { sql: `fold(${sql})`, plain: (text) => text, folded: (text) => text.toLowerCase() };
  }
}

/** Whether a condition needs no more of a row than its id and times. */
export function readsTimesOnly(sql: string): boolean {
  return !sql.includes("properties") && !sql.includes("association");
}

function compileLinks(portal: Portal, type: ObjectType, filter: Filter): Condition {
  const to = portal.catalog.objectType(filter.propertyName.slice("associations.".length));
  if (to === undefined || to.custom || type.custom)
    throw validationError(`Property "${filter.propertyName}" does not exist`);
  const linked = `SELECT from_id FROM association WHERE from_type = '${type.typeId}' AND to_type = '${to.typeId}'`;
  const ids = filter.operator === "EQ" || filter.operator === "NEQ" ? [filterValue(filter)] : filter.values;
  const named: Condition = {
    // From the other end: the few records that are linked, not all that might be.
    sql: `id IN (SELECT to_id FROM association WHERE from_type = '${to.typeId}' AND to_type = '${type.typeId}' AND from_id IN (${ids.map(() => "?").join(", ")}))`,
    parameters: ids.map(Number),
  };
  switch (filter.operator) {
    case "EQ":
    case "IN":
      return named;
    case "NEQ":
    case "NOT_IN":
      return negate(named);
    case "HAS_PROPERTY":
      return { sql: `id IN (${linked})`, parameters: [] };
    case "NOT_HAS_PROPERTY":
      return { sql: `id NOT IN (${linked})`, parameters: [] };
    default:
      throw validationError(`Invalid operator for associations: ${filter.operator}`);
  }
}

function numeric(sql: string, read: (text: string) => number): Operand {
  return same(sql, (text) => {
    const value = read(text);
    if (Number.isNaN(value)) throw validationError(`${text} is not a valid value for this filter`);
    return value;
  });
}

function same(sql: string, read: (text: string) => string | number): Operand {
  return { sql, plain: read, folded: read };
}

// Records without a value are not equal to it.
function negate({ sql, parameters }: Condition): Condition {
  return { sql: `coalesce(NOT (${sql}), 1)`, parameters };
}

function join(conditions: readonly Condition[], word: string, none: string): Condition {
  return {
    sql: conditions.length === 0 ? none : `(${conditions.map(({ sql }) => sql).join(word)})`,
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}

function timeOf(text: string): number {
  const time = parseTime(text.trim());
  if (time === undefined) throw validationError(`${text} is not a valid time for this filter`);
  return time;
}

function filterValue({ propertyName, operator, value }: Filter): string {
  if (value === undefined) throw validationError(`the filter ${operator} on ${propertyName} needs a value`);
  return value;
}

function highValueOf({ propertyName, highValue }: Filter): string {
  if (highValue === undefined) throw validationError(`the filter BETWEEN on ${propertyName} needs a highValue`);
  return highValue;
}

function valuesOf({ propertyName, operator, values }: Filter): string[] {
  if (values.length === 0) throw validationError(`the filter ${operator} on ${propertyName} needs values`);
  return values;
}

function badValue(property: Property, text: string): never {
  throw validationError(`${text} is not a valid value for the ${property.type} property ${property.name}`);
}
