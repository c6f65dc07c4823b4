// Whether a record is what a filter asks for, judged on the record itself: the search index answers with what it was some
// seconds ago. In: a filter, and a record with the properties that it names. Out: yes, no, or undefined where only HubSpot
// can tell (tokens of words, the order of texts). What must hold: an answer is given only where it is certain.
// https://developers.hubspot.com/docs/api-reference/2026-03/crm/search-the-crm

import type { FieldSchema } from "../../core/model.ts";
import { foldText } from "../../values/fold.ts";
import { idColumn } from "./properties.ts";
import { type HubSpotRecord, normalTime } from "./records.ts";
import type { Filter, FilterGroups } from "./search.ts";

/** What a filter on associated records is named: `associations.company`. */
const associatedPrefix = "associations.";

interface JudgedRecord {
  record: HubSpotRecord;
  /** Ids of associated records by the object, where a filter names one. */
  associated?: ReadonlyMap<string, readonly string[]>;
}

/** Names of the properties that a filter looks at, and of the objects whose associated records it does. */
export function namesOf(groups: FilterGroups): { properties: string[]; objects: string[] } {
  const names = [...new Set(groups.flat().map(({ propertyName }) => propertyName))];
  return {
    properties: names.filter((name) => !name.startsWith(associatedPrefix)),
    objects: names.flatMap((name) => (name.startsWith(associatedPrefix) ? [name.slice(associatedPrefix.length)] : [])),
  };
}

/** All filters of one of the groups hold. */
export function matchesFilter(
  groups: FilterGroups,
  judged: JudgedRecord,
  fields: ReadonlyMap<string, FieldSchema>,
): boolean | undefined {
  const verdicts = groups.map((filters) => every(filters.map((filter) => matchesOne(filter, judged, fields))));
  if (verdicts.includes(true)) return true;
  return verdicts.includes(undefined) ? undefined : false;
}

function every(verdicts: readonly (boolean | undefined)[]): boolean | undefined {
  if (verdicts.includes(false)) return false;
  return verdicts.includes(undefined) ? undefined : true;
}

function matchesOne(
  filter: Filter,
  { record, associated }: JudgedRecord,
  fields: ReadonlyMap<string, FieldSchema>,
): boolean | undefined {
  const { propertyName } = filter;
  if (propertyName.startsWith(associatedPrefix)) {
    const ids = associated?.get(propertyName.slice(associatedPrefix.length));
    return ids === undefined ? undefined : matchesValues(filter, ids, (text) => text);
  }
  const schema = fields.get(propertyName);
  const value = propertyName === idColumn ? record.id : (record.properties[propertyName] ?? "");
  const several = schema?.vendorType === "multipicklist";
  const values = value === "" ? [] : several ? value.split(";") : [value];
  return matchesValues(filter, values, readingOf(schema), schema);
}

type Comparable = string | number | undefined;

/** How two texts of a property are compared: options by their letters, other texts without case. */
function readingOf(schema: FieldSchema | undefined): (text: string) => Comparable {
  switch (schema?.kind) {
    case "number":
    case "integer":
      return (text) => asNumber(text);
    case "date":
    case "datetime":
      return (text) => asTime(text);
    case "boolean":
      return (text) => text;
    default:
      return schema?.picklist === undefined ? foldText : (text) => text;
  }
}

function asNumber(text: string): number | undefined {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? undefined : number;
}

/** Epoch milliseconds, or ISO 8601. */
function asTime(text: string): number | undefined {
  const time = /^-?\d+$/.test(text) ? Number(text) : Date.parse(normalTime(text));
  return Number.isNaN(time) ? undefined : time;
}

function matchesValues(
  { operator, value, values, highValue }: Filter,
  held: readonly string[],
  read: (text: string) => Comparable,
  schema?: FieldSchema,
): boolean | undefined {
  const isOneOf = (wanted: readonly unknown[] | undefined): boolean | undefined => {
    if (wanted === undefined) return undefined;
    const [ours, theirs] = [held.map(read), wanted.map((text) => read(String(text)))];
    if (ours.includes(undefined) || theirs.includes(undefined)) return undefined;
    return ours.some((one) => theirs.includes(one));
  };
  const single = value === undefined ? undefined : [value];
  switch (operator) {
    case "EQ":
      return isOneOf(single);
    case "NEQ":
      return negate(isOneOf(single));
    case "IN":
      return isOneOf(values);
    case "NOT_IN":
      return negate(isOneOf(values));
    case "HAS_PROPERTY":
      return held.length > 0;
    case "NOT_HAS_PROPERTY":
      return held.length === 0;
    case "LT":
    case "LTE":
    case "GT":
    case "GTE":
    case "BETWEEN":
      return isOrdered(schema) ? isWithinRange(operator, held[0], { value, highValue }, read) : undefined;
    default:
      return undefined;
  }
}

/** In which order HubSpot puts texts is not documented. */
function isOrdered(schema: FieldSchema | undefined): boolean {
  return schema !== undefined && ["number", "integer", "date", "datetime"].includes(schema.kind);
}

function isWithinRange(
  operator: string,
  held: string | undefined,
  { value, highValue }: { value: string | undefined; highValue: string | undefined },
  read: (text: string) => Comparable,
): boolean | undefined {
  if (held === undefined) return false;
  const ours = read(held);
  const low = value === undefined ? undefined : read(String(value));
  if (typeof ours !== "number" || typeof low !== "number") return undefined;
  if (operator === "LT") return ours < low;
  if (operator === "LTE") return ours <= low;
  if (operator === "GT") return ours > low;
  if (operator === "GTE") return ours >= low;
  const high = highValue === undefined ? undefined : read(String(highValue));
  return typeof high === "number" ? ours >= low && ours <= high : undefined;
}

/** A record without a value is not equal to any. */
function negate(verdict: boolean | undefined): boolean | undefined {
  return verdict === undefined ? undefined : !verdict;
}
