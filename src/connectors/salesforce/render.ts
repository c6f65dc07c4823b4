// How Salesforce stores a value, as SQL: what is sent and what is compared is the same text, so that a value which
// Salesforce gives back in another form (1.0E7, 2020-01-01T00:00:00.000+0000, trimmed text) is no false change.
// https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/datafiles_prepare_csv.htm

import type { RenderedField } from "../../contract/values.ts";
import { renderedName } from "../../core/columns.ts";
import type { FieldSchema, Picklist } from "../../core/model.ts";
import { carriageReturn, lineFeed, literal } from "../../core/sql.ts";
import { storeAddress } from "../../values/address.ts";
import { storeBoolean } from "../../values/boolean.ts";
import { findChoice, joinChoices, ownNames } from "../../values/choices.ts";
import { storeDay } from "../../values/day.ts";
import { type DayRange, storeInstant } from "../../values/instant.ts";
import {
  decimalOf,
  decimalsComputed,
  fillDecimals,
  type NumberLimits,
  numberText,
  storeNumber,
} from "../../values/number.ts";
import { explainSalesforceId, storeSalesforceId } from "../../values/record-id.ts";
import { writtenText } from "../../values/text.ts";
import { storeTime, timeOf } from "../../values/time.ts";
import { isBlank, isPlain, trimmed } from "../../values/trim.ts";
import { bind, type MappedValue, quoted, type Reading, textOf } from "../../values/value.ts";
import { invalidUnless, renderAs } from "../kit/render-as.ts";
import { isWhole } from "./readable.ts";

/** In a cell of a bulk file this text empties the field. */
export const clearCell = "#N/A";

/** `value` is a column, so it may stand several times in the result. */
export function renderField(field: FieldSchema, value: string, type: string, reading: Reading): RenderedField {
  if (field.written !== undefined) return renderRecordType(field, value, [...field.written.ids.keys()]);
  const mapped: MappedValue = { column: value, type };
  switch (field.kind) {
    case "number":
    case "integer":
      return renderNumber(field, mapped, reading);
    case "boolean":
      return renderAs(field, mapped, storeBoolean(mapped), "BOOLEAN");
    case "date":
      return renderAs(field, mapped, storeDay(mapped, days, reading), "DATE");
    case "datetime":
      return renderAs(field, mapped, storeInstant(mapped, days, reading), "TIMESTAMP WITH TIME ZONE");
    case "time":
      return { ...renderAs(field, mapped, storeTime(mapped), "TIME"), typed: timeOf(rendered(field)) };
    case "id":
    case "reference":
      return renderId(field, value);
    default:
      return { ...renderText(field), value: storedAs(field, value, type) };
  }
}

function storedAs(field: FieldSchema, value: string, type: string): string {
  const text = writtenText(value, type);
  if (field.vendorType === "email") return storeAddress(text);
  if (field.picklist !== undefined) return storedChoice(field, field.picklist, text);
  return field.isKey || field.externalId || field.name.includes(".") ? storedKey(text) : storedText(text);
}

/**
 * Picklists don't tell case: a value becomes the one that the picklist has. Several choices are a set.
 * https://help.salesforce.com/apex/HTViewSolution?id=000187910&language=en_US
 */
function storedChoice({ vendorType }: FieldSchema, { values, inactive = [] }: Picklist, text: string): string {
  const known = [...values, ...inactive];
  const isKnown = known.length === 0 ? "false" : `${text} IN (${known.map(literal).join(", ")})`;
  const one = bind(
    "choice",
    trimmed(text),
    (choice) => `coalesce(${findChoice([ownNames(known)], choice)}, nullif(${choice}, ''))`,
  );
  const found = vendorType === "multipicklist" ? joinChoices(text, known) : one;
  return `CASE WHEN ${isKnown} THEN ${text} ELSE ${found} END`;
}

/** https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_dateformats.htm */
const days: DayRange = {
  first: "1700-01-01",
  last: "4000-12-31",
  lastInstant: "4000-12-31T00:00:00Z",
  holder: "Salesforce",
};

/**
 * Salesforce keeps the decimals that it is sent, whatever the scale of the field, which is for the screen; a number
 * without decimals is taken at its word. What it keeps is a double.
 * https://help.salesforce.com/s/articleView?id=000387302
 */
function renderNumber(field: FieldSchema, mapped: MappedValue, { round }: Reading): RenderedField {
  const { scale = 0 } = field;
  const whole = isWhole(field);
  const room: NumberLimits = { wholeMax: 18 - scale, decimalsShown: scale, holder: "Salesforce" };
  const limits: NumberLimits = {
    ...room,
    ...(whole || round !== undefined ? { decimalsMax: scale } : {}),
    ...(field.kind === "integer" ? integerRoom(field) : { nearest: "DOUBLE" }),
  };
  const text = textOf(mapped);
  return {
    ...renderAs(field, mapped, storeNumber(mapped, limits, round), "DECIMAL(18, 0)"),
    ...(whole ? {} : { typed: decimalOf(rendered(field), Math.max(scale, decimalsComputed)) }),
    // What the org holds is compared as it is, also where loadline would not write it.
    stored: `coalesce(${numberText(text, scale)}, nullif(${trimmed(text)}, ''))`,
    // A double is written with one digit after the point at least.
    usual: fillDecimals(text, scale),
  };
}

function integerRoom({ vendorType }: FieldSchema): Partial<NumberLimits> {
  return vendorType === "long"
    ? { wholeMax: 19, range: ["-9223372036854775808", "9223372036854775807"] }
    : { wholeMax: 10, range: ["-2147483648", "2147483647"] };
}

/** Leading and trailing white space is not stored; CRLF would break the declared line ending of the file. */
function renderText(field: FieldSchema): Omit<RenderedField, "value"> {
  const message = literal(`is the text ${clearCell}, which empties a ${field.vendorType} field in Salesforce`);
  return {
    invalid: { condition: `${rendered(field)} = '${clearCell}'`, message },
    typed: rendered(field),
  };
}

/** A key is found, and told from others, by what can be seen of it. */
function storedKey(text: string): string {
  const changed = bind("key", trimmed(text), storedText);
  return `CASE WHEN ${isPlain(text)} AND NOT contains(${text}, ${carriageReturn}) THEN ${text} ELSE ${changed} END`;
}

/**
 * Blanks at the ends are not stored, but no-break ones are.
 * https://www.salesforcedan.com/sobject-empty-strings-and-trailing-whitespace/
 * Few texts need a change, and seeing that is nine times as fast as changing them (measured: trim with a set).
 */
function storedText(text: string): string {
  const lines = `replace(replace(${text}, E'\\r\\n', ${lineFeed}), ${carriageReturn}, ${lineFeed})`;
  const changed = `nullif(trim(${lines}, E' \\t\\n'), '')`;
  const startsBlank = `${text} < '!'`;
  const endsBlank = `suffix(${text}, ' ') OR suffix(${text}, E'\\t') OR suffix(${text}, ${lineFeed})`;
  return `CASE WHEN ${startsBlank} OR ${endsBlank} OR contains(${text}, ${carriageReturn}) THEN ${changed} ELSE ${text} END`;
}

function rendered(field: FieldSchema): string {
  return renderedName(field.name);
}

/** API names are told apart without case: the value is as describe has it. */
function renderRecordType(field: FieldSchema, value: string, names: readonly string[]): RenderedField {
  const text = trimmed(`CAST(${value} AS VARCHAR)`);
  const known = names.map((name) => `${literal(name.toLowerCase())}: ${literal(name)}`);
  const of = field.referenceTo.join();
  const listed = names.length === 0 ? `${of} has none for this user` : `of ${of}: ${names.join(", ")}`;
  return {
    value: names.length === 0 ? "CAST(NULL AS VARCHAR)" : `MAP {${known.join(", ")}}[lower(${text})]`,
    stored: `nullif(${text}, '')`,
    invalid: invalidUnless(field, value, `a record type (${listed})`),
    typed: rendered(field),
  };
}

/** What Salesforce itself gives is not looked at again. */
function renderId(field: FieldSchema, value: string): RenderedField {
  const text = trimmed(`CAST(${value} AS VARCHAR)`);
  const owner = field.kind === "id" ? "a record of this object" : `a record of ${field.referenceTo.join(" or ")}`;
  const instead =
    field.name === "RecordTypeId" ? "; to give the record type's name, map RecordType.DeveloperName instead" : "";
  return {
    value: storeSalesforceId(`CAST(${value} AS VARCHAR)`, text, field.idPrefixes),
    stored: `nullif(${text}, '')`,
    invalid: {
      condition: `${rendered(field)} IS NULL AND NOT (${isBlank(`CAST(${value} AS VARCHAR)`)})`,
      message: `${quoted(text)} || ' ' || ${bind("id", text, (id) => explainSalesforceId(id, owner, field.idPrefixes))} || ${literal(instead)}`,
    },
    typed: rendered(field),
  };
}
