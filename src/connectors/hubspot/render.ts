// How HubSpot stores a value, as SQL: what is sent and what is compared is the same text.
// https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide

import type { RenderedField } from "../../contract/values.ts";
import { renderedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { storeBoolean } from "../../values/boolean.ts";
import { storeDay } from "../../values/day.ts";
import { type DayRange, storeInstant } from "../../values/instant.ts";
import { decimalOf, type NumberLimits, storeNumber } from "../../values/number.ts";
import { hubspotId } from "../../values/record-id.ts";
import { isBlank, trimmed } from "../../values/trim.ts";
import { bind, type MappedValue, type Reading, type StoredValue, textOf } from "../../values/value.ts";
import { idColumn } from "./properties.ts";

/** Stands in a batch file where a property is emptied: HubSpot is sent an empty text. */
export const clearCell = "␀";

/** `value` is a column, so it may stand several times in the result. */
export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  if (field.picklist !== undefined) return renderOptions(field, field.picklist, value);
  if (field.kind === "id" || field.name.endsWith(`.${idColumn}`)) return renderId(field, value);
  const mapped: MappedValue = { column: value, type };
  switch (field.kind) {
    case "number": {
      // With a scale of its own: what HubSpot has room for.
      const number = storeNumber(mapped, numbers, reading.round);
      return { ...renderAs(field, mapped, number, "VARCHAR"), typed: decimalOf(rendered(field)) };
    }
    case "boolean":
      return renderAs(field, mapped, storeBoolean(mapped), "BOOLEAN");
    case "date":
      return renderAs(field, mapped, storeDay(mapped, days, reading, dayOfMilliseconds), "DATE");
    case "datetime": {
      const instant = storeInstant(mapped, days, reading, instantOfMilliseconds);
      return renderAs(field, mapped, instant, "TIMESTAMP WITH TIME ZONE");
    }
    default:
      return renderText(field, value);
  }
}

/** As HubSpot gives them back: no exponent, no zeros at the end. They are kept as decimals and not as doubles. */
const numbers: NumberLimits = { wholeMax: 26, decimalsMax: 12, decimalsShown: 0, holder: "HubSpot" };

/** Years of four digits, which is what ISO 8601 has: HubSpot states no limits. */
const days: DayRange = { first: "0001-01-01", last: "9999-12-31", holder: "HubSpot" };

function renderAs(field: FieldSchema, mapped: MappedValue, value: StoredValue, typed: string): RenderedField {
  const { stored, complaint, rounded } = value;
  return {
    value: stored,
    stored: orAsItIs(stored, mapped.column),
    invalid: {
      condition: `${rendered(field)} IS NULL AND NOT (${isBlank(textOf(mapped))})`,
      message: `'"' || left(${textOf(mapped)}, 80) || '" ' || ${complaint}`,
    },
    typed: `CAST(${rendered(field)} AS ${typed})`,
    ...(rounded === undefined ? {} : { rounded }),
  };
}

/** HubSpot answers with a date, or with the milliseconds of its midnight in UTC. */
function dayOfMilliseconds(value: string): string {
  return bind(
    "ms",
    value,
    (ms) => `CASE WHEN ${isMilliseconds(ms)} AND TRY_CAST(${ms} AS BIGINT) % 86400000 = 0
    THEN CAST(CAST(epoch_ms(CAST(${ms} AS BIGINT)) AS DATE) AS VARCHAR) END`,
  );
}

function instantOfMilliseconds(value: string): string {
  return bind(
    "ms",
    value,
    (ms) => `CASE WHEN ${isMilliseconds(ms)}
    THEN strftime(epoch_ms(CAST(${ms} AS BIGINT)), '%Y-%m-%dT%H:%M:%S.%gZ') END`,
  );
}

/** Since 1970; 10 digits are seconds, which HubSpot refuses. */
function isMilliseconds(text: string): string {
  return `regexp_full_match(${text}, '-?[0-9]{12,14}')`;
}

function rendered(field: FieldSchema): string {
  return renderedName(field.name);
}

function text(value: string): string {
  return `CAST(${value} AS VARCHAR)`;
}

function invalidUnless(field: FieldSchema, value: string, what: string): NonNullable<RenderedField["invalid"]> {
  return {
    condition: `${rendered(field)} IS NULL AND coalesce(trim(${text(value)}), '') <> ''`,
    message: `'"' || left(${text(value)}, 80) || '" is not ' || ${literal(what)}`,
  };
}

/** What the property holds, also where loadline would not write it: what is there must neither be missed nor lost. */
function orAsItIs(known: string, value: string): string {
  return `coalesce(${known}, nullif(${trimmed(text(value))}, ''))`;
}

const blanks = "' ' || chr(9) || chr(10) || chr(13)";

/** An empty text and no value are one. HubSpot stores addresses in lower case, and finds keys without their blanks. */
function renderText(field: FieldSchema, value: string): RenderedField {
  const isParent = field.name.includes(".");
  const isEmail = field.name === "email" || field.name.endsWith(".email");
  const trimmed = `trim(${text(value)}, ${blanks})`;
  const stored = isEmail ? `lower(${trimmed})` : field.externalId || isParent ? trimmed : text(value);
  const message = literal(`is the text ${clearCell}, which stands for an emptied property`);
  return {
    value: `nullif(${stored}, '')`,
    invalid: { condition: `${rendered(field)} = ${literal(clearCell)}`, message },
    typed: rendered(field),
  };
}

/** HubSpot refuses a whole call for an id that is no number. */
function renderId(field: FieldSchema, value: string): RenderedField {
  return {
    value: hubspotId(`trim(${text(value)})`),
    stored: `nullif(trim(${text(value)}), '')`,
    invalid: invalidUnless(field, value, "the id of a record (a number)"),
    typed: rendered(field),
  };
}

/** Options by value or label, whatever their case; of several, in one order, since HubSpot keeps none. */
function renderOptions(
  field: FieldSchema,
  { values, labels }: NonNullable<FieldSchema["picklist"]>,
  value: string,
): RenderedField {
  const find = (sql: string) => findOption(values, labels ?? new Map(), `trim(${sql})`);
  const invalid = invalidUnless(field, value, describeOptions(field, nameOptions(values, labels ?? new Map())));
  if (field.vendorType !== "multipicklist") {
    const known = find(text(value));
    return { value: known, stored: orAsItIs(known, value), invalid, typed: rendered(field) };
  }
  const parts = `list_filter(string_split(${text(value)}, ';'), lambda part: trim(part) <> '')`;
  const found = `list_transform(${parts}, lambda part: ${find("part")})`;
  const join = (list: string) => `nullif(array_to_string(list_sort(list_distinct(${list})), ';'), '')`;
  const stored = `CASE WHEN len(list_filter(${found}, lambda part: part IS NULL)) = 0 THEN ${join(found)} END`;
  const asItIs = join(`list_transform(${parts}, lambda part: coalesce(${find("part")}, trim(part)))`);
  return { value: stored, stored: asItIs, invalid, typed: rendered(field) };
}

/** A value counts before a label. Where only case tells two options apart they are named as they are written. */
function findOption(values: readonly string[], labels: ReadonlyMap<string, string>, sql: string): string {
  const byLabel = [...labels].map(([label, of]) => [label.trim(), of] as const);
  const byValue = values.map((known) => [known, known] as const);
  const exact = new Map([...byLabel, ...byValue]);
  const folded = new Map([...foldNames(byLabel), ...foldNames(byValue)]);
  const byFolded = `${mapOf(folded)}[lower(${sql})]`;
  // Not every letter has the same small one here and in the engine.
  const isPlain = [...exact].every(
    ([name, of]) => folded.get(name.toLowerCase()) === of && name.toLowerCase().length === name.length,
  );
  return isPlain ? byFolded : `coalesce(${mapOf(exact)}[${sql}], ${byFolded})`;
}

/** By their names in small letters; undefined for a name that several have. */
function foldNames(names: readonly (readonly [string, string])[]): Map<string, string | undefined> {
  const folded = new Map<string, string | undefined>();
  for (const [name, of] of names) {
    const key = name.toLowerCase();
    folded.set(key, folded.has(key) && folded.get(key) !== of ? undefined : of);
  }
  return folded;
}

function mapOf(names: Iterable<readonly [string, string | undefined]>): string {
  const known = [...names].flatMap(([name, of]) => (of === undefined ? [] : [`${literal(name)}: ${literal(of)}`]));
  return `MAP {${known.join(", ")}}`;
}

/** What a person may call the options: their labels, and the values of those whose label another one has too. */
function nameOptions(values: readonly string[], labels: ReadonlyMap<string, string>): string[] {
  const labelled = new Set(labels.values());
  return [...labels.keys(), ...values.filter((value) => !labelled.has(value))];
}

const optionsShownMax = 12;

function describeOptions({ name, vendorType }: FieldSchema, options: readonly string[]): string {
  if (vendorType === "owner") return "the address or id of an owner";
  const shown = options.slice(0, optionsShownMax).join(", ");
  const rest = options.length > optionsShownMax ? `, … ${options.length} in all` : "";
  return `${vendorType === "multipicklist" ? "among the options" : "an option"} of ${name} (${shown}${rest})`;
}
