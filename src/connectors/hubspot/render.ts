// How HubSpot stores a value, as SQL: what is sent and what is compared is the same text.
// https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide

import type { RenderedField } from "../../contract/values.ts";
import { renderedName } from "../../core/columns.ts";
import type { FieldSchema, Picklist } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import { storeAddress } from "../../values/address.ts";
import { storeBoolean } from "../../values/boolean.ts";
import { findChoice, findChoices, ownNames, splitChoices } from "../../values/choices.ts";
import { storeDay } from "../../values/day.ts";
import { type DayRange, storeInstant } from "../../values/instant.ts";
import { decimalOf, type NumberLimits, storeNumber } from "../../values/number.ts";
import { hubspotId } from "../../values/record-id.ts";
import { writtenText } from "../../values/text.ts";
import { trimmed } from "../../values/trim.ts";
import { bind, type MappedValue, type Reading, type StoredValue, textOf } from "../../values/value.ts";
import { invalidUnless, renderAs } from "../kit/render-as.ts";
import { idColumn } from "./properties.ts";

/** Stands in a batch file where a property is emptied: HubSpot is sent an empty text. */
export const clearCell = "␀";

/** `value` is a column, so it may stand several times in the result. */
export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  const text = writtenText(value, type);
  if (field.picklist !== undefined) return renderOptions(field, field.picklist, text);
  if (field.kind === "id" || field.name.endsWith(`.${idColumn}`)) return renderId(field, text);
  const mapped: MappedValue = { column: value, type };
  switch (field.kind) {
    case "number": {
      // With a scale of its own: what HubSpot has room for.
      const number = storeNumber(mapped, numbers, reading.round);
      return { ...renderReadable(field, mapped, number, "VARCHAR"), typed: decimalOf(rendered(field)) };
    }
    case "boolean":
      return renderReadable(field, mapped, storeBoolean(mapped), "BOOLEAN");
    case "date":
      return renderReadable(field, mapped, storeDay(mapped, days, reading, dayOfMilliseconds), "DATE");
    case "datetime": {
      const instant = storeInstant(mapped, days, reading, instantOfMilliseconds);
      return renderReadable(field, mapped, instant, "TIMESTAMP WITH TIME ZONE");
    }
    default:
      return renderText(field, text);
  }
}

/** As HubSpot gives them back: no exponent, no zeros at the end. They are kept as decimals and not as doubles. */
const numbers: NumberLimits = { wholeMax: 26, decimalsMax: 12, decimalsShown: 0, holder: "HubSpot" };

/** Years of four digits, which is what ISO 8601 has: HubSpot states no limits. */
const days: DayRange = {
  first: "0001-01-01",
  last: "9999-12-31",
  lastInstant: "9999-12-31T23:59:59.999Z",
  holder: "HubSpot",
};

/** What a record holds already may be what could not be written to it. */
function renderReadable(field: FieldSchema, mapped: MappedValue, value: StoredValue, typed: string): RenderedField {
  return { ...renderAs(field, mapped, value, typed), stored: orAsItIs(value.stored, textOf(mapped)) };
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

/** What the property holds, also where loadline would not write it: what is there must neither be missed nor lost. */
function orAsItIs(known: string, text: string): string {
  return `coalesce(${known}, nullif(${trimmed(text)}, ''))`;
}

/** An empty text and no value are one. HubSpot stores addresses in lower case, and finds keys without their blanks. */
function renderText(field: FieldSchema, text: string): RenderedField {
  const isParent = field.name.includes(".");
  const isEmail = field.name === "email" || field.name.endsWith(".email");
  const isKey = field.isKey || field.externalId || isParent;
  const stored = isEmail ? storeAddress(text) : isKey ? trimmed(text) : text;
  const message = literal(`is the text ${clearCell}, which stands for an emptied property`);
  return {
    value: `nullif(${stored}, '')`,
    invalid: { condition: `${rendered(field)} = ${literal(clearCell)}`, message },
    typed: rendered(field),
  };
}

/** HubSpot refuses a whole call for an id that is no number. */
function renderId(field: FieldSchema, text: string): RenderedField {
  return {
    value: bind("id", trimmed(text), hubspotId),
    stored: `nullif(${trimmed(text)}, '')`,
    invalid: invalidUnless(field, text, "the id of a record (a number)"),
    typed: rendered(field),
  };
}

/** Options by value or label, whatever their case; of several, in one order, since HubSpot keeps none. */
function renderOptions(field: FieldSchema, { values, labels = new Map() }: Picklist, text: string): RenderedField {
  // A value counts before a label.
  const names = [[...labels], ownNames(values)];
  const invalid = invalidUnless(field, text, describeOptions(field, nameOptions(values, labels)));
  if (field.vendorType !== "multipicklist") {
    const known = bind("text", trimmed(text), (one) => findChoice(names, one));
    return { value: known, stored: orAsItIs(known, text), invalid, typed: rendered(field) };
  }
  const found = findChoices(names, text);
  const join = (list: string) => `nullif(array_to_string(list_sort(list_distinct(${list})), ';'), '')`;
  const stored = bind(
    "chosen",
    found,
    (chosen) =>
      `CASE WHEN NOT list_contains(list_transform(${chosen}, lambda part: part IS NULL), true) THEN ${join(chosen)} END`,
  );
  const asItIs = join(
    `list_transform(${splitChoices(text)}, lambda part: coalesce(${findChoice(names, "part")}, part))`,
  );
  const isNone = `len(${splitChoices(text)}) = 0`;
  return {
    value: stored,
    stored: asItIs,
    invalid: { ...invalid, condition: `${invalid.condition} AND NOT ${isNone}` },
    typed: rendered(field),
  };
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
